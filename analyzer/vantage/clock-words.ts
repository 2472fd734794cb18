/**
 * What collectors say of their hosts' clocks, as bounds of one clock against another: exchanges of both with one server
 * (RFC 5905, 8), else that both hosts' kernels count themselves synchronised.
 * The trap: it is their word. Packets that crossed both ways know better; these count where no packets tell, and are
 * held against the packets where they do.
 */
import type { ClockNote, ExchangeNote } from '../../packet/file/collector-note.ts';
import type { Nanos } from '../../packet/time.ts';
import type { AlignedClock, ClockLink } from './clock-align.ts';
import type { ClockFit } from './clock-fit.ts';
import { MAX_SLOPE } from './strip.ts';

/** Of one capture; times of the notes are by its own clock. */
export interface ClockWords {
  readonly exchanges: readonly ExchangeNote[];
  readonly clocks: readonly ClockNote[];
  /** First and last moment that it covers, ns since the common base; null where it has none. */
  readonly covered: readonly [Nanos, Nanos] | null;
  /** Captures of one collector have one clock. */
  readonly collector: string | null;
}

/** How far two clocks drift apart that are both disciplined (RFC 5905, 7.2: PHI, 15 ppm each). */
const DISCIPLINED = 30e-6;

/** One clock against another at one moment. */
interface Sample {
  /** Of B's clock, ns since the common base. */
  readonly at: Nanos;
  /** ns, B minus A. */
  readonly offset: number;
  readonly error: number;
}

/** Of all pairs; the better word of each. `base`: ns since the epoch. */
export function wordLinks(words: readonly ClockWords[], base: bigint): ClockLink[] {
  return words.flatMap((a, i) =>
    words.flatMap((b, j): ClockLink[] => {
      const fit = j > i ? fitOf(a, b, base) : null;
      return fit === null ? [] : [{ a: i, b: j, fits: [fit] }];
    }),
  );
}

/** Groups of captures of which one process took the time. */
export function sameCollectors(words: readonly ClockWords[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [i, { collector }] of words.entries()) {
    if (collector !== null) groups.set(collector, [...(groups.get(collector) ?? []), i]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function fitOf(a: ClockWords, b: ClockWords, base: bigint): ClockFit | null {
  if (a.covered === null || b.covered === null) return null;
  const drift = isSynchronised(a) && isSynchronised(b) ? DISCIPLINED : MAX_SLOPE;
  const exchanged = samplesOf(a, b, base, drift);
  if (exchanged.length > 0) return lineOf(exchanged, drift, 'exchange');
  if (!isSynchronised(a) || !isSynchronised(b)) return null;
  const error = (worstOf(a) + worstOf(b)) * 1e9;
  return lineOf(
    b.covered.map((at) => ({ at, offset: 0, error })),
    0,
    'hosts',
  );
}

const isSynchronised = ({ clocks }: ClockWords): boolean =>
  clocks.length > 0 && clocks.every((c) => c.synchronised);

const worstOf = ({ clocks }: ClockWords): number =>
  clocks.reduce((worst, c) => Math.max(worst, c.maxError + Math.abs(c.offset)), 0);

/** Each of B's exchanges with the nearest of A's with the same peer. */
function samplesOf(a: ClockWords, b: ClockWords, base: bigint, drift: number): Sample[] {
  const time = ({ at }: ExchangeNote): Nanos => Number(BigInt(at) - base);
  return b.exchanges.flatMap((own): Sample[] => {
    const others = a.exchanges.filter(({ peer }) => peer === own.peer);
    // By the peer's clock: theirs may differ by hours.
    const peerTime = (e: ExchangeNote): Nanos => time(e) + e.offset * 1e9;
    const away = (e: ExchangeNote): number => Math.abs(peerTime(e) - peerTime(own));
    const [first, ...more] = others;
    if (first === undefined) return [];
    const near = more.reduce((p, q) => (away(q) < away(p) ? q : p), first);
    return [
      {
        at: time(own),
        offset: (near.offset - own.offset) * 1e9,
        error: (near.error + own.error) * 1e9 + drift * away(near),
      },
    ];
  });
}

/** One offset for all of them, with an error that covers each, and what the clocks may drift between two. */
function lineOf(samples: readonly Sample[], drift: number, by: 'exchange' | 'hosts'): ClockFit {
  const sorted = [...samples].sort((p, q) => p.at - q.at);
  const best = sorted.reduce((p, q) => (q.error < p.error ? q : p));
  const spacing = sorted.reduce((most, { at }, i) => Math.max(most, at - (sorted[i - 1]?.at ?? at)), 0);
  const error =
    sorted.reduce((worst, s) => Math.max(worst, Math.abs(s.offset - best.offset) + s.error), 0) +
    (drift * spacing) / 2;
  const [from, until] = [(sorted[0] as Sample).at, (sorted.at(-1) as Sample).at];
  return {
    from,
    until,
    firm: [from, until],
    at: from,
    offset: best.offset,
    skew: 0,
    error,
    endErrors: [error, error],
    skewError: drift,
    pairs: [0, 0],
    minRtt: null,
    by,
  };
}

export interface ClockContradiction {
  readonly a: number;
  readonly b: number;
  readonly by: 'exchange' | 'hosts';
  /** s, B minus A: by the collectors' word, and by packets; how much further they are apart than both may be off. */
  readonly said: number;
  readonly shown: number;
  readonly beyond: number;
}

/** Where packets bound both clocks, and the word of their hosts lies outside of that. */
export function contradicted(
  links: readonly ClockLink[],
  clocks: readonly AlignedClock[],
): ClockContradiction[] {
  return links.flatMap(({ a, b, fits: [fit] }): ClockContradiction[] => {
    const [x, y] = [clocks[a], clocks[b]];
    if (fit === undefined || x === undefined || y === undefined || !areTold(x, y, fit.at)) return [];
    const own = fit.at;
    const other = x.fromReference(y.toReference(own));
    const errors = (x.errorByAnchor(other) ?? 0) + (y.errorByAnchor(own) ?? 0) + (fit.error ?? 0);
    const beyond = Math.abs(own - other - fit.offset) - errors;
    const by = fit.by ?? 'hosts';
    return beyond <= 0
      ? []
      : [{ a, b, by, said: fit.offset / 1e9, shown: (own - other) / 1e9, beyond: beyond / 1e9 }];
  });
}

/** The links of pairs that packets say nothing sure of. `clocks`: as packets alone have them. */
export const untold = (links: readonly ClockLink[], clocks: readonly AlignedClock[]): ClockLink[] =>
  links.filter(({ a, b, fits: [fit] }) => {
    const [x, y] = [clocks[a], clocks[b]];
    return fit !== undefined && x !== undefined && y !== undefined && !areTold(x, y, fit.at);
  });

/** Packets tie both to one clock, and bound them. `t`: by Y's clock. */
const areTold = (x: AlignedClock, y: AlignedClock, t: Nanos): boolean =>
  x.anchor === y.anchor &&
  y.errorByAnchor(t) !== null &&
  x.errorByAnchor(x.fromReference(y.toReference(t))) !== null;
