/**
 * TCP keepalive ended the connection: probes at a steady interval without an
 * answer, then an RST by the prober (RFC 9293, 3.8.4; Linux tcp_keepalive_*).
 * It is the cause only where the path was still down when it ran out.
 */
import { Segment } from '../../tcp/segment.ts';
import type { Case } from '../case.ts';
import { closedWhilePathDown, MAY_BE_CLOSED, noClientView } from '../gates.ts';
import { found, observed, out, possible, type Rule } from '../rule.ts';
import { timerOnTheWay } from '../way/timer.ts';

/** One probe more than chance: macOS sends 8, Linux 9, libuv 10; configured ones at least 3. */
const PROBES = 3;
/** Probes are sent by one timer; captures add milliseconds. */
const STEADY = 0.15;

export const keepaliveExpired: Rule = {
  id: 'keepalive-expired',
  meaning: 'TCP keepalive gave the connection up before the path or the peer answered',
  onTheWay: (c) => (isKeepaliveDeath(c) ? timerOnTheWay(c) : null),
  judge(c) {
    // The client may have closed, and its segment been lost.
    if (c.facts.closing === null && noClientView(c) && MAY_BE_CLOSED.has(c.outcome)) return possible(68);
    if (!isKeepaliveDeath(c))
      return out('the connection was not closed by an RST after a series of unanswered keepalives');
    const down = c.main?.path.downAt ?? null;
    if (down === null || !closedWhilePathDown(c)) return possible(126);
    return found(
      'high',
      observed(
        'after that, the SYN of a new connection went unanswered: the path was still down',
        [down.frame],
        {
          from: 'other-flow',
          what: 'syn',
        },
      ),
    );
  },
};

/** A steady series of unanswered probes, then an RST of the same end about one interval later. */
export function isKeepaliveDeath(c: Case): boolean {
  const first = c.facts.unansweredProbes[0];
  const closing = c.facts.closing;
  // The last of a series had no more than its interval for an answer; it belongs to the series all the same.
  const probes = (c.main?.stall.probes ?? [])
    .filter((p) => first !== undefined && p.answer === null && p.event.time >= first.time)
    .map((p) => p.event)
    .filter((p) => p.sender === first?.sender && p.time < (closing?.time ?? 0));
  if (c.outcome !== 'gave-up' || closing === null || probes.length < PROBES) return false;
  if ((closing.bits & Segment.Rst) === 0 || closing.sender !== probes[0]?.sender) return false;
  const times = [...probes.map((p) => p.time), closing.time];
  const interval = (times[1] as number) - (times[0] as number);
  return times.every(
    (t, i) => i === 0 || Math.abs(t - (times[i - 1] as number) - interval) <= interval * STEADY,
  );
}
