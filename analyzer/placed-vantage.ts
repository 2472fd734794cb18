/**
 * A vantage with its place settled: by what the user or the file's name says,
 * else by its own traffic, or where there are others by all of them together.
 */
import { type Correlation, correlate } from './correlate.ts';
import { type NamedAnalysis, type Settled, settleVantage } from './named-vantage.ts';
import type { Vantage } from './report/report.ts';
import { guessPlace, type Place } from './vantage/vantage.ts';

/** One vantage, and where it was taken as far as it tells by itself. */
export interface SettledVantage {
  readonly named: NamedAnalysis;
  readonly settled: Settled;
  readonly guess: Place;
}

/** One vantage with its place settled. */
export interface Placed extends SettledVantage {
  readonly place: Place;
  readonly vantage: Vantage;
}

/** The last byte of a vantage is in: closes it, and says where it was taken as far as it tells by itself. */
export function settle(named: NamedAnalysis): SettledVantage {
  const { analysis } = named;
  analysis.finish();
  const guess = guessPlace(analysis.watches, analysis.cooked);
  return { named, guess: guess.place, settled: settleVantage(named, guess) };
}

/** A lone capture is placed by its own traffic; of several, those that nobody named are placed together. */
function nameFor(
  { place: where, vantage, isNamed }: Settled,
  vantages: number,
): { host: string; side?: 'in' | 'out'; place: Place } | null {
  if (vantages > 1 && !isNamed) return null;
  const side = vantage.side === undefined ? {} : { side: vantage.side };
  return { host: vantage.host, ...side, place: where };
}

function place({ named, settled, guess }: SettledVantage, correlation: Correlation, index: number): Placed {
  const station = correlation.stations[index];
  const isLone = correlation.stations.length === 1 || correlation.strangers.has(index);
  if (station === undefined || settled.isNamed || isLone) {
    return { named, settled, guess, place: settled.place, vantage: settled.vantage };
  }
  const side = station.side === undefined ? {} : { side: station.side };
  const host = station.place === 'unknown' ? settled.vantage.host : station.host;
  const vantage: Vantage = { host, ...side, role: station.place, inferred: true };
  return { named, settled, guess, place: station.place, vantage };
}

/** Vantages that are looked at together, each in its place. */
export function together(vantages: readonly SettledVantage[]): {
  placed: Placed[];
  correlation: Correlation;
} {
  const correlation = correlate(
    vantages.map(({ named, settled, guess }) => ({
      analysis: named.analysis,
      named: nameFor(settled, vantages.length),
      guess,
    })),
  );
  return { placed: vantages.map((v, i) => place(v, correlation, i)), correlation };
}

/** Capture ids by capture index; some of the captures may not be among these vantages. */
export function idsOf(placed: readonly Placed[]): string[] {
  const last = placed
    .flatMap((p) => p.named.inputs)
    .reduce((n, { file }) => Math.max(n, file.state.index), -1);
  return Array.from({ length: last + 1 }, (_, i) => `c${i + 1}`);
}
