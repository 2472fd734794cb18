/**
 * The application had nothing to send. Shown by answers to probes without
 * anything outstanding, or by a sender whose IP identification went up by one;
 * otherwise it stays possible while an answer of unknown length is not closed.
 */
import { out, possible, type Rule } from '../rule.ts';
import { rungOfStall } from '../rung.ts';
import { applicationIdleOnTheWay } from '../way/resumed.ts';

export const applicationIdle: Rule = {
  id: 'application-idle',
  meaning: 'the application had nothing to send',
  onTheWay: applicationIdleOnTheWay,
  judge(c) {
    const stall = c.main?.stall;
    if (stall === undefined) return out('there was no stall');
    if (stall.what === 'handshake') return out('the connection was still being opened');
    if (stall.what === 'unacknowledged') return out('bytes had been sent and were not acknowledged');
    if (c.outcome === 'reset') return out('the connection was reset');
    if (c.facts.answeredStuck) return out('the answers to probes show bytes sent and not arrived');
    if (stall.missing !== null && stall.missing > 0) {
      return out(`the sender had sent ${stall.missing} packets that never arrived, by its IP identification`);
    }
    if (c.facts.unansweredCount > 0)
      return out('this end sent and got no answer: an idle peer would have answered');
    if (stall.ladder !== null) return out('a sender was retransmitting');
    if (c.outcome !== 'resumed') return possible(55);
    // No timer of a sender fires then: a pause is the likelier story.
    return possible(rungOfStall(stall, c.watch, c.near) === null ? 105 : 85);
  },
};
