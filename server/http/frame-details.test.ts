/** Frames read again from stored captures: which vantage, by which clock, and what is kept of them. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { Connection, loadPackage } from '../store/connection.ts';
import { type OpenStore, openStore } from '../store/open-store.ts';
import { databasePath } from '../store/places.ts';
import { RunWriter } from '../store/run-writer.ts';
import {
  CAPTURES,
  chunksOf,
  type TemporaryFolder,
  temporaryFolder,
  testReport,
} from '../store/test-store.ts';
import { FrameDetails } from './frame-details.ts';

let folder: TemporaryFolder;
let store: OpenStore;
let incident = '';
const here = (): AbortSignal => new AbortController().signal;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
  incident = store.createIncident().id;
});
afterEach(() => {
  store.close();
  folder.remove();
});

/** Two captures, the second of which is 2.5 s ahead. */
async function storeIncident(): Promise<string[]> {
  const files: string[] = [];
  for (const name of ['client', 'server']) {
    const bytes = readFileSync(join(CAPTURES, 'rto-30', `${name}.pcap.gz`));
    const file = { name, vantage: null, mostBytes: 2 ** 30 };
    files.push((await store.addFile(incident, file, chunksOf(bytes))).id);
  }
  store.analyses.queue(incident);
  const begun = store.analyses.begin(incident);
  const connection = new Connection(await loadPackage(), databasePath(folder.path));
  const writer = new RunWriter(connection, begun?.run ?? 0);
  const report: Report = {
    ...testReport(0),
    captures: ['c1', 'c2'].map((id) => captureNamed(id)),
    clocks: [{ capture: 'c2', reference: 'c1', offset: 2.5, skewPpm: 0, error: 0, pairs: 9 }],
  };
  writer.writeCaptures(report, files);
  writer.finish(report, null);
  connection.close();
  store.analyses.finished(incident);
  return files;
}

const captureNamed = (id: string): Report['captures'][number] => ({
  id,
  file: id,
  format: 'pcap',
  linkTypes: [],
  vantage: { host: id, role: 'unknown', inferred: true },
  frames: 1,
  firstTime: null,
  lastTime: null,
  coveredUntil: null,
  snaplen: null,
  dropped: null,
  truncated: false,
  interfaces: [],
});

describe('a frame that nobody followed', () => {
  it('stands alone, by the clock of the report', async () => {
    await storeIncident();
    const frames = new FrameDetails(store);
    const one = await frames.find(incident, { capture: 'c1', frame: 1 }, here());
    const two = await frames.find(incident, { capture: 'c2', frame: 1 }, here());
    expect([one, two].map(({ sightings }) => sightings.map(({ vantage }) => vantage))).toEqual([[0], [1]]);
    expect(one.sightings[0]?.layers[0]?.name).toBe('Frame');
    // Both hosts were in one machine: their first frames are of the same moment, give or take what is on the wire.
    const apart = BigInt(two.sightings[0]?.time ?? 0) - BigInt(one.sightings[0]?.time ?? 0);
    expect(apart).toBeLessThan(-2_400_000_000n);
    expect(apart).toBeGreaterThan(-2_600_000_000n);
  });

  it('is read once, and then kept', async () => {
    const [file = ''] = await storeIncident();
    const frames = new FrameDetails(store);
    const first = await frames.find(incident, { capture: 'c1', frame: 1 }, here());
    const { path } = store.file(incident, file);
    rmSync(path);
    expect(await frames.find(incident, { capture: 'c1', frame: 1 }, here())).toBe(first);
    await expect(frames.find(incident, { capture: 'c1', frame: 2 }, here())).rejects.toMatchObject({
      status: 404,
      message: 'client: its stored file cannot be read (ENOENT)',
    });
  });

  it('is not there beyond the end, in another capture, or without a result', async () => {
    const frames = new FrameDetails(store);
    await expect(frames.find(incident, { capture: 'c1', frame: 1 }, here())).rejects.toMatchObject({
      status: 404,
    });
    await storeIncident();
    for (const frame of [
      { capture: 'c1', frame: 1e9 },
      { capture: 'c9', frame: 1 },
    ])
      await expect(frames.find(incident, frame, here())).rejects.toMatchObject({ status: 404 });
  });

  it('that nobody waits for any more is neither read nor kept, and keeps nobody waiting', async () => {
    await storeIncident();
    const frames = new FrameDetails(store);
    const gone = new AbortController();
    const all = Array.from({ length: 20 }, (_, i) =>
      frames.find(incident, { capture: 'c1', frame: i + 1 }, gone.signal),
    );
    gone.abort();
    for (const { sightings } of await Promise.all(all)) expect(sightings.length).toBeLessThanOrEqual(1);
    const many = Array.from({ length: 10 }, () => frames.find(incident, { capture: 'c2', frame: 2 }, here()));
    for (const { sightings } of await Promise.all(many)) expect(sightings).toHaveLength(1);
  });
});
