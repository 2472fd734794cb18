/**
 * The timeline of a diagnosed incident: what every vantage recorded, by the clock of the report, by the flows of the
 * report, and by the numbers that all vantages share.
 * The trap: other clocks may reach back before the base that the correlation counts from, and no time of a timeline is
 * negative; so it has an origin of its own, and whatever is shown on it counts from there.
 */
import { toEpoch } from '../packet/time.ts';
import type { Diagnosis } from './incident.ts';
import { DirectoryBuilder } from './timeline/directory.ts';
import { type FirstNumbers, firstNumbers } from './timeline/first-numbers.ts';
import type { Timeline, TimelineChunk } from './timeline/lane-index.ts';
import { pathOrder } from './timeline/path-order.ts';
import type { Recording } from './timeline/recording.ts';
import { FlowTable, type RecordedFlow } from './timeline/row-reader.ts';
import { NO_FLOW } from './timeline/tile.ts';
import type { TimelineHead, TimelineVantage } from './timeline/timeline.ts';
import { ChunkSink, chunksFor, VantageLanes } from './timeline/vantage-lanes.ts';
import { toOther } from './vantage/clock-line.ts';
import type { FlowView } from './vantage/join.ts';

/** A timeline, and where it begins. */
export interface IncidentTimeline {
  readonly timeline: Timeline;
  /** ns since the base of the correlation; not after it. */
  readonly origin: number;
}

/** Turns what was recorded to the clock of the report, so it is done once. */
export function buildTimeline(diagnosis: Diagnosis): IncidentTimeline {
  const { correlation, report, flows, placed } = diagnosis;
  const origin = placed.reduce((least, _, i) => Math.min(least, alignRecording(diagnosis, i)), 0);
  const order = pathOrder(correlation.stations);
  const builder = new DirectoryBuilder(
    report.captures.map((c) => c.id),
    report.flows.slice(0, flows.length).map((f) => f.id),
    order.length,
  );
  const timeline: Timeline = {
    head: headOf(diagnosis, order, origin),
    retransmits: (flow) => {
      const one = flows[flow];
      return one === undefined ? 0 : retransmissionsOf(diagnosis, one);
    },
    chunkCount: order.reduce((sum, i) => sum + chunksFor(recordingOf(diagnosis, i).rows), 0),
    chunks: () => makeChunks(diagnosis, order, origin, builder),
    directory: () => builder.encode(),
  };
  return { timeline, origin };
}

function* makeChunks(
  diagnosis: Diagnosis,
  order: readonly number[],
  origin: number,
  builder: DirectoryBuilder,
): Generator<TimelineChunk> {
  const sink = new ChunkSink();
  const tables = flowTables(diagnosis);
  for (const [position, i] of order.entries()) {
    const recording = recordingOf(diagnosis, i);
    const captures = recording.files.map((f) => f.capture);
    const table = tables[i] as FlowTable;
    const source = { recording, table, captures, origin, flows: diagnosis.flows.length };
    yield* new VantageLanes(source, position, builder, sink).chunks();
    recording.release();
  }
}

type Placed = Diagnosis['placed'][number];
type Judged = Diagnosis['flows'][number];

const analysisOf = ({ placed }: Diagnosis, vantage: number): Placed['named']['analysis'] =>
  (placed[vantage] as Placed).named.analysis;

function recordingOf(diagnosis: Diagnosis, vantage: number): Recording {
  const { recording } = analysisOf(diagnosis, vantage);
  if (recording === null) throw new Error('a timeline needs an analysis that was made with `timeline`');
  return recording;
}

/**
 * As the lanes show them, at the vantage that saw the most: what the sender sent again in vain came to no other.
 * Of all views that the vantage has of the flow.
 */
function retransmissionsOf(diagnosis: Diagnosis, { joined }: Judged): number {
  const sums = new Map<number, number>();
  for (const { vantage, watch } of joined.legs.flatMap((leg) => leg.views)) {
    const some = recordingOf(diagnosis, vantage).retransmissions(watch.connection.flow.index);
    sums.set(vantage, (sums.get(vantage) ?? 0) + some);
  }
  return Math.max(0, ...sums.values());
}

/** Recorded times are whole ns since the correlation's base afterwards, by the clock of the report. @returns the least */
function alignRecording(diagnosis: Diagnosis, vantage: number): number {
  const toBase = alignerOf(diagnosis, vantage);
  const recording = recordingOf(diagnosis, vantage);
  let least = beginOf(diagnosis, vantage) ?? 0;
  for (const [i, { time }] of recording.blocks.entries()) {
    const rows = Math.min(time.length, recording.rows - i * time.length);
    for (let at = 0; at < rows; at++) {
      const aligned = Math.round(toBase(time[at] as number));
      time[at] = aligned;
      if (aligned < least) least = aligned;
    }
  }
  return least;
}

/** Turns a time of a vantage into one of the common base, by the clock of the report. */
function alignerOf({ correlation }: Diagnosis, vantage: number): (t: number) => number {
  const { clock, shift } = correlation.vantages[vantage] as Diagnosis['correlation']['vantages'][number];
  const { fits } = clock;
  const [line, ...others] = fits;
  // What `toReference` does as well, but for millions of times.
  if (line === undefined) return (t) => t + shift;
  if (others.length === 0) return (t) => toOther(line, t + shift);
  return (t) => {
    const own = t + shift;
    for (const one of fits) if (one.from <= own && own <= one.until) return toOther(one, own);
    return clock.toReference(own);
  };
}

/** When a vantage's first frame came; null where it has none. */
function beginOf(diagnosis: Diagnosis, vantage: number): number | null {
  const times = analysisOf(diagnosis, vantage).files.flatMap(({ state }) => state.firstTime ?? []);
  return times.length === 0 ? null : Math.round(alignerOf(diagnosis, vantage)(least(times)));
}

const least = (times: readonly number[]): number =>
  times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

/** By vantage, everything that its recording does not say of its flows. */
function flowTables({ placed, flows }: Diagnosis): FlowTable[] {
  const rows = placed.map(({ named }) =>
    named.analysis.watches.map(({ connection }) => strayFlow(connection)),
  );
  for (const [position, { joined }] of flows.entries()) {
    for (const { views } of joined.legs) {
      const first = firstNumbers(views);
      for (const view of views) {
        const known = rows[view.vantage] as RecordedFlow[];
        known[view.watch.connection.flow.index] = recordedFlow(view, views, position, first);
      }
    }
  }
  return rows.map((own) => new FlowTable(own));
}

/** A connection that the report does not have. */
const strayFlow = ({ flow, sides: [a, b] }: FlowView['watch']['connection']): RecordedFlow => ({
  position: NO_FLOW,
  client: flow.client,
  first: [a.firstSeq, b.firstSeq],
  scale: [scaleOf(a.windowScale), scaleOf(b.windowScale)],
});

function recordedFlow(
  { watch, shift }: FlowView,
  views: readonly FlowView[],
  position: number,
  first: FirstNumbers,
): RecordedFlow {
  const { flow, sides } = watch.connection;
  const of = (end: 0 | 1): { first: number; scale: number } => {
    const role = flow.client === end ? 'client' : 'server';
    const elsewhere = views.map((v) => v.watch.connection.sides[v.watch.connection.flow[role]].windowScale);
    const own = sides[end].windowScale;
    const shared = own >= 0 ? own : (elsewhere.find((scale) => scale >= 0) ?? -1);
    return { first: (first[role] - shift[end]) >>> 0, scale: scaleOf(shared) };
  };
  const [a, b] = [of(0), of(1)];
  return { position, client: flow.client, first: [a.first, b.first], scale: [a.scale, b.scale] };
}

/** A shift beyond 14 counts as 14 (RFC 7323, 2.3). */
const scaleOf = (shift: number): number => (shift < 0 ? 1 : 2 ** Math.min(shift, 14));

function headOf(diagnosis: Diagnosis, order: readonly number[], origin: number): TimelineHead {
  const each = order.map((i, position) => vantageOf(diagnosis, i, position, origin));
  const held = each.filter((v) => v.frames > 0);
  const from = held.length === 0 ? 0 : least(held.map((v) => v.from));
  // A capture that is still silent counts as running, as in the verdicts: they call missing there what it does not show.
  const vantages = each.map((v) => (v.frames > 0 ? { ...v, from } : v));
  return {
    origin: toEpoch(diagnosis.correlation.base, origin).toString(),
    from,
    to: held.length === 0 ? 0 : -least(held.map((v) => -v.until)),
    frames: vantages.reduce((sum, v) => sum + v.frames, 0),
    vantages,
  };
}

function lastOf(diagnosis: Diagnosis, vantage: number): number | null {
  const times = analysisOf(diagnosis, vantage).files.flatMap(({ state }) => state.lastTime ?? []);
  return times.length === 0 ? null : Math.round(alignerOf(diagnosis, vantage)(-least(times.map((t) => -t))));
}

function vantageOf(diagnosis: Diagnosis, vantage: number, index: number, origin: number): TimelineVantage {
  const { correlation, placed, report } = diagnosis;
  const { named, vantage: place } = placed[vantage] as Placed;
  const { coveredUntil, lossy } = correlation.vantages[vantage] as (typeof correlation.vantages)[number];
  const [begin, end] = [beginOf(diagnosis, vantage), lastOf(diagnosis, vantage)];
  const until = end === null ? null : Math.max(end, Math.round(coveredUntil));
  const files = named.inputs
    .map(({ file }) => ({ capture: report.captures[file.state.index], time: file.state.firstTime ?? 0 }))
    .sort((a, b) => a.time - b.time)
    .flatMap(({ capture }) => capture ?? []);
  const drops = files.flatMap(({ dropped }) => dropped ?? []);
  const gaps = gapsOf(diagnosis, vantage, origin, until);
  return {
    index,
    vantage: place,
    captures: files.map(({ id }) => id),
    frames: recordingOf(diagnosis, vantage).rows,
    from: begin === null ? 0 : begin - origin,
    until: until === null ? 0 : until - origin,
    ...(gaps.length > 0 && { gaps }),
    dropped: drops.length === 0 ? null : drops.reduce((a, b) => a + b, 0),
    lossy,
    clockError: errorOf(diagnosis, vantage),
  };
}

/** When nothing was captured, by the clock of the report. `until`: the end of the lane. */
function gapsOf(
  diagnosis: Diagnosis,
  vantage: number,
  origin: number,
  until: number | null,
): { from: number; to: number }[] {
  const toBase = alignerOf(diagnosis, vantage);
  return analysisOf(diagnosis, vantage)
    .gaps.filter(({ from, packets }) => packets === null && Number.isFinite(from))
    .map(({ from, to }) => ({
      from: Math.round(toBase(from)) - origin,
      to: (Number.isFinite(to) ? Math.round(toBase(to)) : (until ?? origin)) - origin,
    }))
    .filter(({ from, to }) => to > from);
}

/** The greatest at both ends of what it captured; null where nothing bounds it. */
function errorOf(diagnosis: Diagnosis, vantage: number): number | null {
  const { correlation } = diagnosis;
  const { clock, shift } = correlation.vantages[vantage] as (typeof correlation.vantages)[number];
  const times = analysisOf(diagnosis, vantage).files.flatMap(({ state: { firstTime, lastTime } }) => [
    ...(firstTime === null ? [] : [firstTime]),
    ...(lastTime === null ? [] : [lastTime]),
  ]);
  const errors = times.map((t) => clock.errorAt(t + shift));
  return errors.includes(null) ? null : Math.ceil(-least(errors.map((e) => -(e as number)).concat(0)));
}
