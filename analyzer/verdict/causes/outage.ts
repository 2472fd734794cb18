/**
 * The path was gone, and the connection went on at the first try: the back-off
 * added less than 0.5 s.
 */
import { backoffOf } from '../backoff.ts';
import { found, inferred, out, possible, type Rule } from '../rule.ts';
import { outageOnTheWay as byTheWay } from '../way/resumed.ts';
import { mayBeLoss } from './loss.ts';

export const outage: Rule = {
  id: 'outage',
  meaning: 'the outage alone explains the stall: the connection went on as soon as the path was back',
  onTheWay: byTheWay,
  judge(c) {
    if (c.outcome !== 'resumed' || c.main === null) return out('the connection did not simply go on');
    // It was held up, and not lost.
    if (c.main.stall.needless) return possible(95);
    const b = backoffOf(c);
    if (b.least >= 0.5) return out(b.because);
    if (c.facts.passedBefore.length > 0) return out('the path was back well before the data came');
    if (c.main.trying.length === 0) return possible(80);
    if (b.most < 0.5 && !mayBeLoss(c)) return found('medium', inferred(b.because, b.frames));
    return possible(95);
  },
};
