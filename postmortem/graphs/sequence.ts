/**
 * The time-sequence graph of one flow around its worst stall: the bytes that the owing end sent, what the other
 * acknowledged and allowed, and every retransmission, at the vantages nearest to both ends.
 * The trap: numbers of two legs of a proxied flow are not the same, so each panel has a range of its own.
 */
import { type End, FIRST_PROBLEM, type Flow, type Report, worstStall } from '../../analyzer/index.ts';
import type { LaneSource } from '../source.ts';
import type { Band, Bytes, SequenceGraph, SequencePanel, TimeWindow } from './model.ts';
import { sinceOrigin } from './since-origin.ts';
import { type BucketRow, rowsIn, worstOf } from './tiles.ts';

/** Of the stall, before and after it; ns. */
const MARGIN = 0.2;
const LEAST_MARGIN = 0.5e9;
const MOST_MARGIN = 10e9;

/** Null where no lane has anything of the flow: it is UDP, or no segment is left. */
export function drawSequence(
  lanes: LaneSource,
  captures: Report['captures'],
  bands: readonly Band[],
  flow: Flow,
  index: number,
): SequenceGraph | null {
  const own = lanes.lanesOf(index);
  if (own.length === 0) return null;
  const sender = senderOf(flow);
  const window = windowOf(flow, lanes);
  const panels = vantagesOf(own, sender).flatMap((vantage) => {
    const laneOf = (from: End): string | undefined =>
      own.find((one) => one.vantage === vantage && one.from === from)?.lane;
    const panel = panelOf(lanes, captures, window, vantage, {
      sent: laneOf(sender),
      answered: laneOf(sender === 'client' ? 'server' : 'client'),
    });
    return panel ?? [];
  });
  if (panels.length === 0) return null;
  const { id, client, server, outcome, cause } = flow;
  const shown = bands.filter(({ from, to }) => from <= window.to && (to ?? window.to) >= window.from);
  return { flow: { id, client, server, outcome, cause }, sender, window, bands: shown, panels };
}

/** Who owed bytes; else who sent more. A connection that is not open yet waits for its client's SYN. */
function senderOf(flow: Flow): End {
  if (flow.outcome === 'not-connected' || flow.outcome === 'connect-delayed') return 'client';
  return worstStall(flow)?.owedBy ?? (flow.bytesToClient >= flow.bytesToServer ? 'server' : 'client');
}

function windowOf(flow: Flow, { head }: LaneSource): TimeWindow {
  const stall = worstStall(flow);
  const from = sinceOrigin(stall?.start ?? flow.start, head.origin);
  const end = stall === null ? flow.end : stall.end;
  const to = end === null ? head.to : sinceOrigin(end, head.origin);
  const margin = Math.min(MOST_MARGIN, Math.max(LEAST_MARGIN, MARGIN * (to - from)));
  return { from: Math.max(head.from, from - margin), to: Math.min(head.to, to + margin) };
}

/** The first and the last on the path that saw the flow, the waiting end's first. */
function vantagesOf(own: ReturnType<LaneSource['lanesOf']>, sender: End): number[] {
  const seen = [...new Set(own.map(({ vantage }) => vantage))].sort((a, b) => a - b);
  const ends = sender === 'server' ? [seen[0], seen.at(-1)] : [seen.at(-1), seen[0]];
  return [...new Set(ends)].filter((vantage) => vantage !== undefined);
}

function panelOf(
  lanes: LaneSource,
  captures: Report['captures'],
  window: TimeWindow,
  vantage: number,
  { sent, answered }: { sent: string | undefined; answered: string | undefined },
): SequencePanel | null {
  const found = {
    data: [] as SequencePanel['data'][number][],
    acks: [] as SequencePanel['acks'][number][],
    edges: [] as SequencePanel['edges'][number][],
    sacks: [] as SequencePanel['sacks'][number][],
    problems: [] as SequencePanel['problems'][number][],
  };
  const addProblem = (row: BucketRow, at: number | null): void => {
    const worst = (row.tile.worst[row.i] as number) >= FIRST_PROBLEM ? worstOf(row, captures) : null;
    if (worst !== null) found.problems.push({ ...worst, at });
  };
  for (const row of sent === undefined ? [] : rowsIn(lanes, sent, window)) {
    const { tile, i } = row;
    const [from, to] = [tile.seqMin[i] as number, tile.seqMax[i] as number];
    if (Number.isFinite(from) && Number.isFinite(to))
      found.data.push({ time: tile.start[i] as number, from, to });
    const at = tile.worstSeq[i] as number;
    addProblem(row, Number.isFinite(at) ? at : null);
  }
  for (const row of answered === undefined ? [] : rowsIn(lanes, answered, window)) {
    const { tile, i } = row;
    const time = tile.end[i] as number;
    const [ack, edge] = [tile.ackMax[i] as number, tile.edgeMax[i] as number];
    const [left, right] = [tile.sackMin[i] as number, tile.sackMax[i] as number];
    if (Number.isFinite(ack)) found.acks.push({ time, to: ack });
    if (Number.isFinite(edge)) found.edges.push({ time, to: edge });
    if (Number.isFinite(left) && Number.isFinite(right)) found.sacks.push({ time, from: left, to: right });
    addProblem(row, null);
  }
  const range = rangeOf(found);
  if (range === null) return null;
  found.problems.sort((a, b) => a.time - b.time);
  return { captures: lanes.head.vantages[vantage]?.captures ?? [], ...found, range };
}

/** What was sent and acknowledged. The window's edge may lie far above it, and is cut off. */
function rangeOf({ data, acks }: Pick<SequencePanel, 'data' | 'acks'>): Bytes | null {
  const values = [...data.flatMap(({ from, to }) => [from, to]), ...acks.map(({ to }) => to)];
  if (values.length === 0) return null;
  const from = values.reduce((a, b) => Math.min(a, b));
  const to = values.reduce((a, b) => Math.max(a, b));
  return { from, to: Math.max(to, from + 1) };
}
