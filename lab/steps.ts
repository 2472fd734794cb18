/** What is done in a scenario and when, the default included, and whether it takes the path away. */
import type { LabAction, Moment, Scenario } from './scenario.ts';

export interface Step {
  readonly at: Moment;
  readonly do: LabAction;
}

/** Namespaces and daemons, before; captures and the diagnosis, after. */
const AROUND_MS = 4000;

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

/** ms that a run takes at most, on a machine with little else to do; it ends earlier where its clients do. */
export function longestRun(scenario: Scenario): number {
  const { outage, watch } = scenario;
  const steps = stepsOf(scenario);
  const takes = ({ do: action }: Step): number =>
    'takeOver' in action || 'release' in action || 'powerOff' in action ? outage : 0;
  const lost = Math.min(...steps.filter((step) => takes(step) > 0).map(({ at }) => at.after), DEFAULT_MS);
  const base = { begin: 0, lost, restored: lost + outage };
  const ends = steps.map((step) => base[step.at.of] + step.at.after + takes(step));
  return AROUND_MS + Math.max(0, ...ends) + watch;
}
