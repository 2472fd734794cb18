/**
 * A report beside what tshark reads in each of its captures: the frames by
 * number, by their tuple, and when each was by the clock of the report.
 * The trap: a capture's clock may have been set while it ran; then the report
 * has an entry for each stretch of it.
 */
import type { Clock, FrameRef, Report } from '../../analyzer/index.ts';
import type { Frames, ReadFrame } from './tshark-reader.ts';

export class Witness {
  readonly report: Report;
  private readonly frames: ReadonlyMap<string, Frames>;
  private readonly tuples = new Map<string, Map<string, ReadFrame[]>>();
  private readonly clocks: ReadonlyMap<string, readonly Clock[]>;

  /** `frames`: what tshark reads in each capture, by the capture's id. */
  constructor(report: Report, frames: ReadonlyMap<string, Frames>) {
    this.report = report;
    this.frames = frames;
    this.clocks = new Map(
      report.captures.map(({ id }) => [id, report.clocks.filter(({ capture }) => capture === id)]),
    );
    for (const [capture, read] of frames) this.tuples.set(capture, byTuple(read));
  }

  at({ capture, frame }: FrameRef): ReadFrame | undefined {
    return this.frames.get(capture)?.get(frame);
  }

  /** The TCP frames of a capture from one end to another, `address:port` each. */
  between(capture: string, source: string, destination: string): readonly ReadFrame[] {
    return this.tuples.get(capture)?.get(tupleOf(source, destination)) ?? [];
  }

  /** ns since the epoch by the clock of the report. */
  timeOf(capture: string, { time }: Pick<ReadFrame, 'time'>): bigint {
    const clocks = this.clocks.get(capture) ?? [];
    const clock = clocks.reduce<Clock | null>(
      (a, b) => (a !== null && away(a, time) <= away(b, time) ? a : b),
      null,
    );
    if (clock === null) return time;
    const since = Number(time - BigInt(clock.at ?? 0));
    return time - BigInt(Math.round(clock.offset * 1e9 + clock.skewPpm * 1e-6 * since));
  }

  /** Host and side at which a capture was taken, such as `node-a`, `out`. */
  placeOf(capture: string): { host: string; side: 'in' | 'out' | undefined } {
    const vantage = this.report.captures.find((c) => c.id === capture)?.vantage;
    return { host: vantage?.host ?? '', side: vantage?.side };
  }
}

/** ns between a time and the stretch that an entry is for. */
function away({ from, until }: Clock, time: bigint): number {
  if (from === undefined || until === undefined) return 0;
  return Math.max(0, Number(BigInt(from) - time), Number(time - BigInt(until)));
}

const tupleOf = (source: string, destination: string): string => `${source} > ${destination}`;

function byTuple(frames: Frames): Map<string, ReadFrame[]> {
  const found = new Map<string, ReadFrame[]>();
  for (const read of frames.values()) {
    if (read.sourcePort < 0) continue;
    const tuple = tupleOf(`${read.source}:${read.sourcePort}`, `${read.destination}:${read.destinationPort}`);
    const known = found.get(tuple);
    if (known === undefined) found.set(tuple, [read]);
    else known.push(read);
  }
  return found;
}
