/**
 * How each capture's clock runs against the reference's, as the report says it.
 */
import { toEpoch } from '../../packet/time.ts';
import type { JudgedIncident } from './build-report.ts';
import type { Clock } from './report.ts';

/** One entry for each capture and stretch of its clock; none for a lone vantage. */
export function clocksOf({ vantages, correlation }: JudgedIncident): Clock[] {
  if (vantages.length < 2) return [];
  const files = vantages[correlation.reference]?.captures ?? [];
  // A file without a time has no clock.
  const reference = (files.find((c) => c.firstTime !== null) ?? files[0])?.id;
  if (reference === undefined) return [];
  return correlation.vantages.flatMap(({ clock }, i) => {
    if (i === correlation.reference) return [];
    return (vantages[i]?.captures ?? []).flatMap(({ id }) =>
      clock.fits.map(
        (fit): Clock => ({
          capture: id,
          reference,
          offset: fit.offset / 1e9,
          skewPpm: fit.skew * 1e6,
          error: fit.error === null ? null : fit.error / 1e9,
          pairs: fit.pairs[0] + fit.pairs[1],
          at: toEpoch(correlation.base, fit.at).toString(),
          from: toEpoch(correlation.base, fit.firm[0]).toString(),
          until: toEpoch(correlation.base, fit.firm[1]).toString(),
          skewErrorPpm: fit.skewError * 1e6,
        }),
      ),
    );
  });
}
