/** What happened when: the edges of each failover with their evidence, stalls, recoveries, endings, and what people pinned. */
import {
  describeFailover,
  type Failover,
  failoverNotes,
  formatEndpoint,
  formatNumber,
  formatSeconds,
  formatUtc,
  type NanosString,
} from '../../analyzer/index.ts';
import { ENDINGS, type Ending, type FlowMoment, type Span } from '../gather/moments.ts';
import { type Block, type Evidence, paragraph, type Run, type Runs, section } from './block.ts';
import type { Context } from './context.ts';

interface Row {
  readonly at: NanosString;
  readonly what: Runs;
}

export function* composeTimeline(context: Context): Generator<Block> {
  const { report, pins, graphs } = context.facts;
  const marks = report.failovers.map((failover) => context.number(failover.marks));
  const rows = [
    ...report.failovers.flatMap((failover, i) => edgesOf(failover, marks[i] ?? [])),
    ...flowRows(context),
    ...pins.flatMap(({ at, title, note }) =>
      at === null ? [] : [{ at, what: [`pinned: ${title}${note.trim() === '' ? '' : ' (note below)'}`] }],
    ),
    ...endOfCaptures(context),
  ];
  yield section('Timeline', 'timeline');
  if (report.failovers.length === 0) yield paragraph('No failover is visible in these captures.');
  rows.sort((a, b) => compareTimes(a.at, b.at));
  const head = ['UTC', 'T0', 'what'];
  if (rows.length > 0)
    yield { is: 'table', head, rows: rows.map(({ at, what }) => [[utc(at)], [context.sinceZero(at)], what]) };
  const overview = graphs?.overview ?? null;
  if (overview !== null) {
    const caption =
      'Frames at each vantage, in the order of the path from the client to the server; hatched: from the loss of the path to its return.';
    yield { is: 'figure', caption, graph: { kind: 'overview', graph: overview } };
  }
  for (const [i, failover] of report.failovers.entries()) yield* composeFailover(failover, marks[i] ?? []);
  yield* composeNotes(context);
}

const utc = (at: NanosString): string => formatUtc(at).replace(/ UTC$/, '');

function edgesOf(failover: Failover, marks: readonly Evidence[]): Row[] {
  const { id, pathLost, pathRestored, restoredBy, from, to, lostWithin = 0, restoredWithin = 0 } = failover;
  const shown = references(marks);
  const nodes = from !== undefined && to !== undefined ? ` (${from} to ${to})` : '';
  const late = lostWithin > 0 ? `, or up to ${formatSeconds(lostWithin)} later` : '';
  const rows: Row[] = [{ at: pathLost, what: [`${id}${nodes}: the path was lost${late}`, ...shown] }];
  if (pathRestored === null) return rows;
  const early =
    restoredWithin > 0
      ? `, or up to ${formatSeconds(restoredWithin)} earlier`
      : restoredBy === 'bound'
        ? ' at the latest'
        : '';
  return [...rows, { at: pathRestored, what: [`${id}: the path was back${early}`, ...shown] }];
}

function references(marks: readonly Evidence[]): Run[] {
  if (marks.length === 0) return [];
  return [
    ' (',
    ...marks.flatMap(({ number }, i): Run[] =>
      i === 0 ? [{ evidence: number }] : [', ', { evidence: number }],
    ),
    ')',
  ];
}

const ENDED: Record<Ending, string> = { reset: 'reset', 'gave-up': 'given up', 'cut-short': 'cut short' };

function flowRows(context: Context): Row[] {
  const { moments } = context.facts;
  const { stalls, recoveries } = moments;
  const rows: Row[] = [];
  if (stalls !== null) rows.push(rowOf('first stall', stalls.first, context));
  rows.push(...firstAndLast(recoveries, 'recovery', 'flows went on', context));
  for (const ending of ENDINGS)
    rows.push(
      ...firstAndLast(moments.endings[ending], `flow ${ENDED[ending]}`, `flows ${ENDED[ending]}`, context),
    );
  return rows;
}

function firstAndLast(span: Span | null, what: string, all: string, context: Context): Row[] {
  if (span === null) return [];
  if (span.count === 1) return [rowOf(what, span.first, context)];
  return [
    rowOf(`first ${what}`, span.first, context),
    rowOf(`last ${what}, of ${formatNumber(span.count)} ${all}`, span.last, context),
  ];
}

function rowOf(what: string, { at, flow, frames }: FlowMoment, context: Context): Row {
  const shownBy = context.frames(frames);
  const evidence = shownBy.length === 0 ? '' : ` (${shownBy.join(', ')})`;
  return {
    at,
    what: [`${what}: ${formatEndpoint(flow.client)} → ${formatEndpoint(flow.server)}${evidence}`],
  };
}

function endOfCaptures({ facts: { report, impact } }: Context): Row[] {
  const ends = report.captures.flatMap(({ coveredUntil }) => coveredUntil ?? []).sort(compareTimes);
  const last = ends.at(-1);
  return last === undefined || impact.affected === 0 ? [] : [{ at: last, what: ['the captures end'] }];
}

function* composeFailover(failover: Failover, marks: readonly Evidence[]): Generator<Block> {
  yield { is: 'part', title: `Evidence of ${failover.id}`, id: failover.id };
  yield paragraph(`${describeFailover(failover, '→')}.`);
  if (marks.length > 0) yield { is: 'evidence', claims: marks };
  const notes = failoverNotes(failover).map(([label, text]) => [`${label}: ${text}`]);
  if (notes.length > 0) yield { is: 'list', items: notes };
}

function* composeNotes({ facts: { pins } }: Context): Generator<Block> {
  const noted = pins.filter(({ at, note }) => at === null || note.trim() !== '');
  if (noted.length === 0) return;
  yield { is: 'part', title: 'Pinned notes', id: 'pinned-notes' };
  for (const { at, title, target, note } of noted) {
    yield paragraph(`${at === null ? '' : `${formatUtc(at)}: `}${title} (`, { code: target }, ')');
    if (note.trim() !== '') yield { is: 'quote', text: note.trim() };
  }
}

function compareTimes(a: NanosString, b: NanosString): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
