/**
 * For `kill.slow.test.ts`: a process that works on a store without end until it is killed. It says
 * what it begins and what is done, a JSON line each, written before it goes on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startJobs } from '../jobs/start-jobs.ts';
import { openStore } from './open-store.ts';
import { chunksOf, smallPcap, storeReport, testReport } from './test-store.ts';

export type Said =
  | { said: 'opened' }
  /** What may be half done from now on. */
  | { said: 'begin'; incident: string | null }
  | { said: 'created'; incident: string }
  | { said: 'file'; incident: string; file: string; sha256: string }
  | { said: 'no-file'; incident: string; file: string }
  | { said: 'result'; incident: string; revision: number; headline: string; flows: number }
  | { said: 'pin'; incident: string; pin: string }
  | { said: 'deleted'; incident: string };

const say = (said: Said): void => {
  writeSync(1, `${JSON.stringify(said)}\n`);
};

const [folder = '', worker = '', capture = '', seed = '1'] = process.argv.slice(2);
let state = Number(seed);
/** Below `most`. */
const random = (most: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * most);
};

const store = await openStore({ folder });
const jobs = startJobs(store, { tool: { name: 'test', version: '1' }, worker: pathToFileURL(worker) });
const some = (): string => {
  const all = store.incidents();
  return all[random(all.length)]?.id ?? create();
};
say({ said: 'opened' });

function create(): string {
  say({ said: 'begin', incident: null });
  const { id } = store.createIncident();
  say({ said: 'created', incident: id });
  return id;
}

async function upload(incident: string): Promise<void> {
  const chunks = [smallPcap(), ...Array.from({ length: random(30) }, () => randomBytes(random(100_000)))];
  const sha256 = createHash('sha256').update(Buffer.concat(chunks)).digest('hex');
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      await breathe();
      yield chunk;
    }
  }
  say({ said: 'begin', incident });
  const { id } = await store.addFile(incident, { name: 'a.pcap', vantage: null, mostBytes: 1e9 }, source());
  say({ said: 'file', incident, file: id, sha256 });
}

/** As the worker stores it, with more flows than a fixture has. */
async function replaceResult(incident: string): Promise<void> {
  if (store.incident(incident).files === 0) await upload(incident);
  const flows = random(3000);
  say({ said: 'begin', incident });
  await storeReport(store, incident, testReport(flows, `${flows} flows`), [random(300), random(10)]);
  sayResult(incident);
}

/** In a real worker, of a real capture. */
async function analyse(): Promise<void> {
  const incident = create();
  say({ said: 'begin', incident });
  const file = { name: 'client.pcap.gz', vantage: null, mostBytes: 1e9 };
  const { id, sha256 } = await store.addFile(incident, file, chunksOf(readFileSync(capture)));
  say({ said: 'file', incident, file: id, sha256 });
  say({ said: 'begin', incident });
  const ended = new Promise<void>((resolve) => {
    const end = jobs.onEvent((event) => {
      if (event.kind !== 'state' || event.incident !== incident || event.summary.state !== 'ready') return;
      end();
      resolve();
    });
  });
  jobs.analyse(incident);
  await ended;
  sayResult(incident);
}

function sayResult(incident: string): void {
  const { revision, headline, flows } = store.incident(incident);
  say({ said: 'result', incident, revision, headline: headline ?? '', flows: flows ?? 0 });
}

function remove(incident: string): void {
  say({ said: 'begin', incident });
  store.deleteIncident(incident);
  say({ said: 'deleted', incident });
}

function removeFile(incident: string): void {
  const [file] = store.incidentDetail(incident).storedFiles;
  if (file === undefined) return;
  say({ said: 'begin', incident });
  store.deleteFile(incident, file.id);
  say({ said: 'no-file', incident, file: file.id });
}

function pin(incident: string): void {
  say({ said: 'begin', incident });
  const { id } = store.addPin(incident, { target: 'x', at: '1700000000123456789', title: 'it', note: '' });
  say({ said: 'pin', incident, pin: id });
}

for (;;) {
  await breathe();
  const what = random(20);
  if (what < 2) create();
  else if (what < 8) await upload(some());
  else if (what < 14) await replaceResult(some());
  else if (what < 15) await analyse();
  else if (what < 17) pin(some());
  else if (what < 18) removeFile(some());
  else if (store.incidents().length > 4) remove(some());
}
