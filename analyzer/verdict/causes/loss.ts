/**
 * Plain loss of segments on the path. Judged stall by stall in `innocent.ts`:
 * a short stall in a flow that lost segments all along. One SYN that had to be repeated once says no more than that it was lost.
 */
import type { Case } from '../case.ts';
import { isLostAmongOthers, isOneLostSyn } from '../gates.ts';
import { lossChance } from '../loss-chance.ts';
import { out, possible, type Rule } from '../rule.ts';

/** One chance in a thousand is left open; with one in a hundred it is the likelier story than a path that was lost. */
const UNLIKELY = 0.001;
const LIKELY = 0.01;

/** Of the main stall; none beside a takeover. */
const chanceOf = ({ main, cross, watch }: Case): number =>
  main === null || (cross?.hops.takeover ?? null) !== null ? 0 : lossChance(main.stall, watch);

/** Where that is as good a story as a path that was gone, neither is found. */
export const mayBeLoss = (c: Case): boolean => chanceOf(c) >= LIKELY;

export const loss: Rule = {
  id: 'loss',
  meaning: 'the path lost segments, as it did before',
  judge(c) {
    if (c.outcome === 'connect-delayed' && (isOneLostSyn(c) || isLostAmongOthers(c))) return possible(80);
    const stall = c.main?.stall;
    const chance = chanceOf(c);
    if (chance >= UNLIKELY) return possible(chance >= LIKELY ? 120 : 70);
    const times = stall?.silence.lossBefore ?? 0;
    if (times === 0) return out('no segment had been lost before the stall');
    const lost = times === 1 ? '1 loss before the stall does' : `${times} losses before the stall do`;
    return out(`${lost} not explain one of this length`);
  },
};
