/**
 * How long the path of one flow was gone, from when it stalled.
 * The trap: a flow's own going on shows that the path is back, and not since when.
 */
import { toSeconds } from '../../packet/time.ts';
import type { Case, Cross } from '../verdict/case.ts';

/** s from the stall's beginning until the path was back; null where that is not known. */
export function outageOf({ main, cross }: Case): number | null {
  if (main === null) return null;
  const { back } = main.path;
  const restored = cross?.hops.takeover?.restored ?? null;
  const at =
    back !== null && back.by !== 'own-data'
      ? back.time
      : restored === null
        ? null
        : (cross as Cross).fromReference(restored);
  const outage = at === null ? null : toSeconds(at - main.stall.start);
  return outage === null || outage <= 0 ? null : outage;
}
