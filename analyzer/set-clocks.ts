/**
 * All captures on one clock: by the packets that they share, where those do not tell by the word of the collectors, and
 * no more exactly than their stamps are.
 * The trap: a word may be wrong. Where packets bound a clock they win, and a word outside of their bounds is a problem
 * that the report names.
 */
import type { Nanos } from '../packet/time.ts';
import { notesOf } from './capture/capture-gaps.ts';
import type { Correlation } from './correlate.ts';
import type { ReportProblem } from './report/report.ts';
import { type AlignedClock, alignClocks, type ClockLink } from './vantage/clock-align.ts';
import {
  type ClockContradiction,
  type ClockWords,
  contradicted,
  sameCollectors,
  untold,
  wordLinks,
} from './vantage/clock-words.ts';
import { sameHosts } from './vantage/same-host.ts';
import type { Station } from './vantage/stations.ts';
import type { VantageAnalysis } from './vantage-analysis.ts';

export interface Ties {
  readonly stations: readonly Station[];
  readonly reference: number;
  /** By packets. */
  readonly links: readonly ClockLink[];
}

/** `base`: ns since the epoch that all times count from. */
export function setClocks(
  analyses: readonly VantageAnalysis[],
  base: bigint,
  { stations, reference, links }: Ties,
): { clocks: AlignedClock[]; doubts: ClockContradiction[] } {
  const isEmpty = (i: number): boolean => analyses[i]?.origin === 0n;
  const words = analyses.map((a) => wordsOf(a, base));
  const said = wordLinks(words, base);
  const align = (all: readonly ClockLink[]): AlignedClock[] =>
    alignClocks(analyses.length, reference, all, [
      ...sameCollectors(words),
      ...sameHosts(stations, reference, all, isEmpty),
    ]);
  if (said.length === 0) return { clocks: blurred(align(links), analyses), doubts: [] };
  // What two captures of a node owe to having one clock is no word of packets.
  const shown = alignClocks(analyses.length, reference, links, sameCollectors(words));
  const clocks = align([...links, ...untold(said, shown)]);
  return { clocks: blurred(clocks, analyses), doubts: contradicted(said, shown) };
}

function wordsOf(analysis: VantageAnalysis, base: bigint): ClockWords {
  const { files, origin, coveredFrom, coveredUntil, fileNote } = analysis;
  const shift = Number(origin - base);
  const isTimed = origin !== 0n && coveredFrom !== null && coveredUntil !== null;
  return {
    exchanges: some(files.flatMap((f) => notesOf(f.reader, 'exchange').map(({ note }) => note))),
    clocks: some(files.flatMap((f) => notesOf(f.reader, 'clock').map(({ note }) => note))),
    covered: isTimed ? [coveredFrom + shift, coveredUntil + shift] : null,
    collector: isTimed ? (fileNote?.collector ?? null) : null,
  };
}

/** Spread over weeks they tell as much as all of them. */
const MOST_NOTES = 500;

/** Each once (every file repeats the newest), and of very many some. */
function some<N extends { readonly at: string }>(notes: readonly N[]): N[] {
  const once = [...new Map(notes.map((n) => [n.at, n])).values()];
  const step = Math.ceil(once.length / MOST_NOTES);
  return once.filter((_, i) => i % step === 0);
}

/**
 * So much later may a program stamp a packet than it came, where the kernel does not: a busy machine's wait for its turn
 * (tens of ms only where it is overloaded). Events of two captures that are nearer than that have no order.
 */
export const USERLAND_ERROR: Nanos = 10_000_000;

/** Times that a program took are off by as much as it may have waited. */
function blurred(clocks: readonly AlignedClock[], analyses: readonly VantageAnalysis[]): AlignedClock[] {
  return clocks.map((clock, i) => {
    if (analyses[i]?.fileNote?.stamps !== 'userland') return clock;
    const more = (error: number | null): number | null => (error === null ? null : error + USERLAND_ERROR);
    return {
      ...clock,
      fits: clock.fits.map((fit) => ({ ...fit, error: more(fit.error) })),
      errorAt: (t) => more(clock.errorAt(t)),
      errorByAnchor: (t) => more(clock.errorByAnchor(t)),
    };
  });
}

const SOURCE = { exchange: 'their exchanges with one server', hosts: 'both hosts' } as const;

/** Of one vantage. `idOf`: a vantage's first capture. */
export function clockProblems(
  { clockDoubts }: Pick<Correlation, 'clockDoubts'>,
  vantage: number,
  idOf: (vantage: number) => string,
): ReportProblem[] {
  const ms = (s: number): string => `${(s * 1000).toFixed(3)} ms`;
  return clockDoubts
    .filter(({ b }) => b === vantage)
    .map(({ a, b, by, said, shown, beyond }) => ({
      code: 'clock-contradicted',
      message: `By ${SOURCE[by]} this clock is ${ms(said)} ahead of that of ${idOf(a)}, by the packets that both hold ${ms(shown)}: ${ms(beyond)} more than either may be off. The packets are believed.`,
      at: { capture: idOf(b) },
    }));
}
