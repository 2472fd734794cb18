/**
 * Writes what an analysis found, in many short transactions under a run of its own, which nobody
 * sees until the last one makes it the incident's. Used in the worker, with a connection of its own.
 * The trap: the analysis may be called off at any moment; `finish` says whether it still counts.
 */
import { nearestRank, type Report, type TimelineChunk, type TimelineHead } from '../../analyzer/index.ts';
import type { FlowRow, IncidentDetail } from '../api.ts';
import type { Connection } from './connection.ts';
import type { Facet } from './flow-matches.ts';
import { FLOW_SORTS, FlowOrders } from './flow-orders.ts';
import { FLOW_COLUMNS, toFlowColumns, toFlowRow, toInteger } from './flow-row.ts';
import { insertJourneys } from './journeys.ts';

/** Others that want to write wait for one transaction: some ten ms. */
const BATCH_FLOWS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_JOURNEYS = 2000;

type Stalls = NonNullable<IncidentDetail['stalls']>;

export class RunWriter {
  private readonly connection: Connection;
  private readonly run: number;
  private readonly worst: FlowRow[] = [];
  private readonly numbers = new Map<string, number>();
  /** `node-a.in`, by capture. */
  private readonly places = new Map<string, string>();
  private readonly orders = new FlowOrders();
  private readonly facets: Facet[] = [];
  private readonly facetNumbers = new Map<string, number>();

  constructor(connection: Connection, run: number) {
    this.connection = connection;
    this.run = run;
  }

  /** Before the flows. `files`: ids of the captures' files, in the order of the report. */
  writeCaptures(report: Report, files: readonly string[]): void {
    this.connection.write(() => {
      for (const [i, { id, vantage }] of report.captures.entries()) {
        this.places.set(id, [vantage.host, vantage.side ?? []].flat().join('.'));
        const file = files[i];
        if (file === undefined) continue;
        this.connection.run(
          'INSERT INTO captures (run, capture, file) VALUES (?, ?, ?)',
          ...[this.run, id, file],
        );
      }
    });
  }

  writeFlows(
    flows: Report['flows'],
    retransmitsOf: (index: number) => number,
    onProgress: (done: number) => void,
  ): void {
    for (let from = 0; from < flows.length; from += BATCH_FLOWS) {
      const some = flows.slice(from, from + BATCH_FLOWS);
      this.connection.write(() => {
        for (const [i, flow] of some.entries()) this.writeFlow(flow, from + i, retransmitsOf(from + i));
      });
      onProgress(from + some.length);
    }
    for (const sort of FLOW_SORTS) this.writeOrder(sort);
  }

  writeChunks(chunks: Iterable<TimelineChunk>, onProgress: (chunks: number) => void): void {
    let written = 0;
    for (const batch of batches(chunks, BATCH_BYTES, ({ bytes }) => bytes.length)) {
      this.connection.write(() => {
        for (const { number, bytes } of batch) {
          this.connection.run(
            'INSERT INTO timeline_chunks (run, number, bytes) VALUES (?, ?, ?)',
            ...[this.run, number, bytes],
          );
        }
      });
      written += batch.length;
      onProgress(written);
    }
  }

  writeJourneys(
    all: Iterable<{ flow: string; journeys: Parameters<typeof insertJourneys>[3] }>,
    onProgress: (journeys: number) => void,
  ): void {
    let written = 0;
    for (const batch of batches(all, BATCH_JOURNEYS, ({ journeys }) => journeys.length + 1)) {
      this.connection.write(() => {
        for (const { flow, journeys } of batch) {
          const number = this.numbers.get(flow);
          if (number === undefined || journeys.length === 0) continue;
          insertJourneys(this.connection, this.run, number, journeys);
          written += journeys.length;
        }
      });
      onProgress(written);
    }
  }

  /**
   * Makes the run the incident's result. `files`: how many it read; where there are more by now, it is of the files before.
   * @returns false where nobody waits for it any more: the files have changed, or the incident is gone
   */
  finish(
    report: Report,
    timeline: { head: TimelineHead; directory: Uint8Array } | null,
    files = Number.MAX_SAFE_INTEGER,
  ): boolean {
    const { connection, run } = this;
    const stalls = summarize(this.worst);
    // What was written before lies in the same log, so this forces all of it to the disk.
    connection.pragma('synchronous = FULL');
    return connection.write(() => {
      connection.run(
        `UPDATE runs SET report = ?, timeline = ?, directory = ?, headline = ?, flows = ?, worst_stall = ?, stalls = ?,
           facets = ?
         WHERE id = ?`,
        JSON.stringify({ ...report, flows: [] }),
        timeline === null ? null : JSON.stringify(timeline.head),
        timeline?.directory ?? null,
        report.headline,
        report.flows.length,
        stalls?.max ?? null,
        stalls === null ? null : JSON.stringify(stalls),
        JSON.stringify(this.facets),
        run,
      );
      const changed = connection.run(
        `UPDATE incidents SET run = pending, pending = NULL, error = NULL, revision = revision + 1,
           state = iif((SELECT count(*) FROM files WHERE incident = incidents.id) > ?, 'uploaded', 'ready')
         WHERE pending = ?`,
        files,
        run,
      );
      return changed === 1;
    });
  }

  private writeFlow(flow: Report['flows'][number], index: number, retransmits: number): void {
    const { connection, run } = this;
    const row = toFlowRow(flow, index, retransmits);
    if (row.stall !== null && row.outcome !== 'unaffected') this.worst.push(row);
    this.numbers.set(flow.id, index);
    this.orders.add(row, flow);
    connection.run(INSERT_FLOW, run, ...toFlowColumns(flow, row, this.facetOf(row), this.placesOf(row)));
    connection.run(
      'INSERT INTO flow_documents (run, number, row, flow) VALUES (?, ?, ?, ?)',
      ...[run, index, JSON.stringify(row), JSON.stringify(flow)],
    );
    for (const [number, stall] of flow.stalls.entries()) {
      connection.run(
        'INSERT INTO stalls (run, flow, number, start, ended, duration, cause) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[run, index, number, toInteger(stall.start)],
        ...[stall.end === null ? null : toInteger(stall.end), stall.duration, stall.cause],
      );
    }
  }

  /** People filter by the vantage's name; the report names captures. */
  private placesOf({ seenAt }: FlowRow): string[] {
    return seenAt.flatMap((capture) => [capture, this.places.get(capture) ?? []].flat());
  }

  private facetOf({ outcome, cause }: FlowRow): number {
    const key = `${outcome} ${cause}`;
    const known = this.facetNumbers.get(key);
    if (known !== undefined) return known;
    this.facetNumbers.set(key, this.facets.length);
    return this.facets.push([outcome, cause]) - 1;
  }

  private writeOrder(sort: (typeof FLOW_SORTS)[number]): void {
    const numbers = this.orders.of(sort);
    this.connection.run(
      'INSERT INTO flow_orders (run, sort, numbers) VALUES (?, ?, ?)',
      ...[this.run, sort, new Uint8Array(numbers.buffer)],
    );
  }
}

const INSERT_FLOW = `INSERT INTO flows (run, ${FLOW_COLUMNS.join(', ')}) VALUES (?${', ?'.repeat(FLOW_COLUMNS.length)})`;

/** Of the worst stalls of affected flows; null where there is none. */
export function summarize(rows: readonly Pick<FlowRow, 'stall' | 'outage' | 'backoff'>[]): Stalls | null {
  const stalls = rows.map(({ stall }) => stall ?? 0).sort((a, b) => a - b);
  if (stalls.length === 0) return null;
  const rank = (share: number): number => nearestRank(stalls, share);
  const sum = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((all, row) => all + of(row), 0);
  const outage = sum((row) => row.outage ?? 0);
  const backoff = sum((row) => row.backoff ?? 0);
  const all = stalls.reduce((total, stall) => total + stall, 0);
  return {
    p50: rank(0.5),
    p95: rank(0.95),
    max: rank(1),
    outage: round(outage),
    backoff: round(backoff),
    other: round(Math.max(0, all - outage - backoff)),
  };
}

const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

/** Groups of consecutive items that together weigh some `most`. */
function* batches<T>(items: Iterable<T>, most: number, weigh: (item: T) => number): Generator<T[]> {
  let batch: T[] = [];
  let weight = 0;
  for (const item of items) {
    batch.push(item);
    weight += weigh(item);
    if (weight < most) continue;
    yield batch;
    batch = [];
    weight = 0;
  }
  if (batch.length > 0) yield batch;
}
