/**
 * The flow table: pages, filtered and sorted, with the counts of the whole; one flow; exports.
 * A page is a walk along the order of the column, over the flows that the filter leaves.
 */
import type { Flow } from '../../analyzer/index.ts';
import type { FlowDetail, FlowPage, FlowRow } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { Connection } from './connection.ts';
import { parseFlowFilter } from './flow-filter.ts';
import { findMatches, MatchFinder } from './flow-matches.ts';
import { countJourneys } from './journeys.ts';
import { flowNumber, notFound, type Shared, shownRun } from './shared.ts';
import type { FlowFilter, FlowQuery } from './store.ts';
import type { Timelines } from './timelines.ts';

const MOST_ROWS = 1000;

export class Flows {
  private readonly shared: Shared;
  private readonly timelines: Timelines;
  private readonly matches = new MatchFinder();

  constructor(shared: Shared, timelines: Timelines) {
    this.shared = shared;
    this.timelines = timelines;
  }

  page(incident: string, query: FlowQuery): FlowPage {
    const { connection } = this.shared;
    const condition = parseFlowFilter(query.q);
    const offset = Math.max(0, query.offset);
    const limit = Math.min(MOST_ROWS, Math.max(0, query.limit));
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const { total, facets, isMatch } = this.matches.find(connection, run, condition);
      const rows: FlowRow[] = [];
      let passed = 0;
      for (const number of orderOf(connection, run, query)) {
        if (rows.length >= limit) break;
        if (isMatch[number] !== 1) continue;
        passed += 1;
        if (passed > offset) rows.push(documentOf<FlowRow>(connection, run, number, 'row'));
      }
      return { total, offset, rows, facets };
    });
  }

  detail(incident: string, flow: string): FlowDetail {
    const { connection } = this.shared;
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const number = flowNumber(connection, run, flow);
      return {
        index: number,
        flow: documentOf<Flow>(connection, run, number, 'flow'),
        lanes: this.timelines.lanesOfFlow(run, number),
        journeys: countJourneys(connection, run, number),
      };
    });
  }

  lanes(incident: string, index: number): FlowDetail['lanes'] {
    const { connection } = this.shared;
    return connection.read(() => this.timelines.lanesOfFlow(shownRun(connection, incident), index));
  }

  /** Keys in the order of the report as the command prints it. */
  *exportReport(incident: string): Generator<string, void, undefined> {
    const connection = this.shared.connect();
    try {
      connection.execute('BEGIN');
      const run = shownRun(connection, incident);
      const found = connection.get<{ report: string }>('SELECT report FROM runs WHERE id = ?', run);
      let separator = '{';
      for (const [key, value] of Object.entries(JSON.parse(found?.report ?? '{}') as object)) {
        yield `${separator}${JSON.stringify(key)}:`;
        if (key === 'flows') yield* exportFlowList(connection, run);
        else yield JSON.stringify(value);
        separator = ',\n';
      }
      yield '}\n';
    } finally {
      connection.close();
    }
  }

  /** In the order of the report. */
  *exportAllFlows(incident: string): Generator<Flow, void, undefined> {
    const connection = this.shared.connect();
    try {
      connection.execute('BEGIN');
      const run = shownRun(connection, incident);
      for (const { flow } of eachDocument(connection, run)) yield JSON.parse(flow) as Flow;
    } finally {
      connection.close();
    }
  }

  *exportFlows(
    incident: string,
    filter: FlowFilter,
  ): Generator<{ row: FlowRow; flow: Flow }, void, undefined> {
    const condition = parseFlowFilter(filter.q);
    const connection = this.shared.connect();
    try {
      connection.execute('BEGIN');
      const run = shownRun(connection, incident);
      const { isMatch } = findMatches(connection, run, condition);
      for (const number of orderOf(connection, run, filter)) {
        if (isMatch[number] !== 1) continue;
        yield {
          row: documentOf<FlowRow>(connection, run, number, 'row'),
          flow: documentOf<Flow>(connection, run, number, 'flow'),
        };
      }
    } finally {
      connection.close();
    }
  }
}

function documentOf<T>(connection: Connection, run: number, number: number, which: 'row' | 'flow'): T {
  const found = connection.get<{ text: string }>(
    `SELECT ${which} AS text FROM flow_documents WHERE run = ? AND number = ?`,
    ...[run, number],
  );
  if (found === undefined) throw notFound('flow');
  return JSON.parse(found.text) as T;
}

/** Numbers of all flows. Without a column to sort by, the worst stall comes first. */
function* orderOf(connection: Connection, run: number, { sort, order }: FlowFilter): Generator<number> {
  const found = connection.get<{ numbers: Uint8Array }>(
    'SELECT numbers FROM flow_orders WHERE run = ? AND sort = ?',
    ...[run, sort ?? 'stall'],
  );
  if (found === undefined) throw new ServerError('bad-request', `flows cannot be sorted by '${sort}'`);
  const bytes = Uint8Array.from(found.numbers);
  const numbers = new Uint32Array(bytes.buffer);
  if (sort !== null && order === 'asc') yield* numbers;
  else for (let at = numbers.length - 1; at >= 0; at -= 1) yield numbers[at] as number;
}

const eachDocument = (connection: Connection, run: number): Iterable<{ flow: string }> =>
  connection.iterate('SELECT flow FROM flow_documents WHERE run = ? ORDER BY number', run);

function* exportFlowList(connection: Connection, run: number): Generator<string, void, undefined> {
  let separator = '[\n';
  for (const { flow } of eachDocument(connection, run)) {
    yield separator + flow;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
}
