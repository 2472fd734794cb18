/**
 * Flows that share a fate: the same outcome for the same cause, or with the same causes open. One
 * group is one block of the text and one contributing factor of a postmortem.
 * The trap: flows may be more than fit into memory, so a group keeps its worst one and counts the rest.
 */
import { OUTCOME_ORDER } from './phrases.ts';
import { type CauseId, type Flow, NOT_THE_FAILOVER, type Outcome } from './report.ts';
import { worstStall } from './worst-stall.ts';

export interface FlowGroup {
  outcome: Outcome;
  /** For unaffected flows the cause of their worst stall. */
  cause: CauseId | null;
  /** How many. */
  count: number;
  /** The flow that stands for the group: the longest stall. */
  worst: Flow;
  /** Position of `worst` in the report's `flows`. */
  index: number;
  /** Of the worst stalls of its flows, added up; seconds. */
  stalled: number;
  /** The same of those flows whose stall is split into its parts. */
  parts: { flows: number; outage: number; backoff: number; recovery: number; outageWithin: number };
}

/** Takes flows one by one. */
export class FlowGroups {
  readonly #groups = new Map<string, FlowGroup>();

  /** Unaffected flows count only where something else stalled them. `index`: position in the report's `flows`. */
  add(flow: Flow, index: number): void {
    const cause = flow.outcome === 'unaffected' ? innocentCause(flow) : flow.cause;
    if (flow.outcome === 'unaffected' && cause === null) return;
    const key = [flow.outcome, cause ?? flow.candidates.join(' ')].join('|');
    const known = this.#groups.get(key);
    const group = known ?? newGroup(flow, index, cause);
    if (known === undefined) this.#groups.set(key, group);
    const stall = worstStall(flow);
    group.count += 1;
    group.stalled += stall?.duration ?? 0;
    if (stall !== null && stall.outage !== null && stall.backoff !== null && stall.recovery !== null) {
      group.parts.flows += 1;
      group.parts.outage += stall.outage;
      group.parts.backoff += stall.backoff;
      group.parts.recovery += stall.recovery;
      group.parts.outageWithin += stall.outageWithin ?? 0;
    }
    if (stallLength(flow) > stallLength(group.worst)) {
      group.worst = flow;
      group.index = index;
    }
  }

  /** Worst outcome first, then the most flows. */
  sorted(): FlowGroup[] {
    return [...this.#groups.values()].sort(
      (a, b) =>
        OUTCOME_ORDER.indexOf(a.outcome) - OUTCOME_ORDER.indexOf(b.outcome) ||
        b.count - a.count ||
        stallLength(b.worst) - stallLength(a.worst),
    );
  }
}

/** Of all flows of a report. */
export function groupFlows(flows: readonly Flow[]): FlowGroup[] {
  const groups = new FlowGroups();
  for (const [index, flow] of flows.entries()) groups.add(flow, index);
  return groups.sorted();
}

/** A flow that stands alone. */
export function groupOfOne(flow: Flow): FlowGroup {
  const cause = flow.outcome === 'unaffected' ? innocentCause(flow) : flow.cause;
  return { ...newGroup(flow, 0, cause), count: 1 };
}

const innocentCause = (flow: Flow): CauseId | null => worstStall(flow)?.cause ?? null;

const newGroup = (worst: Flow, index: number, cause: CauseId | null): FlowGroup => ({
  outcome: worst.outcome,
  cause,
  count: 0,
  worst,
  index,
  stalled: 0,
  parts: { flows: 0, outage: 0, backoff: 0, recovery: 0, outageWithin: 0 },
});

const stallLength = (flow: Flow): number => worstStall(flow)?.duration ?? 0;

/** A failover may explain it. */
export const isFailovers = (cause: CauseId | null): boolean =>
  cause === null || !NOT_THE_FAILOVER.includes(cause);
