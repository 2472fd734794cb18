/**
 * A vantage with its place settled: by what the user or the file's name says,
 * else by its own traffic, or where there are others by all of them together.
 */
import type { Correlation } from './correlate.ts';
import { type NamedAnalysis, type Settled, settleVantage } from './named-vantage.ts';
import type { Vantage } from './report/report.ts';
import { guessPlace, type Place, type PlaceGuess } from './vantage/vantage.ts';

/** One vantage with its place settled. */
export interface Placed {
  readonly named: NamedAnalysis;
  readonly settled: Settled;
  readonly place: Place;
  readonly vantage: Vantage;
}

/** The last byte of a vantage is in: closes it, and says where it was taken as far as it tells by itself. */
export function settle(named: NamedAnalysis): { named: NamedAnalysis; guess: PlaceGuess; settled: Settled } {
  const { analysis } = named;
  analysis.finish();
  const guess = guessPlace(analysis.watches, analysis.cooked);
  return { named, guess, settled: settleVantage(named, guess) };
}

/** A lone capture is placed by its own traffic; of several, those that nobody named are placed together. */
export function nameFor(
  { place: where, vantage, isNamed }: Settled,
  vantages: number,
): { host: string; side?: 'in' | 'out'; place: Place } | null {
  if (vantages > 1 && !isNamed) return null;
  const side = vantage.side === undefined ? {} : { side: vantage.side };
  return { host: vantage.host, ...side, place: where };
}

export function place(
  named: NamedAnalysis,
  settled: Settled,
  correlation: Correlation,
  index: number,
): Placed {
  const station = correlation.stations[index];
  const isLone = correlation.stations.length === 1 || correlation.strangers.has(index);
  if (station === undefined || settled.isNamed || isLone) {
    return { named, settled, place: settled.place, vantage: settled.vantage };
  }
  const side = station.side === undefined ? {} : { side: station.side };
  const host = station.place === 'unknown' ? settled.vantage.host : station.host;
  const vantage: Vantage = { host, ...side, role: station.place, inferred: true };
  return { named, settled, place: station.place, vantage };
}
