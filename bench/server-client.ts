/**
 * One client of `server.ts`: what a person does with an incident, again and again, in an order of its own. It uploads, listens,
 * looks, takes the file home, and deletes; now and then it leaves in the middle of an upload.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './server-listener.ts';
import { type Asking, ask } from './server-requests.ts';
import type { BenchUpload, makeUploads } from './server-uploads.ts';

export interface Client extends Asking {
  readonly number: number;
  /** ms since the epoch. */
  readonly until: number;
  readonly uploads: ReturnType<typeof makeUploads>;
}

const POLL_MS = 200;
/** Analyses wait for one another: one at a time, of all clients. */
const LONGEST_ANALYSIS_MS = 300_000;
const EXPORTS = ['report.json', 'flows.csv', 'incident.md', 'incident.html', 'incident.md?redact=1'];

export async function runClient(client: Client): Promise<void> {
  const { tally, gone, uploads } = client;
  let state = client.number + 1;
  const random = (most: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * most);
  };
  const one = <T>(all: readonly T[]): T => all[random(all.length)] as T;

  async function getJson<T>(what: string, route: string): Promise<T | null> {
    const body = await ask(client, route, { what, status: 200 });
    return body === null ? null : (JSON.parse(body.toString()) as T);
  }

  const post = (what: string, status: number, route: string): Promise<Buffer | null> =>
    ask(client, route, {
      ...{ what, status, method: 'POST', body: '{}' },
      headers: { 'content-type': 'application/json' },
    });

  /** @returns 'ready' or 'failed'; 'lost' where nobody said */
  async function settled(incident: string): Promise<string> {
    const limit = Date.now() + LONGEST_ANALYSIS_MS;
    for (;;) {
      const now = (await getJson<{ state: string }>('an incident', incident))?.state ?? 'lost';
      if (now !== 'queued' && now !== 'analysing' && now !== 'uploaded') return now;
      if (Date.now() > limit) {
        tally.wrong.push(`an analysis: still ${now} after ${LONGEST_ANALYSIS_MS / 1000} s`);
        return 'lost';
      }
      await sleep(POLL_MS + random(POLL_MS), null, { signal: gone });
    }
  }

  async function look(incident: string): Promise<void> {
    const page = await getJson<{ rows?: { id: string }[] }>('flows', `${incident}/flows?limit=20`);
    const flow = page?.rows?.[0]?.id;
    if (flow !== undefined) {
      await getJson('a flow', `${incident}/flows/${flow}`);
      await getJson('journeys', `${incident}/flows/${flow}/journeys?limit=50`);
    } else if (page !== null) tally.wrong.push('flows: none, though the analysis is ready');
    await getJson('a filter', `${incident}/flows?q=outcome:hung`);
    await getJson('a frame', `${incident}/frames/c1/${1 + random(100)}`);
    await ask(client, `${incident}/lanes/v0/tiles/20/0`, { what: 'a tile', status: 200 });
    const wanted = one(EXPORTS);
    await ask(client, `${incident}/export/${wanted}`, { what: `export ${wanted}`, status: 200 });
  }

  async function upload(incident: string, { what, status, bytes }: BenchUpload): Promise<string | null> {
    const body = await ask(client, `${incident}/files?name=client.pcap`, {
      ...{ what, status, method: 'PUT', body: new Uint8Array(bytes) },
      headers: { 'content-type': 'application/octet-stream' },
    });
    return body === null || status !== 201 ? null : (JSON.parse(body.toString()) as { id: string }).id;
  }

  async function takeHome(incident: string, file: string, bytes: Buffer): Promise<void> {
    const body = await ask(client, `${incident}/files/${file}`, { what: 'the original', status: 200 });
    if (body !== null && hash(body) !== hash(bytes))
      tally.wrong.push('the original: other bytes than those that were uploaded');
  }

  /** As a browser whose tab is closed: half of it, and gone. */
  function breakOff(incident: string, { bytes }: BenchUpload): Promise<void> {
    return new Promise((resolve) => {
      const route = `${client.origin}/api${incident}/files?name=half.pcap`;
      const asked = request(route, {
        ...{ method: 'PUT', agent: false, signal: gone },
        headers: { 'content-length': bytes.length },
      });
      asked.on('error', () => resolve()).on('close', () => resolve());
      asked.write(bytes.subarray(0, bytes.length / 2), () => asked.destroy());
    });
  }

  async function live(): Promise<void> {
    const made = await post('a new incident', 201, '/incidents');
    if (made === null) return;
    const incident = `/incidents/${(JSON.parse(made.toString()) as { id: string }).id}`;
    const what = one(random(5) === 0 ? uploads.broken : uploads.whole);
    if (random(8) === 0) await breakOff(incident, what);
    const listener = listen(client, incident);
    const file = await upload(incident, what);
    if (file !== null) await post('an analysis', 202, `${incident}/analysis`);
    const end = file === null ? 'empty' : await settled(incident);
    await listener.end(end === 'lost' ? null : end);
    if (file !== null) await takeHome(incident, file, what.bytes);
    if (end === 'ready' && what.becomes === 'ready') await look(incident);
    else if (what.becomes === 'ready' && end !== 'lost')
      tally.wrong.push(`${what.what}: its analysis ended as ${end}`);
    await getJson('the list', '/incidents');
    await ask(client, incident, { what: 'a deletion', status: 204, method: 'DELETE' });
  }

  while (Date.now() < client.until && !gone.aborted) {
    try {
      await live();
    } catch (error) {
      if (!gone.aborted) tally.wrong.push(`a client: ${error instanceof Error ? error.message : error}`);
    }
  }
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
