/**
 * The one order in which vantages are looked at, whatever order they were given
 * in: somebody must come first wherever two fit equally well, and who does must
 * not depend on the command line.
 * The trap: names come before times, for a clock may be off by hours; and what
 * holds nothing comes last, so that it moves no other.
 */
import type { NamedAnalysis, Settled } from './named-vantage.ts';

export interface Ordered {
  readonly named: NamedAnalysis;
  readonly settled: Settled;
}

/** By host and side, then by the names of files, then by what they hold. */
export function inOneOrder<T extends Ordered>(vantages: readonly T[]): T[] {
  const keys = new Map(vantages.map((v) => [v, keyOf(v)]));
  return [...vantages].sort((a, b) => compare(keys.get(a) as Key, keys.get(b) as Key));
}

type Key = readonly (string | number | bigint)[];

function keyOf({ named: { analysis, inputs }, settled: { vantage } }: Ordered): Key {
  const { frames } = analysis;
  const files = inputs.map(({ input }) => input.file).join('\0');
  return [
    frames === 0 ? 1 : 0,
    vantage.host,
    vantage.side ?? '',
    files,
    analysis.origin,
    frames,
    analysis.coveredUntil ?? 0,
  ];
}

function compare(a: Key, b: Key): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] as Key[number];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
