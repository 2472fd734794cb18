import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnalysis, decodeTile, type LaneFrame, Mark } from '../../analyzer/index.ts';
import { bomb, exchange, pcap } from '../../test/bad-input/bad-files.ts';
import type { IncidentState, Progress } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { type OpenStore, openStore } from '../store/open-store.ts';
import {
  addFixture,
  CAPTURES,
  chunksOf,
  smallPcap,
  type TemporaryFolder,
  temporaryFolder,
} from '../store/test-store.ts';
import type { Jobs } from './jobs.ts';
import { startJobs } from './start-jobs.ts';
import { bundledWorker } from './test-worker.ts';

const TOOL = { name: 'stallscope', version: 'test' };

let worker: URL;
let folder: TemporaryFolder;
let store: OpenStore;
let jobs: Jobs;

beforeAll(async () => {
  worker = await bundledWorker();
});
beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
  jobs = startJobs(store, { tool: TOOL, worker });
});
afterEach(async () => {
  await jobs.close();
  store.close();
  folder.remove();
});

/** Settles with the incident's first state of these. */
function untilState(id: string, ...states: IncidentState[]): Promise<IncidentState> {
  return new Promise((resolve) => {
    const end = jobs.onEvent((event) => {
      if (event.kind !== 'state' || event.incident !== id || !states.includes(event.summary.state)) return;
      end();
      resolve(event.summary.state);
    });
  });
}

const sum = (counts: Uint32Array | undefined): number => counts?.reduce((a, b) => a + b, 0) ?? 0;

async function addAll(id: string, scenario: string): Promise<string[]> {
  const names = readdirSync(join(CAPTURES, scenario)).filter((name) => name !== 'truth.json');
  for (const name of names) await addFixture(store, id, `${scenario}/${name}`);
  return names;
}

function analyseHere(scenario: string, names: readonly string[]) {
  const analysis = createAnalysis({ tool: TOOL });
  for (const name of names) {
    const bytes = readFileSync(join(CAPTURES, scenario, name));
    if (name.endsWith('.log')) {
      analysis.addJournal({ file: name, text: bytes.toString(), problems: [] });
      continue;
    }
    const feed = analysis.addCapture({ file: name });
    feed.push(gunzipSync(bytes));
    feed.end();
  }
  return analysis.finish();
}

describe('an analysis', () => {
  it('stores the report that the analyzer makes of the same files, and tells how far it is', async () => {
    const { id } = store.createIncident();
    const names = await addAll(id, 'rto-30');
    const told: Progress[] = [];
    jobs.onEvent((event) => {
      if (event.kind === 'progress') told.push(event.progress);
    });
    const ended = untilState(id, 'ready', 'failed');
    expect(jobs.analyse(id).state).toBe('analysing');
    expect(await ended).toBe('ready');
    const { captures, flows, ...rest } = JSON.parse([...store.exportReport(id)].join(''));
    const expected = analyseHere('rto-30', names);
    expect(flows).toEqual(JSON.parse(JSON.stringify(expected.flows)));
    expect(rest).toEqual(JSON.parse(JSON.stringify({ ...expected, captures: undefined, flows: undefined })));
    expect(captures.map(({ sha256 }: { sha256: string }) => sha256)).toEqual(
      store.incidentDetail(id).storedFiles.flatMap((file) => (file.kind === 'capture' ? [file.sha256] : [])),
    );
    expect(new Set(told.map(({ phase }) => phase))).toEqual(
      new Set(['reading', 'judging', 'drawing', 'storing']),
    );
    expect(store.captureFile(id, 'c2').name).toBe(captures[1].file);
    const seen = (q: string): number =>
      store.flows(id, { offset: 0, limit: 0, sort: null, order: 'desc', q }).total;
    expect(seen('seen:node-b')).toBeGreaterThan(0);
    expect(seen('seen:node-b') + seen('seen:!node-b')).toBe(flows.length);
    expect(seen('seen:nobody')).toBe(0);
    expect(jobs.counts()).toMatchObject({ queued: 0, done: 1, failed: 0 });
    expect(store.incidentDetail(id).stalls?.max).toBe(store.incident(id).worstStall);
  });

  it('follows packets from vantage to vantage', async () => {
    const { id } = store.createIncident();
    await addAll(id, 'rto-7');
    const ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('ready');
    const [row] = store.flows(id, { offset: 0, limit: 1, sort: 'stall', order: 'desc', q: '' }).rows;
    const { journeys } = store.flow(id, row?.id ?? '');
    expect(journeys).toBeGreaterThan(0);
    const page = store.journeys(id, row?.id ?? '', { from: 0, to: 1e15, limit: 5000 });
    expect(page.total).toBe(journeys);
    const seen = page.journeys.flatMap(({ stops }) => stops.flatMap(({ frame }) => frame ?? []))[0];
    expect(store.sightings(id, seen ?? { capture: '', frame: 0 })[0]?.frame).toEqual(seen);
  });

  it('draws every segment: lanes, tiles and frames tell the same', async () => {
    const { id } = store.createIncident();
    await addAll(id, 'rto-30');
    const ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('ready');
    const { timeline } = store.incidentDetail(id);
    expect(timeline?.vantages.length).toBeGreaterThan(3);
    const all = {
      from: timeline?.from ?? 0,
      to: timeline?.to ?? 0,
      limit: 10_000,
      least: 0,
      order: 'asc' as const,
    };
    for (const { index, frames } of timeline?.vantages ?? []) {
      const found = store.laneFrames(id, `v${index}`, all);
      expect(found.frames.length).toBeLessThanOrEqual(frames);
      expect(sum(tileOf(`v${index}`)?.count)).toBe(found.frames.length);
    }
    const row = store.flows(id, { offset: 0, limit: 1, sort: 'retransmits', order: 'desc', q: '' }).rows[0];
    expect(row?.retransmits).toBeGreaterThan(0);
    const { lanes } = store.flow(id, row?.id ?? '');
    const repeated = (frames: LaneFrame[]): number =>
      frames.filter(({ mark }) => mark === Mark.Retransmission).length;
    const byVantage = new Map<number, number>();
    for (const { lane, vantage, frames } of lanes) {
      const found = store.laneFrames(id, lane, all);
      expect(found.frames.length).toBe(frames);
      expect(found.frames.every(({ flow }) => flow === row?.id)).toBe(true);
      expect(sum(tileOf(lane)?.count)).toBe(frames);
      byVantage.set(vantage, (byVantage.get(vantage) ?? 0) + repeated(found.frames));
    }
    expect([...byVantage.values()]).toContain(row?.retransmits);
    expect(() => store.tile(id, 'v99', 30, 0)).toThrow('no such lane');
    expect(() => store.laneFrames(id, 'v0.nobody.c', all)).toThrow('no such lane');

    function tileOf(lane: string) {
      // 512 buckets of 2^40 ns are a week: one tile before the origin and one behind it.
      const tiles = [-1, 0].map((at) => decodeTile(store.tile(id, lane, 40, at)));
      return tiles.find((tile) => (tile?.rows ?? 0) > 0);
    }
  });

  it('fails with the name of a file that cannot be read, and can be run again', async () => {
    const { id } = store.createIncident();
    const good = await addFixture(store, id, 'rto-7/client.pcap.gz');
    const bad = await store.addFile(
      id,
      { name: 'bad.pcap', vantage: null, mostBytes: 99 },
      chunksOf(smallPcap()),
    );
    writeFileSync(store.file(id, bad.id).path, 'no capture any more');
    let ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('failed');
    expect(store.incident(id).error).toContain('bad.pcap cannot be used');
    expect(jobs.counts()).toMatchObject({ failed: 1 });
    store.deleteFile(id, bad.id);
    ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('ready');
    expect(store.captureFile(id, 'c1').id).toBe(good.id);
  });

  it('that ends while the disk is full is told of once there is room, and the next one begins then', async () => {
    await jobs.close();
    const { analyses } = store;
    const full = new ServerError('disk-full', 'the disk is full');
    let refused = 0;
    const refuseOnce = (name: 'begin' | 'fail'): void => {
      const real = analyses[name].bind(analyses) as (...values: never[]) => never;
      Object.assign(analyses, {
        [name](): never {
          Object.assign(analyses, { [name]: real });
          refused += 1;
          throw full;
        },
      });
    };
    jobs = startJobs(store, { tool: TOOL, worker, retryMs: 20 });
    const { id } = store.createIncident('x');
    const file = await addFixture(store, id, 'b-strict-curl/client.pcap.gz');
    writeFileSync(store.file(id, file.id).path, 'no capture');
    refuseOnce('begin');
    refuseOnce('fail');
    const failed = untilState(id, 'failed');
    expect(jobs.analyse(id).state).toBe('queued');
    await failed;
    expect(refused).toBe(2);
    expect(store.incident(id)).toMatchObject({ state: 'failed' });
    expect(jobs.counts()).toMatchObject({ running: 0, queued: 0, failed: 1 });
  });

  it('that takes too much memory fails, and the server goes on', async () => {
    await jobs.close();
    jobs = startJobs(store, { tool: TOOL, worker, memory: 24 * 1024 * 1024 });
    const { id } = store.createIncident();
    await addAll(id, 'mixed-24');
    const ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('failed');
    expect(store.incident(id).error).toContain('more memory than an analysis may take (24 MiB)');
  });

  it('that takes long is passed by those that wait, and goes on', async () => {
    await jobs.close();
    jobs = startJobs(store, { tool: TOOL, worker, patienceMs: 500 });
    const long = store.createIncident();
    const file = { name: 'a.pcap.gz', vantage: null, mostBytes: 2 ** 30 };
    await store.addFile(long.id, file, chunksOf(bomb('gzip', pcap(exchange()), 4096)));
    const others = [store.createIncident(), store.createIncident()];
    for (const { id } of others) await addFixture(store, id, 'b-strict-curl/client.pcap.gz');
    const ended = Promise.all(others.map(({ id }) => untilState(id, 'ready', 'failed')));
    for (const { id } of [long, ...others]) jobs.analyse(id);
    expect(store.incidents().map(({ state }) => state)).toEqual(['queued', 'queued', 'analysing']);
    expect(await ended).toEqual(['ready', 'ready']);
    expect(store.incident(long.id).state).toBe('analysing');
    store.deleteIncident(long.id);
    await expect.poll(() => jobs.counts()).toMatchObject({ running: 0, queued: 0, done: 2, failed: 0 });
  });

  it('of a file that decompresses to more than a file may have ends there, and says so', async () => {
    await jobs.close();
    jobs = startJobs(store, { tool: TOOL, worker, mostFileBytes: 3 * 2 ** 20 });
    const { id } = store.createIncident();
    const file = { name: 'a.pcap.gz', vantage: null, mostBytes: 2 ** 30 };
    await store.addFile(id, file, chunksOf(bomb('gzip', pcap(exchange()), 4096)));
    const ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('failed');
    expect(store.incident(id).error).toMatch(
      /^a\.pcap\.gz decompresses to more than the 3 MiB that a file may have; cut/,
    );
  });

  it.each([
    [
      'eats all memory',
      'const all = []; for (;;) all.push(new Array(1e5).fill(all.length));',
      'more memory than',
    ],
    ['throws', "throw new Error('boom');", 'internal error, which is a bug: boom'],
    ['ends without a word', 'process.exit(3);', 'ended before it had a result'],
  ])('whose worker %s fails with a sentence, and the next one runs', async (_what, code, sentence) => {
    await jobs.close();
    const broken = join(folder.path, 'worker.mjs');
    writeFileSync(broken, code);
    jobs = startJobs(store, { tool: TOOL, worker: pathToFileURL(broken), memory: 32 * 1024 * 1024 });
    const ids = [store.createIncident().id, store.createIncident().id];
    for (const id of ids) {
      await store.addFile(id, { name: 'a.pcap', vantage: null, mostBytes: 99 }, chunksOf(smallPcap()));
    }
    const ended = Promise.all(ids.map((id) => untilState(id, 'ready', 'failed')));
    for (const id of ids) jobs.analyse(id);
    expect(await ended).toEqual(['failed', 'failed']);
    for (const id of ids) expect(store.incident(id).error).toContain(sentence);
    expect(jobs.counts()).toMatchObject({ failed: 2, queued: 0, running: 0 });
  });

  it('is called off when its incident is deleted, and leaves nothing', async () => {
    const { id } = store.createIncident();
    await addAll(id, 'mixed-24');
    const begun = new Promise<void>((resolve) => {
      jobs.onEvent(({ kind }) => kind === 'progress' && resolve());
    });
    jobs.analyse(id);
    await begun;
    store.deleteIncident(id);
    expect(jobs.progress(id)).toBeNull();
    await jobs.close();
    await store.idle();
    expect(store.incidents()).toEqual([]);
    expect(store.totals()).toEqual({ incidents: 0, files: 0, bytes: 0 });
  });

  it('begins anew when it is asked for again, and is called off when the files change', async () => {
    const { id } = store.createIncident();
    const file = await addFixture(store, id, 'rto-7/client.pcap.gz');
    jobs.analyse(id);
    const ended = untilState(id, 'ready', 'failed');
    jobs.analyse(id);
    expect(await ended).toBe('ready');
    expect(store.incident(id).revision).toBe(1);
    jobs.analyse(id);
    store.changeFile(id, file.id, 'client');
    expect(store.incident(id).state).toBe('uploaded');
    expect(jobs.counts()).toMatchObject({ queued: 0, running: 0 });
  });

  it('that a stop of the server cut off is run at the next start, after what waited', async () => {
    const ids = [store.createIncident().id, store.createIncident().id];
    for (const id of ids) await addFixture(store, id, 'rto-7/client.pcap.gz');
    for (const id of ids) jobs.analyse(id);
    expect(ids.map((id) => store.incident(id).state)).toEqual(['analysing', 'queued']);
    await jobs.close();
    store.close();
    store = await openStore({ folder: folder.path });
    jobs = startJobs(store, { tool: TOOL, worker });
    await Promise.all(ids.map((id) => untilState(id, 'ready')));
  });
});
