/**
 * Journeys of a scenario held against its captures, which are read by a reader
 * of the tests' own: every frame exists with its numbers, stops are in the
 * order of the path, and what is missing is not there.
 * The trap: the captures of the fixtures have one clock; times are compared as
 * they stand.
 */
import { createAnalysis, type FlowJourneys, type Journey, type Report } from '../../analyzer/index.ts';
import { bytesOf, recordsOf } from './capture-cache.ts';
import type { PcapFile } from './pcap-records.ts';
import { type RawSegment, readSegment } from './raw-segment.ts';
import type { Scenario } from './scenario.ts';

export interface Followed {
  readonly scenario: Scenario;
  readonly report: Report;
  readonly flows: readonly FlowJourneys[];
}

/** The journeys of a scenario in some of its captures. */
export function follow(scenario: Scenario, files: readonly string[] = scenario.captures): Followed {
  const analysis = createAnalysis({ tool: { name: 'test', version: '1' }, timeline: true });
  for (const file of files) {
    const feed = analysis.addCapture({ file });
    feed.push(bytesOf(scenario, file));
    feed.end();
  }
  const report = analysis.finish();
  return { scenario, report, flows: [...analysis.journeys()] };
}

/** A capture taken apart: its segments by frame, and those of each direction of a connection. */
interface Segments {
  readonly byFrame: readonly (RawSegment | null)[];
  readonly byTuple: ReadonlyMap<string, readonly RawSegment[]>;
}

/** Once for each capture, in however many selections it is. */
const takenApart = new WeakMap<PcapFile, Segments>();

function segmentsOf(file: PcapFile): Segments {
  const known = takenApart.get(file);
  if (known !== undefined) return known;
  const byFrame = file.records.map((r) => readSegment(r, file.linkType));
  const byTuple = new Map<string, RawSegment[]>();
  for (const segment of byFrame) {
    if (segment === null) continue;
    const tuple = tupleOf(segment);
    const alike = byTuple.get(tuple);
    if (alike === undefined) byTuple.set(tuple, [segment]);
    else alike.push(segment);
  }
  const made = { byFrame, byTuple };
  takenApart.set(file, made);
  return made;
}

/** Every sighting against the bytes, by the numbers of a capture: what a journey's own differ by is the same all along. */
class Raw {
  private readonly segments = new Map<string, Segments>();
  private readonly followed: Followed;

  constructor(followed: Followed) {
    this.followed = followed;
  }

  of(capture: string): Segments {
    const known = this.segments.get(capture);
    if (known !== undefined) return known;
    const file = this.followed.report.captures.find((c) => c.id === capture)?.file as string;
    const made = segmentsOf(recordsOf(this.followed.scenario, file));
    this.segments.set(capture, made);
    return made;
  }

  frame({ capture, frame }: { capture: string; frame: number }): RawSegment {
    const found = this.of(capture).byFrame[frame - 1];
    if (found == null) throw new Error(`${capture} has no segment at frame ${frame}`);
    return found;
  }
}

const tupleOf = (s: RawSegment): string =>
  `${s.source}:${s.sourcePort} ${s.destination}:${s.destinationPort}`;

/** What does not hold, one line each. */
export function journeyLaws(followed: Followed): string[] {
  const raw = new Raw(followed);
  const found: string[] = [];
  for (const { flow, journeys } of followed.flows) {
    const bases = new Map<string, number>();
    for (const j of journeys) {
      for (const { seen, frame, part } of j.stops) {
        if ((seen === 'seen') !== (frame !== undefined)) found.push(`${flow}: a sighting without a frame`);
        if (frame === undefined) continue;
        const segment = raw.frame(frame);
        const base = (segment.seq - j.seq) >>> 0;
        const key = `${frame.capture} ${tupleOf(segment)}`;
        if (part === undefined) {
          if (segment.length !== j.length)
            found.push(`${flow}: ${frame.capture}#${frame.frame} has another length`);
          if ((bases.get(key) ?? base) !== base)
            found.push(`${flow}: ${frame.capture}#${frame.frame} has another seq`);
          bases.set(key, base);
        }
      }
      const order = j.stops.map((s) => (j.from === 'client' ? s.vantage : -s.vantage));
      if (order.some((v, i) => i > 0 && v < (order[i - 1] as number)))
        found.push(`${flow}: stops out of order`);
    }
    found.push(...contradictions(journeys, followed, raw).map((text) => `${flow}: ${text}`));
  }
  return found;
}

/** What is said to be missing in a capture and is there, within one passage. The fixtures' captures have one clock. */
function contradictions(journeys: readonly Journey[], { report }: Followed, raw: Raw): string[] {
  const sent = new Map<string, { tuples: Set<string>; base: number }>();
  const origins = new Set<number>();
  for (const j of journeys) {
    for (const { frame, time, part } of j.stops) {
      if (frame === undefined || part !== undefined) continue;
      const segment = raw.frame(frame);
      const key = `${j.leg ?? 0} ${j.from}`;
      const known = sent.get(key) ?? { tuples: new Set(), base: (segment.seq - j.seq) >>> 0 };
      known.tuples.add(tupleOf(segment));
      sent.set(key, known);
      origins.add(Math.round((Number(segment.record.time / 1000n) * 1000 - (time as number)) / 1e9));
    }
  }
  if (origins.size > 1) return ['times that do not count from one origin'];
  const hosts = report.captures.map((c) => `${c.vantage.host}.${c.vantage.side ?? ''}`);
  const inOrder = report.captures
    .map((c, i) => ({ c, host: hosts[i] as string }))
    .sort((a, b) => PATH.indexOf(a.host) - PATH.indexOf(b.host));
  const found: string[] = [];
  for (const j of journeys) {
    const { tuples, base } = sent.get(`${j.leg ?? 0} ${j.from}`) as { tuples: Set<string>; base: number };
    for (const stop of j.stops.filter((s) => s.seen === 'missing')) {
      const { id } = (inOrder[stop.vantage] as (typeof inOrder)[number]).c;
      const { byTuple } = raw.of(id);
      const there = [...tuples]
        .flatMap((tuple) => byTuple.get(tuple) ?? [])
        .find((s) => {
          const from = (s.seq - base - j.seq) | 0;
          const shares = s.length > 0 && from < j.length && from + s.length > 0;
          if (!shares || j.length === 0) return false;
          const at = Number(s.record.time - BigInt([...origins][0] as number) * 1_000_000_000n);
          return Math.abs(at - j.time) < 150e6;
        });
      if (there !== undefined) found.push(`${id}#${there.record.frame} is there`);
    }
  }
  return found;
}

const PATH = [
  'client.',
  'node-a.in',
  'node-a.',
  'node-a.out',
  'node-b.in',
  'node-b.',
  'node-b.out',
  'server.',
];
