import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../analyzer/index.ts';
import type { FlowSort } from '../api.ts';
import { parseFlowFilter } from './flow-filter.ts';
import { type OpenStore, openStore } from './open-store.ts';
import {
  chunksOf,
  smallPcap,
  storeReport,
  type TemporaryFolder,
  temporaryFolder,
  testReport,
} from './test-store.ts';

const FLOWS = 700;
const report = testReport(FLOWS);

let folder: TemporaryFolder;
let store: OpenStore;
let id: string;

beforeAll(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
  ({ id } = store.createIncident());
  await store.addFile(id, { name: 'a.pcap', vantage: null, mostBytes: 1000 }, chunksOf(smallPcap()));
  await storeReport(store, id, report);
});
afterAll(() => {
  store.close();
  folder.remove();
});

const page = (q: string, sort: FlowSort | null = 'start', order: 'asc' | 'desc' = 'asc') =>
  store.flows(id, { offset: 0, limit: 1000, sort, order, q });
const indexes = (q: string): number[] => page(q).rows.map(({ index }) => index);
/** What the filter should find, by looking at every flow. */
const where = (test: (flow: Flow, index: number) => boolean): number[] =>
  report.flows.flatMap((flow, index) => (test(flow, index) ? [index] : []));

const stall = (flow: Flow): number | undefined => flow.stalls[0]?.duration;

describe('a term', () => {
  it.each<[string, (flow: Flow, index: number) => boolean]>([
    ['', () => true],
    ['outcome:hung', (f) => f.outcome === 'hung'],
    ['OUTCOME:Hung,reset', (f) => f.outcome === 'hung' || f.outcome === 'reset'],
    ['cause:rto-backoff', (f) => f.cause === 'rto-backoff'],
    ['verdict:rto-backoff', (f) => f.cause === 'rto-backoff'],
    ['-cause:rto-backoff', (f) => f.cause !== 'rto-backoff'],
    ['cause:none', (f) => f.cause === null],
    ['cause:none,outage', (f) => f.cause === null || f.cause === 'outage'],
    ['candidate:loss', (f) => f.cause === 'loss' || f.candidates.includes('loss')],
    ['stall-cause:zero-window', (f) => f.stalls.some(({ cause }) => cause === 'zero-window')],
    ['confidence:low', (f) => f.confidence === 'low'],
    ['confidence:!low', (f) => f.confidence !== 'low'],
    ['protocol:udp', (f) => f.protocol === 'udp'],
    ['port:443', (f) => f.client.port === 443 || f.server.port === 443],
    ['port:1030,80', (f) => [1030, 80].some((port) => f.client.port === port || f.server.port === port)],
    ['seen:node-b', (f) => f.seenAt.includes('c3')],
    ['seen:node-a', (f) => f.seenAt.includes('c2')],
    ['seen:node-a.in', (f) => f.seenAt.includes('c2')],
    ['seen:node', () => false],
    ['seen:c4', (f) => f.seenAt.includes('c4')],
    ['seen:!node-b', (f) => !f.seenAt.includes('c3')],
    ['-seen:!node-b', (f) => f.seenAt.includes('c3')],
    ['stall:>2s', (f) => (stall(f) ?? 0) > 2],
    ['stall:2', (f) => (stall(f) ?? 0) >= 2],
    ['stall:<=500ms', (f) => (stall(f) ?? 9) <= 0.5],
    ['-stall:>0', (f) => stall(f) === undefined],
    ['backoff:>=1s', (f) => (f.stalls[0]?.backoff ?? 0) >= 1],
    ['retransmits:>3', (_, i) => i % 11 > 3],
    ['retransmits:=0', (_, i) => i % 11 === 0],
    ['bytes:>5k', (f) => f.bytesToClient + f.bytesToServer > 5000],
    ['client:10.0.1.', (f) => f.client.address.startsWith('10.0.1.')],
    ['id:f000000002a', (_, i) => i === 42],
    ['10.0.2.7:', (f) => f.client.address === '10.0.2.7'],
    ['2001:db8::1', (f) => f.server.address === '2001:db8::1'],
    ['db8:', (f) => f.server.address === '2001:db8::1'],
    ['-2001:DB8::', (f) => f.server.address !== '2001:db8::1'],
    ['%', () => false],
    ['1_0', () => false],
    ["'", () => false],
    [
      'outcome:hung  stall:>2s port:80',
      (f) => f.outcome === 'hung' && (stall(f) ?? 0) > 2 && f.server.port === 80,
    ],
  ])('%j finds the flows that it says', (q, test) => {
    expect(indexes(q)).toEqual(where(test));
  });

  it.each([
    ['outcome:dead', "'outcome:dead' is not understood: there is no 'dead'"],
    ['port:99999', "'99999' is no port"],
    ['port:https', "'https' is no port"],
    ['stall:>long', "'long' is not a time"],
    ['stall:', 'nothing follows the colon'],
    ['seen:!', 'nothing follows the colon'],
    ['retransmits:>1.5', "'1.5' is not a number"],
    ['colour:red', "there is no 'colour'"],
    ['constructor:x', "there is no 'constructor'"],
    ['outcome:hung;DROP', "there is no 'hung;DROP'"],
  ])('%j is refused by name', (q, message) => {
    expect(() => page(`port:80 ${q}`)).toThrow(message);
  });

  it('of any text is found or refused, and never reaches SQLite as anything but a value', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .tuple(
          fc.constantFrom('seen', 'client', 'server', 'id', '-seen', 'stall'),
          fc.string({ maxLength: 9 }),
        )
        .map(([key, value]) => `${key}:${value}`),
    );
    fc.assert(
      fc.property(text, (q) => {
        let sql: string;
        try {
          ({ sql } = parseFlowFilter(q));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-request' });
          return;
        }
        expect(sql).toMatch(/^[\w\s().?=<>,'\\]*$/);
        expect(page(q).total).toBeLessThanOrEqual(FLOWS);
      }),
    );
  });

  it('too many of them are refused', () => {
    expect(() => page('a '.repeat(51))).toThrow('more than 50');
  });
});

describe('a page', () => {
  it('comes with the counts of the whole', () => {
    const { facets, total, rows } = store.flows(id, {
      offset: 5,
      limit: 3,
      sort: null,
      order: 'desc',
      q: 'port:80',
    });
    const found = report.flows.filter(({ server }) => server.port === 80);
    expect([total, rows.length]).toEqual([found.length, 3]);
    const count = (values: (string | null)[]): Record<string, number> =>
      values.reduce<Record<string, number>>((all, value) => {
        if (value !== null) all[value] = (all[value] ?? 0) + 1;
        return all;
      }, {});
    expect(facets).toEqual({
      outcome: count(found.map(({ outcome }) => outcome)),
      cause: count(found.map(({ cause }) => cause)),
    });
  });

  it('follows the one before, whatever the order, without a gap or a repetition', () => {
    const sorts = [
      'stall',
      'start',
      'outcome',
      'cause',
      'client',
      'server',
      'confidence',
      'retransmits',
      'bytes',
    ] as const;
    for (const sort of sorts) {
      for (const order of ['asc', 'desc'] as const) {
        const whole = page('', sort, order).rows.map(({ index }) => index);
        expect(new Set(whole).size).toBe(FLOWS);
        const paged = [];
        for (let offset = 0; offset < FLOWS; offset += 33) {
          paged.push(...store.flows(id, { offset, limit: 33, sort, order, q: '' }).rows);
        }
        expect(paged.map(({ index }) => index)).toEqual(whole);
      }
    }
  });

  it('sorts by what the column means', () => {
    const first = (sort: FlowSort, order: 'asc' | 'desc') => page('', sort, order).rows[0];
    expect(first('outcome', 'desc')?.outcome).toBe('hung');
    expect(first('outcome', 'asc')?.outcome).toBe('unaffected');
    expect(first('stall', 'desc')?.stall).toBe(Math.max(...report.flows.map((flow) => stall(flow) ?? 0)));
    expect(first('confidence', 'desc')?.confidence).toBe('high');
    expect(first('cause', 'asc')?.cause).toBe('rto-backoff');
    expect(first('cause', 'desc')?.cause).toBeNull();
    const clients = page('', 'client').rows.map(({ client }) => client.split(/[.:]/).map(Number));
    for (const [i, client] of clients.slice(1).entries()) {
      const before = clients[i] as number[];
      const at = client.findIndex((part, j) => part !== before[j]);
      expect(client[at]).toBeGreaterThan(before[at] as number);
    }
    expect(page('', null).rows[0]).toEqual(first('stall', 'desc'));
  });
});
