/**
 * One capture given twice is one capture: counted again it would be another
 * place, at which everything was seen at the same moment.
 * The trap: of a copy and its original the one whose name says where it was
 * taken is the original; the other name tells nothing.
 */
import type { NamedAnalysis, Settled } from './named-vantage.ts';
import { placeOfHost } from './vantage/file-name.ts';
import { note } from './vantage-analysis.ts';

interface Copied {
  readonly named: NamedAnalysis;
  readonly settled: Settled;
}

/** The vantages, each once, with the files of its copies. */
export function joinCopies<T extends Copied>(vantages: readonly T[]): T[] {
  const groups = new Map<string | T, T[]>();
  for (const one of vantages) {
    const key = one.named.analysis.fingerprint ?? one;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const lead = group.reduce((a, b) => (surety(b) > surety(a) ? b : a));
    const copies = group.filter((one) => one !== lead).flatMap((one) => one.named.inputs);
    if (copies.length === 0) return lead;
    const [original] = lead.named.inputs;
    for (const { file } of copies) noteCopy(file, original?.input.file ?? '');
    return { ...lead, named: { ...lead.named, inputs: [...lead.named.inputs, ...copies] } };
  });
}

const surety = ({ settled: { isNamed, vantage } }: Copied): number =>
  isNamed ? (placeOfHost(vantage.host) === 'unknown' ? 1 : 2) : 0;

const noteCopy = (file: Parameters<typeof note>[0], original: string): void =>
  note(file, {
    code: 'capture-copied',
    kind: 'unsupported',
    message: `This file has the same frames as ${original}: they were counted once.`,
    at: {},
  });
