/** What is done in a scenario and when, the default included, and whether it takes the path away. */
import type { LabAction, Moment, Scenario } from './scenario.ts';

export interface Step {
  readonly at: Moment;
  readonly do: LabAction;
}

/** After the traffic began; the transfers are under way by then. */
const DEFAULT_MS = 3000;

/**
 * Those that are written; else the failover: node B takes the adapters over, or, where an address moves or the path
 * never comes back, node A loses its power.
 */
export function stepsOf({ steps, control, gateway, restored }: Scenario): readonly Step[] {
  if (steps !== undefined) return steps;
  if (control) return [];
  const at = { of: 'begin' as const, after: DEFAULT_MS };
  return gateway.move === 'adapter' && restored
    ? [{ at, do: { takeOver: 'node-b' } }]
    : [{ at, do: { powerOff: 'node-a' } }];
}
