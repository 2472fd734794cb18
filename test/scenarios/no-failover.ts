/**
 * Every way in which a report can speak of a failover: failovers, causes of
 * flows and of stalls, contributing causes. Empty for a control.
 */
import { NOT_THE_FAILOVER, type Report } from '../../analyzer/index.ts';

/** One line a sign. */
export function failoverSigns(report: Report): string[] {
  const innocent: readonly (string | null)[] = [null, ...NOT_THE_FAILOVER];
  const isGuilty = (cause: string | null): boolean => !innocent.includes(cause);
  return [
    ...report.failovers.map((f) => `failover at ${f.pathLost}`),
    ...report.causes.filter((c) => isGuilty(c.id)).map((c) => `cause ${c.id} in the summary`),
    ...report.flows.flatMap((flow) => [
      ...[flow.cause, ...flow.contributing].filter(isGuilty).map((cause) => `${flow.id}: ${cause}`),
      ...flow.stalls.filter((s) => isGuilty(s.cause)).map((s) => `a stall of ${flow.id}: ${s.cause}`),
    ]),
  ];
}
