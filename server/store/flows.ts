/**
 * The flow table: pages, filtered and sorted, with the counts of the whole; one flow; exports.
 * The trap: equal keys need an order of their own, or a page repeats rows of the page before.
 */
import type { Flow } from '../../analyzer/index.ts';
import type { FlowDetail, FlowPage, FlowRow, FlowSort } from '../api.ts';
import type { Connection, SqlValue } from './connection.ts';
import { type FlowCondition, parseFlowFilter } from './flow-filter.ts';
import { notFound, type Shared, shownRun } from './shared.ts';
import type { FlowFilter, FlowQuery } from './store.ts';
import { lanesOfFlow } from './timeline-rows.ts';

const MOST_ROWS = 1000;

const SORT_COLUMNS: Record<FlowSort, string> = {
  stall: 'stall',
  start: 'start',
  outcome: 'severity',
  cause: 'cause_order',
  client: 'client_order',
  server: 'server_order',
  confidence: 'confidence',
  retransmits: 'retransmits',
  bytes: 'bytes',
};

export class Flows {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  page(incident: string, query: FlowQuery): FlowPage {
    const { connection } = this.shared;
    const condition = parseFlowFilter(query.q);
    const offset = Math.max(0, query.offset);
    const limit = Math.min(MOST_ROWS, Math.max(0, query.limit));
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const { total, facets } = countFlows(connection, run, condition);
      const found = connection.all<{ number: number }>(
        `SELECT number FROM flows ${selection(query, condition)} LIMIT ? OFFSET ?`,
        ...[run, ...condition.values, limit, offset],
      );
      const rows = found.map(
        ({ number }) =>
          connection.get<{ row: string }>(
            'SELECT row FROM flow_documents WHERE run = ? AND number = ?',
            ...[run, number],
          )?.row ?? 'null',
      );
      return { total, offset, rows: rows.map((row) => JSON.parse(row) as FlowRow), facets };
    });
  }

  detail(incident: string, flow: string): FlowDetail {
    const { connection } = this.shared;
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const number = flowNumber(connection, run, flow);
      const found = connection.get<{ flow: string; journeys: number }>(
        'SELECT flow, journeys FROM flow_documents WHERE run = ? AND number = ?',
        ...[run, number],
      );
      if (found === undefined) throw notFound('flow');
      return {
        index: number,
        flow: JSON.parse(found.flow) as Flow,
        lanes: lanesOfFlow(connection, run, flow),
        journeys: found.journeys,
      };
    });
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

  *exportFlows(
    incident: string,
    filter: FlowFilter,
  ): Generator<{ row: FlowRow; flow: Flow }, void, undefined> {
    const condition = parseFlowFilter(filter.q);
    const connection = this.shared.connect();
    try {
      connection.execute('BEGIN');
      const run = shownRun(connection, incident);
      const found = connection.iterate<{ number: number }>(
        `SELECT number FROM flows ${selection(filter, condition)}`,
        ...[run, ...condition.values],
      );
      for (const { number } of found) {
        const document = connection.get<{ row: string; flow: string }>(
          'SELECT row, flow FROM flow_documents WHERE run = ? AND number = ?',
          ...[run, number],
        );
        if (document === undefined) continue;
        yield { row: JSON.parse(document.row) as FlowRow, flow: JSON.parse(document.flow) as Flow };
      }
    } finally {
      connection.close();
    }
  }
}

/** By `Flow.id`. @throws ServerError `not-found` */
export function flowNumber(connection: Connection, run: number, flow: string): number {
  const row = connection.get<{ number: number }>(
    'SELECT number FROM flows WHERE run = ? AND id = ?',
    ...[run, flow],
  );
  if (row === undefined) throw notFound('flow');
  return row.number;
}

/** The run's number is the first value. Without a column to sort by, the worst stall comes first. */
function selection({ sort, order }: FlowFilter, { sql }: FlowCondition): string {
  const direction = sort === null || order === 'desc' ? 'DESC' : 'ASC';
  // Ties go the other way, as the index has them: `run, column DESC, number`.
  const ties = direction === 'DESC' ? 'ASC' : 'DESC';
  return `WHERE run = ? AND ${sql} ORDER BY ${SORT_COLUMNS[sort ?? 'stall']} ${direction}, number ${ties}`;
}

function countFlows(
  connection: Connection,
  run: number,
  { sql, values }: FlowCondition,
): Pick<FlowPage, 'total' | 'facets'> {
  const groups = connection.all<{ outcome: string; cause: string | null; n: number }>(
    `SELECT outcome, cause, count(*) AS n FROM flows WHERE run = ? AND ${sql} GROUP BY outcome, cause`,
    ...([run, ...values] satisfies SqlValue[]),
  );
  const facets: FlowPage['facets'] = { outcome: {}, cause: {} };
  let total = 0;
  for (const { outcome, cause, n } of groups) {
    total += n;
    facets.outcome[outcome] = (facets.outcome[outcome] ?? 0) + n;
    if (cause !== null) facets.cause[cause] = (facets.cause[cause] ?? 0) + n;
  }
  return { total, facets };
}

function* exportFlowList(connection: Connection, run: number): Generator<string, void, undefined> {
  let separator = '[\n';
  const documents = connection.iterate<{ flow: string }>(
    'SELECT flow FROM flow_documents WHERE run = ? ORDER BY number',
    run,
  );
  for (const { flow } of documents) {
    yield separator + flow;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
}
