/**
 * Which stall of a flow every face shows where there is room for one.
 * The trap: the longest may have nothing to do with the flow's cause; one that has wins.
 */
import { type Flow, NOT_THE_FAILOVER, type Stall } from './report.ts';

/** The stall that the verdict speaks of: of its cause, else one a failover may explain, else any; the longest of them. */
export function worstStall(flow: Flow): Stall | null {
  if (flow.stalls.length === 0) return null;
  const ofCause = flow.stalls.filter(({ cause }) => cause !== null && cause === flow.cause);
  const ofFailover = flow.stalls.filter(({ cause }) => cause === null || !NOT_THE_FAILOVER.includes(cause));
  const stalls = [ofCause, ofFailover, flow.stalls].find((some) => some.length > 0) ?? [];
  return stalls.reduce<Stall | null>(
    (worst, stall) => (worst && worst.duration >= stall.duration ? worst : stall),
    null,
  );
}
