/**
 * The timeline of a diagnosis: which lanes there are, in the order of the path, and their chunks as
 * they are made, one vantage after the other.
 * The trap: the chunks are gigabytes for a long capture; each is handed out and forgotten, and the
 * directory is complete only when the last one was taken.
 */
import { frameId } from './flow/frame-id.ts';
import type { Diagnosis } from './incident.ts';
import { type DirectoryColumns, encodeDirectory, type VantageLanes } from './timeline/directory.ts';
import { firstNumbers } from './timeline/first-numbers.ts';
import type { Timeline, TimelineChunk } from './timeline/lane-index.ts';
import { buildLanes, type FlowPlace, type LaneSource } from './timeline/lanes.ts';
import { pathOrder } from './timeline/path-order.ts';
import { Recording } from './timeline/recording.ts';
import { CHUNK_ROWS } from './timeline/rows.ts';
import type { TimelineHead, TimelineVantage } from './timeline/timeline.ts';

/** After the report: what can be drawn of it. */
export function buildTimeline(diagnosis: Diagnosis): Timeline {
  const order = pathOrder(diagnosis.correlation.stations);
  let made: DirectoryColumns | null = null;
  return {
    head: headOf(diagnosis, order),
    retransmits: (flow) => retransmitsOf(diagnosis, flow),
    chunkCount: chunkCountOf(diagnosis),
    *chunks() {
      const vantages: VantageLanes[] = [];
      const pending: TimelineChunk[] = [];
      let number = 0;
      const store = (bytes: Uint8Array): number => {
        pending.push({ number, bytes });
        return number++;
      };
      for (const index of order) {
        const building = buildLanes(sourceOf(diagnosis, index), store);
        for (;;) {
          const step = building.next();
          yield* pending.splice(0);
          if (step.done !== true) continue;
          vantages.push(step.value);
          break;
        }
      }
      made = { ...namesOf(diagnosis), vantages };
    },
    directory() {
      if (made === null) throw new Error('the directory comes after the last chunk');
      return encodeDirectory(made);
    },
  };
}

const namesOf = ({ report }: Diagnosis): Omit<DirectoryColumns, 'vantages'> => ({
  captures: report.captures.map(({ id }) => id),
  flows: report.flows.map(({ id }) => id),
});

/** In the capture that the flow was judged by; flows of UDP follow those of TCP, and have none. */
function retransmitsOf({ flows, placed }: Diagnosis, position: number): number {
  const one = flows[position];
  if (one === undefined) return 0;
  const counts = placed[one.vantage]?.named.analysis.recording?.retransmitted ?? [];
  const views = one.joined.legs.flatMap((leg) => leg.views).filter((v) => v.vantage === one.vantage);
  return views.reduce((sum, { watch }) => sum + (counts[watch.connection.flow.index] ?? 0), 0);
}

/** Every frame is in a chunk by time and in one by flow; those of levels are few. */
const chunkCountOf = ({ placed }: Diagnosis): number =>
  placed.reduce(
    (sum, { named }) => sum + 2 * Math.ceil((named.analysis.recording?.rows ?? 0) / CHUNK_ROWS),
    0,
  );

function sourceOf({ report, placed, correlation, vantages, flows }: Diagnosis, index: number): LaneSource {
  const { analysis, inputs } = (placed[index] as Diagnosis['placed'][number]).named;
  const { clock } = vantages[index] as Diagnosis['vantages'][number];
  const { clock: aligned, shift } = correlation.vantages[index] as (typeof correlation.vantages)[number];
  const captures: number[] = [];
  for (const { file } of inputs) {
    const { capture } = clock.frame(frameId(file.state.index, 1));
    captures[file.state.index] = report.captures.findIndex(({ id }) => id === capture);
  }
  return {
    recording: analysis.recording ?? new Recording(),
    flows: placesOf(flows, index, analysis.watches.length),
    captures,
    align: (t) => aligned.toReference(t + shift),
  };
}

/** By index of the vantage's own flows. */
function placesOf(flows: Diagnosis['flows'], vantage: number, count: number): (FlowPlace | null)[] {
  const places = new Array<FlowPlace | null>(count).fill(null);
  for (const [position, { joined }] of flows.entries()) {
    for (const { views } of joined.legs) {
      if (!views.some((v) => v.vantage === vantage)) continue;
      const first = firstNumbers(views);
      for (const { vantage: at, watch, shift } of views) {
        if (at !== vantage) continue;
        const { flow } = watch.connection;
        const by = [0, 1].map(
          (end) => shift[end as 0 | 1] - (end === flow.client ? first.client : first.server),
        );
        places[flow.index] = {
          flow: position,
          client: flow.client,
          shift: [by[0] as number, by[1] as number],
        };
      }
    }
  }
  return places;
}

function headOf(diagnosis: Diagnosis, order: readonly number[]): TimelineHead {
  const each = order.map((index, position) => vantageOf(diagnosis, index, position));
  const held = each.filter(({ frames }) => frames > 0);
  const from = held.reduce((least, vantage) => Math.min(least, vantage.from), held[0]?.from ?? 0);
  // A capture that is still silent counts as running, as in the verdicts: they call missing there what it does not show.
  const vantages = each.map((vantage) => (vantage.frames > 0 ? { ...vantage, from } : vantage));
  return {
    origin: diagnosis.correlation.base.toString(),
    from,
    to: held.reduce((most, { until }) => Math.max(most, until), held[0]?.until ?? 0),
    frames: vantages.reduce((sum, { frames }) => sum + frames, 0),
    vantages,
  };
}

function vantageOf(
  { placed, correlation, vantages }: Diagnosis,
  index: number,
  position: number,
): TimelineVantage {
  const { named, vantage } = placed[index] as Diagnosis['placed'][number];
  const { captures } = vantages[index] as Diagnosis['vantages'][number];
  const cross = correlation.vantages[index] as (typeof correlation.vantages)[number];
  const { files, recording } = named.analysis;
  const times = files.flatMap(({ state }) =>
    state.firstTime === null ? [] : [state.firstTime, state.lastTime ?? state.firstTime],
  );
  const [begin, end] = [Math.min(...times) + cross.shift, Math.max(...times) + cross.shift];
  const isEmpty = times.length === 0;
  const errors = isEmpty ? [] : [cross.clock.errorAt(begin), cross.clock.errorAt(end)];
  const drops = captures.flatMap(({ dropped }) => dropped ?? []);
  return {
    index: position,
    vantage,
    captures: captures.map(({ id }) => id),
    frames: recording?.rows ?? 0,
    from: isEmpty ? 0 : Math.round(cross.clock.toReference(begin)),
    until: isEmpty ? 0 : Math.round(Math.max(cross.coveredUntil, cross.clock.toReference(end))),
    dropped: drops.length === 0 ? null : drops.reduce((sum, n) => sum + n, 0),
    lossy: cross.lossy,
    clockError: errors.includes(null) || isEmpty ? null : Math.max(...(errors as number[])),
  };
}
