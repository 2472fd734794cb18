/** What a flow that still waits is waiting for, in the words of every face. */
import type { Stuck } from './report.ts';
import { formatNumber, formatUtc } from './units.ts';

/** Labels and texts, in the order in which they are read; without those of which nothing is known. */
export function describeStuck({ by, bytes, nextRetry, givesUp, waitUntil, why }: Stuck): [string, string][] {
  const tries = [
    nextRetry === null ? '' : `the ${by} tries next at ${formatUtc(nextRetry)}`,
    givesUp === null ? '' : `gives up at ${formatUtc(givesUp)} (Linux)`,
  ].filter((text) => text !== '');
  const all: [string, string][] = [
    ['stuck', bytes === null || bytes === 0 ? '' : `${formatNumber(bytes)} B of the ${by}`],
    ['next retry', tries.join(', ')],
    ['wait', waitUntil === null ? why : `until ${formatUtc(waitUntil)}: ${why}`],
  ];
  return all.filter(([, text]) => text !== '');
}
