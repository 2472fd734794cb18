/**
 * When each node carried traffic, in each direction: what left it toward the
 * clients and toward the servers. A node that only receives carries nothing.
 * The trap: pauses of a second are no change of tenure. Only another node that
 * takes over, or ends that try in vain, make one.
 */
import type { Nanos } from '../../packet/time.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { AlignedClock } from '../vantage/clock-align.ts';
import type { Station } from '../vantage/stations.ts';
import type { ArrivalGap, Arrivals, Toward } from './arrivals.ts';

/** Without a pause of a second. */
export interface Busy {
  readonly node: number;
  readonly toward: Toward;
  readonly vantage: number;
  readonly from: Nanos;
  readonly to: Nanos;
  readonly firstFrame: FrameId;
  readonly lastFrame: FrameId;
  /** By whose clock the times are; those of two anchors cannot be compared. */
  readonly anchor: number;
}

export interface TenureSource {
  readonly station: Station;
  readonly clock: AlignedClock;
  readonly shift: number;
  readonly arrivals: Arrivals;
  readonly departures: Arrivals;
  /** RSTs alone. */
  readonly resets: Arrivals;
}

/** What left each node, in the order of time. */
export const forwarding = (sources: readonly TenureSource[]): Busy[] =>
  collect(sources, (s, toward) => {
    if (s.station.side === undefined) return s.departures;
    return (s.station.side === 'in') === (toward === 'client') ? s.arrivals : null;
  });

/** RSTs that left each node: passed on, or its own. */
export const refusing = (sources: readonly TenureSource[]): Busy[] =>
  collect(sources, (s, toward) =>
    s.station.side === undefined || (s.station.side === 'in') === (toward === 'client') ? s.resets : null,
  );

/** What came to each node from the ends, in the order of time. */
export const receiving = (sources: readonly TenureSource[]): Busy[] =>
  collect(sources, (s, toward) => {
    if (s.station.side === undefined) return s.arrivals;
    return (s.station.side === 'in') === (toward === 'server') ? s.arrivals : null;
  });

function collect(
  sources: readonly TenureSource[],
  of: (source: TenureSource, toward: Toward) => Arrivals | null,
): Busy[] {
  const found: Busy[] = [];
  for (const [vantage, source] of sources.entries()) {
    if (source.station.place !== 'node' || source.station.node < 0) continue;
    for (const toward of ['client', 'server'] as const) {
      const arrivals = of(source, toward);
      if (arrivals !== null) found.push(...busyTimes(arrivals, toward, source, vantage));
    }
  }
  return found.sort((a, b) => a.from - b.from);
}

function busyTimes(arrivals: Arrivals, toward: Toward, source: TenureSource, vantage: number): Busy[] {
  const first = arrivals.first(toward);
  const last = arrivals.last(toward);
  if (first === null || last === null) return [];
  const at = (t: Nanos): Nanos => source.clock.toReference(t + source.shift);
  const gaps = [...arrivals.gaps(toward)];
  const starts = [
    { time: first.time, frame: first.frame },
    ...gaps.map((g: ArrivalGap) => ({ time: g.to, frame: g.firstFrame })),
  ];
  const ends = [
    ...gaps.map((g: ArrivalGap) => ({ time: g.from, frame: g.lastFrame })),
    { time: last.time, frame: last.frame },
  ];
  return starts.map((start, i) => {
    const end = ends[i] as { time: Nanos; frame: FrameId };
    return {
      node: source.station.node,
      toward,
      vantage,
      from: at(start.time),
      to: at(end.time),
      firstFrame: start.frame,
      lastFrame: end.frame,
      anchor: source.clock.anchor,
    };
  });
}

/** Shorter than any takeover, longer than the pauses of a busy path. */
const STANDSTILL: Nanos = 1_000_000_000;

/** True where the nodes passed traffic on in both directions all the while: no path was lost then, whoever fared ill. */
export function passedThroughout(forwarded: readonly Busy[], from: Nanos, to: Nanos): boolean {
  return (['client', 'server'] as const).every((toward) => {
    let passed = from;
    for (const busy of forwarded) {
      if (busy.toward !== toward || busy.to < passed) continue;
      if (busy.from > passed + STANDSTILL) break;
      passed = busy.to;
    }
    return passed > from && passed > to - STANDSTILL;
  });
}
