/**
 * The path was back and the connection still waited for its sender's timer:
 * each retry without an answer doubles the next wait (RFC 6298, 5.5).
 * The trap: an answered keepalive before the data fits this *and* a node that
 * picked the flow up without state, so then one end cannot decide.
 */

import { backoffOf } from '../backoff.ts';
import type { Case } from '../case.ts';
import { unlessAnswered, waiterEndedIt, waiterSpokeFirst } from '../gates.ts';
import { isRetryPending } from '../outcome.ts';
import { found, inferred, out, possible, type Rule } from '../rule.ts';
import { rungOfStall } from '../rung.ts';
import { rtoBackoffOnTheWay as byTheWay } from '../way/resumed.ts';
import { seconds } from '../words.ts';
import { mayBeLoss } from './loss.ts';
import { steeredLate } from './stale-path.ts';

/** Seconds: if the path came back at any moment of such a wait, the back-off was at least 0.5 s in nine cases of ten. */
const SURE_ENOUGH = 5;

export const rtoBackoff: Rule = {
  id: 'rto-backoff',
  meaning: "the connection waited for its sender's retransmission timer after the path was back",
  onTheWay: byTheWay,
  judge(c) {
    if (c.outcome === 'resumed' || c.outcome === 'cut-short')
      return c.outcome === 'resumed' ? resumed(c) : out('the peer had closed meanwhile');
    if (c.outcome === 'connect-delayed')
      return out('no data was outstanding: the connection was being opened');
    if (c.outcome === 'reset') return out('the connection was reset');
    if (c.outcome === 'gave-up') return out('the waiting end closed: no retry of the sender came first');
    if (c.outcome === 'not-connected') return out('the connection was never opened');
    if (c.main !== null && c.facts.answeredStuck) {
      return isRetryPending(c.main)
        ? possible(130)
        : out('a retry was due since the path is back, and none arrived');
    }
    const answered = unlessAnswered(c);
    if (answered !== null) return out('the answers to probes show nothing outstanding');
    return possible(c.facts.unansweredCount >= 2 ? 60 : 77);
  },
};

function resumed(c: Case) {
  if (c.main === null) return out('there was no stall');
  const { stall, trying } = c.main;
  if (stall.needless)
    return out('the answer was that to the first transmission: it did not wait for any repeat');
  const b = backoffOf(c);
  if (c.facts.passedBefore.length > 0 || waiterSpokeFirst(c) || waiterEndedIt(c))
    return b.most < 0.5 ? out('it went on within 0.5 s of the path') : possible(100);
  if (b.most < 0.5) return out(`it went on ${seconds(b.most * 1e9)} after the path, at the first try`);
  if (trying.length === 0) return possible(90);
  // It may have been the steering that took so long.
  if (steeredLate(c) !== null) return possible(95);
  // Without a rung, or after a short wait, the path may as well have come back just then.
  // The path is known to work shortly before it went on, and not since when.
  const back = c.main.path.back;
  if (back !== null && back.by !== 'own-data' && b.least < 0.5) return possible(100);
  // A sender whose tries are in the captures needs no rung to be believed.
  const onRung = b.seen || rungOfStall(c.main.stall, c.watch, c.near) !== null;
  if (b.least < 0.5 && (!(b.likelyLong && onRung) || mayBeLoss(c))) return possible(100);
  const sure = b.least >= 0.5 ? 'high' : b.most >= SURE_ENOUGH ? 'medium' : 'low';
  return found(sure, inferred(b.because, b.frames));
}
