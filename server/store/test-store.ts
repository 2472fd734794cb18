/** For tests: a store in a folder of its own, and a report of many flows that is written like an analysis' own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CAUSE_IDS, type Flow, type Journey, OUTCOMES, type Report } from '../../analyzer/index.ts';
import { Connection, loadPackage } from './connection.ts';
import type { OpenStore } from './open-store.ts';
import { databasePath } from './places.ts';
import { RunWriter } from './run-writer.ts';

export const CAPTURES = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url));

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'stallscope-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function* chunksOf(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

/** Adds a capture of the fixtures, such as `rto-30/client.pcap.gz`. */
export function addFixture(store: OpenStore, incident: string, name: string, vantage: string | null = null) {
  const bytes = readFileSync(join(CAPTURES, name));
  return store.addFile(
    incident,
    { name: name.split('/').at(-1) ?? name, vantage, mostBytes: 2 ** 30 },
    chunksOf(bytes),
  );
}

const SMALLEST_PCAP = Uint8Array.from([
  0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
]);

/** A capture without a frame, with some bytes that make it another file. */
export const smallPcap = (salt = 0): Uint8Array => Uint8Array.from([...SMALLEST_PCAP, ...[salt & 255]]);

/** Flow `i` of many, each different in all that can be sorted and filtered by. */
export function testFlow(i: number): Flow {
  const stall = i % 3 === 0 ? null : ((i * 7919) % 10_000) / 1000 + 0.001;
  const start = 1_700_000_000_000_000_000n + BigInt(i) * 1_000_003n;
  return {
    id: `f${i.toString(16).padStart(10, '0')}`,
    protocol: i % 10 === 9 ? 'udp' : 'tcp',
    client: { address: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`, port: 1024 + (i % 60_000) },
    server: { address: i % 5 === 0 ? '2001:db8::1' : '10.9.0.5', port: i % 2 === 0 ? 443 : 80 },
    start: `${start}`,
    end: `${start + 5_000_000_000n}`,
    bytesToClient: i * 10,
    bytesToServer: i,
    seenAt: i % 4 === 0 ? ['c1', 'c2'] : ['c1', 'c3', 'c4'],
    path: 'forwarded',
    outcome: OUTCOMES[i % OUTCOMES.length] as Flow['outcome'],
    cause: i % 8 === 0 ? null : (CAUSE_IDS[i % CAUSE_IDS.length] as (typeof CAUSE_IDS)[number]),
    candidates: i % 8 === 0 ? ['loss', 'no-state-drop'] : [],
    contributing: [],
    confidence: (['high', 'medium', 'low'] as const)[i % 3] as Flow['confidence'],
    stalls:
      stall === null
        ? []
        : [
            {
              start: `${start + 1_000_000_000n}`,
              end: null,
              duration: stall,
              waiting: 'client',
              owedBy: 'server',
              cause: i % 2 === 0 ? 'zero-window' : null,
              outage: stall / 2,
              backoff: stall / 4,
              recovery: stall / 4,
              rung: null,
              nextRetry: null,
              censored: false,
              frames: { last: { capture: 'c1', frame: i + 1 } },
            },
          ],
    claims: [
      { kind: 'observed', text: 'a segment was sent again', frames: [{ capture: 'c1', frame: i + 1 }] },
    ],
    ruledOut: [],
    splitBy: [],
    advice: [],
  };
}

function testCapture(number: number, host: string, side?: 'in' | 'out'): Report['captures'][number] {
  return {
    id: `c${number}`,
    file: `${host}.pcap`,
    format: 'pcap',
    linkTypes: [],
    vantage: { host, role: 'unknown', inferred: true, ...(side !== undefined && { side }) },
    frames: 0,
    firstTime: null,
    lastTime: null,
    coveredUntil: null,
    snaplen: null,
    dropped: null,
    truncated: false,
    interfaces: [],
  };
}

export function testReport(flows: number, headline = 'made for a test'): Report {
  return {
    schemaVersion: 1,
    tool: { name: 'stallscope', version: 'test' },
    headline,
    captures: [
      testCapture(1, 'client'),
      testCapture(2, 'node-a', 'in'),
      testCapture(3, 'node-b'),
      testCapture(4, 'server'),
    ],
    clocks: [],
    failovers: [],
    path: { kind: 'forwarded', claims: [] },
    flows: Array.from({ length: flows }, (_, i) => testFlow(i)),
    causes: [],
    summary: { flows, byOutcome: {} },
    advice: [],
    problems: [],
  };
}

/** Flow `flow` seen at two vantages, one packet a ms. */
export function testJourneys(flow: number, count: number): Journey[] {
  return Array.from({ length: count }, (_, i) => ({
    from: 'client',
    time: i * 1_000_000,
    seq: i,
    ack: 0,
    length: 1,
    flags: 'ACK',
    label: '',
    stops: [
      {
        vantage: 0,
        seen: 'seen',
        frame: { capture: 'c1', frame: flow * 10_000 + i + 1 },
        time: i * 1_000_000,
      },
      { vantage: 1, seen: 'missing' },
      {
        vantage: 2,
        seen: 'seen',
        frame: { capture: 'c2', frame: flow * 10_000 + i + 5 },
        time: i * 1_000_000 + 9,
      },
    ],
  }));
}

/** What the worker does, without the analysis: the incident must have a capture. */
export async function storeReport(
  store: OpenStore,
  incident: string,
  report: Report,
  journeys: readonly number[] = [],
): Promise<boolean> {
  store.analyses.queue(incident);
  const begun = store.analyses.begin(incident);
  if (begun === null) return false;
  const connection = new Connection(await loadPackage(), databasePath(store.folder));
  try {
    const writer = new RunWriter(connection, begun.run);
    writer.writeCaptures(
      report,
      begun.files.map(({ id }) => id),
    );
    writer.writeFlows(
      report.flows,
      (index) => index % 11,
      () => {},
    );
    writer.writeJourneys(
      journeys.map((count, i) => ({ flow: testFlow(i).id, journeys: testJourneys(i, count) })),
      () => {},
    );
    return writer.finish(report, null);
  } finally {
    connection.close();
    store.analyses.finished(incident);
  }
}
