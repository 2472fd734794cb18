/**
 * Flows that share a fate: the same outcome for the same cause, or with the
 * same causes open. One group is one block of the text.
 */
import { type CauseId, type Flow, OUTCOME_ORDER, type Outcome, worstStall } from '../../analyzer/index.ts';

export interface FlowGroup {
  outcome: Outcome;
  /** For unaffected flows the cause of their worst stall. */
  cause: CauseId | null;
  flows: Flow[];
  /** The flow that stands for the group: the longest stall. */
  worst: Flow;
}

/** Worst outcome first, then the most flows. Unaffected flows count only where something else stalled them. */
export function groupFlows(flows: readonly Flow[]): FlowGroup[] {
  const groups = new Map<string, FlowGroup>();
  for (const flow of flows) {
    const cause = flow.outcome === 'unaffected' ? (worstStall(flow)?.cause ?? null) : flow.cause;
    if (flow.outcome === 'unaffected' && cause === null) continue;
    const key = [flow.outcome, cause ?? flow.candidates.join(' ')].join('|');
    const group = groups.get(key);
    if (!group) groups.set(key, { outcome: flow.outcome, cause, flows: [flow], worst: flow });
    else {
      group.flows.push(flow);
      if (stallLength(flow) > stallLength(group.worst)) group.worst = flow;
    }
  }
  return [...groups.values()].sort(
    (a, b) =>
      OUTCOME_ORDER.indexOf(a.outcome) - OUTCOME_ORDER.indexOf(b.outcome) ||
      b.flows.length - a.flows.length ||
      stallLength(b.worst) - stallLength(a.worst),
  );
}

const stallLength = (flow: Flow): number => worstStall(flow)?.duration ?? 0;
