/**
 * Small packets pass, full ones do not: probes are answered for longer than any
 * retransmission could wait, the answers show bytes outstanding, and still no
 * data comes (RFC 2923, 2.1).
 */
import { noClientView, unlessWentOn } from '../gates.ts';
import { LARGE } from '../hops.ts';
import { isRetryPending, isRetryPendingSince } from '../outcome.ts';
import { found, inferred, out, possible, type Rule } from '../rule.ts';
import { pmtuBlackHole as byTheWay } from '../way/path.ts';
import { endName, seconds } from '../words.ts';

export const pmtuBlackHole: Rule = {
  id: 'pmtu-black-hole',
  meaning: 'full-size packets do not pass the new path, and nobody tells the sender',
  onTheWay: byTheWay,
  judge(c) {
    const wentOn = unlessWentOn(c);
    if (wentOn !== null) return wentOn;
    if (c.outcome === 'reset') return out('the connection was reset');
    const { stall } = c.main ?? {};
    if (stall === undefined) return out('nothing was outstanding');
    if (c.facts.answeredProbes.length === 0) {
      // The server's large segments are in vain, and small ones of the client still come.
      if (noClientView(c) && stall.events.some((e) => e.sender === c.flow.client && e.icmp < 0))
        return possible(118);
      // Only large segments were tried.
      if (c.facts.unanswered.length > 0 && c.facts.unanswered.every((e) => e.length >= LARGE))
        return possible(67);
      if (c.facts.unansweredCount > 0) return out('small segments of this end went unanswered as well');
      return possible(44);
    }
    if (!c.facts.answeredStuck) return out('the answers to probes show nothing outstanding');
    if (c.main === null || isRetryPending(c.main)) return possible(70);
    const who = endName(c.flow, stall.owedBy);
    const answers = c.facts.answeredProbes;
    const first = answers[0] as { time: number };
    // A try before the first answered probe may have met a node that did not know the connection yet.
    if (isRetryPendingSince(first.time, stall)) return possible(70);
    const span = stall.start + stall.duration - first.time;
    return found(
      // Stale windows at the node could drop the data as well, and let probes pass.
      'medium',
      inferred(
        `for ${seconds(span)} probes were answered and no data came, though the ${who} must have retransmitted in that time (its last wait was at most ${seconds(first.time - stall.start)}): small segments pass, full ones do not`,
        answers
          .slice(0, 1)
          .concat(answers.slice(-1))
          .map((a) => a.id),
      ),
    );
  },
};
