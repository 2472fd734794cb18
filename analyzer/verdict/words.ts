/**
 * Numbers and ends as the sentences of a verdict name them. Units always.
 */
import { grouped } from '../../packet/grouped.ts';
import type { Nanos } from '../../packet/time.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { End } from '../report/report.ts';

export const endName = (flow: Flow, end: EndIndex): End => (end === flow.client ? 'client' : 'server');

/** `1,448 B`. */
export const bytes = (n: number): string => `${grouped(Math.round(n))} B`;

/** `0.13 ms`, `204 ms` below a second, else `13.37 s`. */
export function seconds(t: Nanos): string {
  const s = t / 1e9;
  if (Math.abs(s) < 0.01) return `${(s * 1000).toFixed(2)} ms`;
  return Math.abs(s) < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(2)} s`;
}

/** `1 probe`, `3 probes`. */
export const plural = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
