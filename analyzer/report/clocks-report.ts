/**
 * How each capture's clock runs against the reference's, as the report says it.
 */
import { toEpoch } from '../../packet/time.ts';
import type { JudgedIncident } from './build-report.ts';
import type { Clock } from './report.ts';

/** One entry for each capture and stretch of its clock, and for one that nothing ties; none for a lone vantage. */
export function clocksOf({ vantages, correlation }: JudgedIncident): Clock[] {
  if (vantages.length < 2) return [];
  const idOf = (vantage: number): string | undefined => {
    const files = vantages[vantage]?.captures ?? [];
    // A file without a time has no clock.
    return (files.find((c) => c.firstTime !== null) ?? files[0])?.id;
  };
  return correlation.vantages.flatMap(({ clock: { fits, anchor } }, i) => {
    if (i === correlation.reference) return [];
    const isAlone = anchor === i;
    const reference = idOf(isAlone ? correlation.reference : anchor);
    if (reference === undefined) return [];
    return (vantages[i]?.captures ?? []).flatMap(({ id: capture, firstTime }): Clock[] => {
      if (firstTime === null) return [];
      if (isAlone) return [{ capture, reference, offset: 0, skewPpm: 0, error: null, pairs: 0 }];
      return fits.map((fit) => ({
        capture,
        reference,
        // Turned around, none would be -0.
        offset: fit.offset / 1e9 + 0,
        skewPpm: fit.skew * 1e6,
        error: fit.error === null ? null : fit.error / 1e9,
        pairs: fit.pairs[0] + fit.pairs[1],
        at: toEpoch(correlation.base, fit.at).toString(),
        from: toEpoch(correlation.base, fit.firm[0]).toString(),
        until: toEpoch(correlation.base, fit.firm[1]).toString(),
        skewErrorPpm: fit.skewError * 1e6,
        ...(fit.by !== undefined && { by: fit.by }),
      }));
    });
  });
}
