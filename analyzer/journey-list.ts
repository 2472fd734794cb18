/**
 * The journeys of a whole report, one flow after the other: first those that a
 * reader will open, the worst stall first.
 * The trap: the crossing of a flow is built when its turn comes and let go with
 * it; all of them together would not fit into memory.
 */
import type { FrameId } from './flow/frame-id.ts';
import type { Diagnosis } from './incident.ts';
import { longestStall } from './report/headline.ts';
import { toLadder } from './report/ladder-report.ts';
import type { Flow } from './report/report.ts';
import { type JourneyMap, journeysOf } from './timeline/journeys.ts';
import type { Journey } from './timeline/timeline.ts';

/** The journeys of one flow of the report. */
export interface FlowJourneys {
  /** `Flow.id`. */
  flow: string;
  journeys: Journey[];
}

/**
 * Journeys of all flows together. With six vantages one is about 440 bytes of JSON, so that a database grows by some
 * 130 MB at most, in seconds. A flow that hung has some ten to some hundred: thousands of them have theirs.
 */
const MOST_JOURNEYS = 300_000;

/** Flows of TCP that something happened to, by their worst stall; then the others. Ends once there are `most` journeys. */
export function* listJourneys(
  { report, correlation, vantages, flows }: Diagnosis,
  origin: number,
  most = MOST_JOURNEYS,
): Generator<FlowJourneys> {
  const clockOf = (vantage: number) => (vantages[vantage] as (typeof vantages)[number]).clock;
  const map: JourneyMap = {
    vantages: correlation.vantages,
    takeovers: correlation.takeovers,
    forwarded: correlation.forwarded,
    firstActs: correlation.firstActs,
    origin,
    frame: (vantage: number, id: FrameId) => clockOf(vantage).frame(id),
  };
  let made = 0;
  for (const { flow, index } of inOrder(report.flows.slice(0, flows.length))) {
    if (made >= most) return;
    const one = flows[index] as (typeof flows)[number];
    const rows = toLadder(one.judged, clockOf(one.vantage));
    const labels = new Map(rows.map(({ frame, label }) => [`${frame.capture}:${frame.frame}`, label]));
    const journeys = journeysOf(one.joined, map, labels);
    made += journeys.length;
    yield { flow: flow.id, journeys };
  }
}

function inOrder(flows: readonly Flow[]): { flow: Flow; index: number }[] {
  const isAffected = (flow: Flow): number =>
    flow.stalls.length > 0 || flow.outcome !== 'unaffected' ? 1 : 0;
  return flows
    .map((flow, index) => ({ flow, index, affected: isAffected(flow), worst: longestStall(flow) }))
    .sort((a, b) => b.affected - a.affected || b.worst - a.worst || a.index - b.index);
}
