/**
 * A hardware or fast path forwarded with counters that the other node never learnt.
 * No capture shows it; it is named only when everything better is gone.
 */
import { unlessAnswered, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { offloadBlindSpot as byTheWay } from '../way/population.ts';

export const offloadBlindSpot: Rule = {
  id: 'offload-blind-spot',
  meaning: 'an offloaded fast path kept state that was not copied',
  onTheWay: byTheWay,
  judge(c) {
    return unlessSilent(c) ?? unlessAnswered(c) ?? possible(12);
  },
};
