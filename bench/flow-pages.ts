/**
 * How long the store takes for a page of the flow table: 100,000 flows, every column in both
 * orders, from the first row and from deep within, and every kind of filter; counts included.
 * The trap: the store remembers what the last filters found; a new one is timed by itself.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FlowSort } from '../server/api.ts';
import { openStore } from '../server/store/open-store.ts';
import type { FlowQuery } from '../server/store/store.ts';
import { chunksOf, smallPcap, storeReport, testReport } from '../server/store/test-store.ts';
import { median } from './measure.ts';

const FLOWS = 100_000;
const ROUNDS = 7;

const SORTS: readonly FlowSort[] = [
  'stall',
  'start',
  'outcome',
  'cause',
  'client',
  'server',
  'confidence',
  'retransmits',
  'bytes',
];
const FILTERS = [
  '',
  'outcome:hung',
  'cause:rto-backoff',
  'candidate:loss',
  'stall-cause:zero-window',
  'stall:>2s',
  'stall:>9999s',
  'port:443',
  'seen:!node-b',
  '10.0.7.7',
  'nothing-like-it',
  'outcome:hung,reset stall:>2s -port:443 seen:node-b retransmits:>3 10.0',
];

/** A table in Markdown; the slowest of the medians last. */
export async function measureFlowPages(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-bench-'));
  const store = await openStore({ folder });
  try {
    const { id } = store.createIncident();
    await store.addFile(id, { name: 'a.pcap', vantage: null, mostBytes: 1000 }, chunksOf(smallPcap()));
    const begun = performance.now();
    await storeReport(store, id, testReport(FLOWS));
    const size = statSync(path.join(folder, 'stallscope.db')).size / 2 ** 20;
    print(`stored in ${((performance.now() - begun) / 1000).toFixed(1)} s, ${size.toFixed(0)} MiB`);
    print('| filter | new, ms | again, slowest order | ms |\n|---|---:|---|---:|');
    let worst = 0;
    for (const q of FILTERS) {
      const [name, ms] = slowest(q, (query) => store.flows(id, query));
      const first = firstTime(q, (query) => store.flows(id, query));
      worst = Math.max(worst, ms, first);
      print(`| \`${q}\` | ${first.toFixed(1)} | ${name} | ${ms.toFixed(1)} |`);
    }
    print(`slowest: ${worst.toFixed(1)} ms`);
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function slowest(q: string, ask: (query: FlowQuery) => unknown): [string, number] {
  let worst: [string, number] = ['', 0];
  for (const sort of SORTS) {
    for (const order of ['asc', 'desc'] as const) {
      for (const offset of [0, FLOWS - 200]) {
        const ms = medianTime(() => ask({ q, sort, order, offset, limit: 100 }));
        if (ms > worst[1]) worst = [`${sort} ${order}, from row ${offset}`, ms];
      }
    }
  }
  return worst;
}

/** Each round with a term that was never asked for. */
function firstTime(q: string, ask: (query: FlowQuery) => unknown): number {
  let round = 0;
  return medianTime(() => {
    round += 1;
    ask({ q: `${q} -never${round}`, sort: 'stall', order: 'desc', offset: 0, limit: 100 });
  });
}

function medianTime(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}
