import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerError } from '../server-error.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { StoreChange } from './store.ts';
import {
  addFixture,
  chunksOf,
  smallPcap,
  storeReport,
  type TemporaryFolder,
  temporaryFolder,
  testReport,
} from './test-store.ts';

let folder: TemporaryFolder;
let store: OpenStore;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
});
afterEach(() => {
  store.close();
  folder.remove();
});

const reopen = async (): Promise<void> => {
  store.close();
  store = await openStore({ folder: folder.path });
};

const small = (name = 'a.pcap', vantage: string | null = null) => ({ name, vantage, mostBytes: 1000 });

const failure = (code: string, text = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(text) });

describe('incidents', () => {
  it('are there again after a restart, newest first', async () => {
    const first = store.createIncident('the first');
    const second = store.createIncident();
    await reopen();
    expect(store.incidents().map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(store.incident(first.id)).toMatchObject({
      title: 'the first',
      state: 'empty',
      files: 0,
      expires: null,
    });
    expect(second.title).toMatch(/^Incident of \d{4}-/);
  });

  it('are renamed, and kept for a time', () => {
    const { id } = store.createIncident('a');
    expect(store.changeIncident(id, { title: ' b\u0000\n c ', keep: '30d' }).title).toBe('b c');
    const expires = BigInt(store.incident(id).expires ?? 0);
    expect(Number(expires / 1_000_000n - BigInt(Date.now()))).toBeGreaterThan(29 * 86_400_000);
    expect(store.changeIncident(id, { keep: 'forever' }).expires).toBeNull();
    expect(() => store.changeIncident(id, { keep: 'soon' })).toThrow("'soon' is no time to keep");
    expect(() => store.changeIncident(id, { title: '  ' })).toThrow(ServerError);
    expect(() => store.incident('../x')).toThrow('no such incident');
  });

  it('go when their time is over, at the latest with the next start', async () => {
    const gone = store.createIncident('gone');
    const stays = store.createIncident('stays');
    await store.addFile(gone.id, small(), chunksOf(smallPcap()));
    store.changeIncident(gone.id, { keep: '1ms' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await reopen();
    expect(store.incidents().map(({ id }) => id)).toEqual([stays.id]);
    expect(readdirSync(join(folder.path, 'files'))).toEqual([]);
  });

  it('go while the server runs, too, within the hour', async () => {
    store.close();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      store = await openStore({ folder: folder.path, keep: 90 * 60 });
      const { id } = store.createIncident();
      vi.advanceTimersByTime(3_600_000);
      expect(store.incident(id).id).toBe(id);
      vi.advanceTimersByTime(3_600_000);
      expect(() => store.incident(id)).toThrow('no such incident');
    } finally {
      vi.useRealTimers();
    }
  });

  it('are kept as long as the store is told', async () => {
    store.close();
    store = await openStore({ folder: folder.path, keep: 3600 });
    expect(store.createIncident().expires).not.toBeNull();
  });
});

describe('files', () => {
  it('come back byte by byte, with what they are', async () => {
    const { id } = store.createIncident();
    const capture = await addFixture(store, id, 'rto-30/client.pcap.gz', 'client');
    const journal = await addFixture(store, id, 'rto-30/conntrackd-a.log');
    expect([capture.kind, journal.kind]).toEqual(['capture', 'journal']);
    await reopen();
    const kept = store.file(id, capture.id);
    expect(kept).toMatchObject({ name: 'client.pcap.gz', vantage: 'client', sha256: capture.sha256 });
    expect(readFileSync(kept.path).length).toBe(kept.size);
    expect(store.incident(id)).toMatchObject({
      state: 'uploaded',
      files: 2,
      size: capture.size + journal.size,
    });
    expect(statSync(kept.path).mode & 0o077).toBe(0);
    for (const name of readdirSync(folder.path).filter((n) => n.startsWith('stallscope.db')))
      expect(statSync(join(folder.path, name)).mode & 0o077, name).toBe(0);
  });

  it.each([
    ['is too large', small(), [smallPcap(), new Uint8Array(1000)], 'too-large'],
    ['is empty', small(), [], 'not-a-capture'],
    ['is a picture', small('a.png'), [Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0])], 'not-a-capture'],
    ['is a text', small('letter.txt'), ['Dear all,\nit is broken.\n'], 'not-a-capture'],
    ['has a vantage of no such form', small('a.pcap', '../etc'), [smallPcap()], 'bad-request'],
  ] as const)('are refused, and leave nothing, where one %s', async (_what, file, chunks, code) => {
    const { id } = store.createIncident();
    await expect(store.addFile(id, file, chunksOf(...chunks))).rejects.toEqual(failure(code));
    expect(readdirSync(join(folder.path, 'incoming'))).toEqual([]);
    expect(readdirSync(join(folder.path, 'files'))).toEqual([]);
    expect(store.incident(id)).toMatchObject({ state: 'empty', files: 0 });
  });

  it('leave nothing when the upload breaks off, and the error goes on', async () => {
    const { id } = store.createIncident();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield smallPcap();
      throw new Error('connection lost');
    }
    await expect(store.addFile(id, small(), broken())).rejects.toThrow('connection lost');
    expect(readdirSync(join(folder.path, 'incoming'))).toEqual([]);
    expect(store.incident(id).files).toBe(0);
  });

  it('do not come into an incident that is deleted meanwhile', async () => {
    const { id } = store.createIncident();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield smallPcap();
      store.deleteIncident(id);
    }
    await expect(store.addFile(id, small(), slow())).rejects.toEqual(failure('not-found'));
    expect(existsSync(join(folder.path, 'files', id))).toBe(false);
  });

  it('lose nothing to other uploads into the same incident that break off', async () => {
    const { id } = store.createIncident();
    async function* broken(turns: number): AsyncGenerator<Uint8Array> {
      yield smallPcap();
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      throw new Error('connection lost');
    }
    for (let round = 0; round < 20; round += 1) {
      const breaking = Array.from({ length: 8 }, (_, turns) => store.addFile(id, small(), broken(turns * 4)));
      const added = store.addFile(id, small(), chunksOf(smallPcap(round)));
      await Promise.allSettled(breaking);
      store.deleteFile(id, (await added).id);
    }
    expect(store.incidentDetail(id).storedFiles).toEqual([]);
  });

  it('have a name without a path, whatever was sent', async () => {
    const { id } = store.createIncident();
    const { name } = await store.addFile(id, small('..\\..\\etc/pass\u0007wd\u202e'), chunksOf(smallPcap()));
    expect(name).toBe('pass wd');
  });

  it('are deleted with their incident', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    const second = await store.addFile(id, small(), chunksOf(smallPcap(2)));
    store.deleteFile(id, second.id);
    expect(readdirSync(join(folder.path, 'files', id))).toHaveLength(1);
    store.deleteIncident(id);
    expect(readdirSync(join(folder.path, 'files'))).toEqual([]);
    expect(() => store.file(id, second.id)).toThrow('no such file');
  });

  it('tell who listens', async () => {
    const heard: StoreChange[] = [];
    const end = store.onChange((change) => heard.push(change));
    const { id } = store.createIncident();
    const { id: file } = await store.addFile(id, small(), chunksOf(smallPcap()));
    store.changeFile(id, file, 'node-a.in');
    store.changeFile(id, file, 'node-a.in');
    store.deleteIncident(id);
    end();
    store.createIncident();
    expect(heard.map(({ what }) => what)).toEqual(['created', 'files', 'files', 'deleted']);
  });
});

describe('results', () => {
  it('are replaced as a whole, and the old one is taken away', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    expect(store.incidentDetail(id).report).toBeNull();
    expect(() => store.flows(id, { offset: 0, limit: 1, sort: null, order: 'desc', q: '' })).toThrow(
      'no result',
    );
    await storeReport(store, id, testReport(2000, 'first'), [300]);
    expect(store.incident(id)).toMatchObject({ state: 'ready', revision: 1, headline: 'first', flows: 2000 });
    await storeReport(store, id, testReport(5, 'second'));
    expect(store.incident(id)).toMatchObject({ revision: 2, headline: 'second', flows: 5 });
    await store.idle();
    await reopen();
    await store.idle();
    expect(store.incident(id)).toMatchObject({ revision: 2, headline: 'second' });
    expect(statSync(join(folder.path, 'stallscope.db')).size).toBeLessThan(400_000);
  });

  it('do not arrive once the files are others', async () => {
    const { id } = store.createIncident();
    const { id: file } = await store.addFile(id, small(), chunksOf(smallPcap()));
    store.analyses.queue(id);
    const begun = store.analyses.begin(id);
    expect(store.incident(id).state).toBe('analysing');
    store.changeFile(id, file, 'server');
    expect(store.incident(id).state).toBe('uploaded');
    store.analyses.fail(id, begun?.run ?? -1, 'too late');
    expect(store.incident(id)).toMatchObject({ state: 'uploaded', error: null });
  });

  it('stay when the worker breaks after it has written them, and who listens hears of them', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    await storeReport(store, id, testReport(3));
    const heard: StoreChange[] = [];
    store.onChange((change) => heard.push(change));
    store.analyses.fail(id, 1, 'broke');
    expect(store.incident(id)).toMatchObject({ state: 'ready', error: null, flows: 3 });
    expect(heard).toEqual([{ incident: id, what: 'changed' }]);
    store.deleteIncident(id);
    store.analyses.fail(id, 1, 'broke');
    expect(heard.map(({ what }) => what)).toEqual(['changed', 'deleted']);
  });

  it('are queued again after a crash', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    store.analyses.queue(id);
    store.analyses.begin(id);
    await reopen();
    expect(store.incident(id).state).toBe('queued');
    expect(store.analyses.queued()).toEqual([id]);
  });

  it('need a capture', async () => {
    const { id } = store.createIncident();
    expect(() => store.analyses.queue(id)).toThrow('no file yet');
    await addFixture(store, id, 'rto-30/conntrackd-a.log');
    expect(() => store.analyses.queue(id)).toThrow('no capture');
  });

  it('are exported whole', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    for (const flows of [0, 3]) {
      const report = testReport(flows);
      await storeReport(store, id, report);
      const text = [...store.exportReport(id)].join('');
      expect(JSON.parse(text)).toEqual(report);
      expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(report));
    }
    const exported = [...store.exportFlows(id, { sort: 'start', order: 'asc', q: 'port:443' })];
    expect(exported.map(({ flow }) => flow)).toEqual([testReport(3).flows[0], testReport(3).flows[2]]);
  });

  it('read by an export are of one analysis to its end', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    await storeReport(store, id, testReport(2000));
    const exported = store.exportFlows(id, { sort: null, order: 'desc', q: '' });
    expect(exported.next().done).toBe(false);
    await storeReport(store, id, testReport(1));
    await store.idle();
    expect([...exported]).toHaveLength(1999);
  });
});

describe('journeys', () => {
  it('are read by window, and a frame finds the same packet elsewhere', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    const report = testReport(2);
    await storeReport(store, id, report, [300, 10]);
    const flow = report.flows[0]?.id ?? '';
    expect(store.flow(id, flow)).toMatchObject({ index: 0, journeys: 300, flow: report.flows[0] });
    const all = store.journeys(id, flow, { from: 0, to: 1e12, limit: 1000 });
    expect(all.journeys).toHaveLength(300);
    const some = store.journeys(id, flow, { from: 120_000_000, to: 139_000_000, limit: 5 });
    expect(some).toMatchObject({ total: 20, truncated: true });
    expect(some.journeys.map(({ seq }) => seq)).toEqual([120, 121, 122, 123, 124]);
    expect(store.sightings(id, { capture: 'c2', frame: 10_009 })).toEqual([
      { frame: { capture: 'c2', frame: 10_009 }, vantage: 2, time: 4_000_009 },
      { frame: { capture: 'c1', frame: 10_005 }, vantage: 0, time: 4_000_000 },
    ]);
    expect(store.sightings(id, { capture: 'c9', frame: 1 })).toEqual([]);
  });
});

describe('pins', () => {
  it('outlive an analysis, and keep exact times', async () => {
    const { id } = store.createIncident();
    await store.addFile(id, small(), chunksOf(smallPcap()));
    const pin = store.addPin(id, {
      target: 'frame:c1:4',
      at: '1700000000123456789',
      title: 'lost',
      note: 'see\nhere',
    });
    await storeReport(store, id, testReport(1));
    await reopen();
    expect(store.pins(id)).toEqual([pin]);
    expect(pin).toMatchObject({ at: '1700000000123456789', note: 'see\nhere' });
    expect(store.changePin(id, pin.id, { note: 'no' })).toMatchObject({ note: 'no', at: pin.at });
    expect(() => store.changePin(id, pin.id, { at: 'noon' })).toThrow('no time');
    store.deletePin(id, pin.id);
    expect(() => store.deletePin(id, pin.id)).toThrow('no such pin');
    expect(store.pins(id)).toEqual([]);
  });
});

describe('leftovers', () => {
  it('of a kill are gone after the next start', async () => {
    const { id } = store.createIncident();
    const kept = await store.addFile(id, small(), chunksOf(smallPcap()));
    const lost = await store.addFile(id, small(), chunksOf(smallPcap(2)));
    await storeReport(store, id, testReport(3));
    store.close();
    writeFileSync(join(folder.path, 'incoming', '0123456789abcdef'), 'half');
    writeFileSync(join(folder.path, 'files', id, '0123456789abcdef'), 'stray');
    const { unlinkSync, mkdirSync } = await import('node:fs');
    unlinkSync(join(folder.path, 'files', id, lost.id));
    mkdirSync(join(folder.path, 'files', 'fedcba9876543210'));
    store = await openStore({ folder: folder.path });
    expect(readdirSync(join(folder.path, 'incoming'))).toEqual([]);
    expect(readdirSync(join(folder.path, 'files'))).toEqual([id]);
    expect(readdirSync(join(folder.path, 'files', id))).toEqual([kept.id]);
    expect(store.incidentDetail(id)).toMatchObject({
      state: 'uploaded',
      files: 1,
      headline: 'made for a test',
    });
  });

  it('are what we named: a folder of the user that has files of its own keeps them', async () => {
    store.close();
    const theirs = ['incoming/mail', 'files/holiday.jpg'].map((name) => join(folder.path, name));
    for (const path of theirs) writeFileSync(path, 'theirs');
    store = await openStore({ folder: folder.path });
    expect(theirs.every((path) => existsSync(path))).toBe(true);
  });
});
