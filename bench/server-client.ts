/** One client of `server.ts`: what a person does with an incident, again and again, in an order of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

export interface Tally {
  /** ms, by what was asked. */
  readonly done: Map<string, number[]>;
  readonly wrong: string[];
}

interface Place {
  readonly origin: string;
  readonly number: number;
  /** ms since the epoch. */
  readonly until: number;
}

const CAPTURES = 'test/fixtures/captures';
const read = (file: string): Buffer => readFileSync(path.join(CAPTURES, file));
const packed = read('rto-7/client.pcap.gz');
const UPLOADS: readonly Uint8Array[] = [
  packed,
  gunzipSync(packed),
  read('mixed-24/client.pcap.gz'),
  read('controls/control-clean/client.pcap.gz'),
];
/** Each with what it must be answered. */
const BROKEN: readonly (readonly [Uint8Array, number])[] = [
  [Buffer.from('no capture at all, but some text that is long enough to be sure of that'), 415],
  [packed.subarray(0, packed.length / 2), 201],
  [Buffer.alloc(0), 415],
];
const POLL_MS = 200;
const LONGEST_WAIT_MS = 120_000;

export async function runClient({ origin, number, until }: Place, { done, wrong }: Tally): Promise<void> {
  let state = number + 1;
  const random = (most: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * most);
  };

  /** @returns the body, null where the answer was none that was wanted */
  async function ask(
    what: string,
    wanted: number,
    route: string,
    init: RequestInit = {},
  ): Promise<string | null> {
    const began = performance.now();
    try {
      const response = await fetch(`${origin}/api${route}`, init);
      const body = await response.text();
      const times = done.get(what);
      const took = performance.now() - began;
      if (times === undefined) done.set(what, [took]);
      else times.push(took);
      if (response.status === wanted) return body;
      wrong.push(`${what}: ${response.status} instead of ${wanted}: ${body.slice(0, 200)}`);
    } catch (error) {
      wrong.push(
        `${what}: ${error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : error}`,
      );
    }
    return null;
  }

  const post = (what: string, wanted: number, route: string): Promise<string | null> =>
    ask(what, wanted, route, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const put = (what: string, wanted: number, route: string, bytes: Uint8Array): Promise<string | null> =>
    ask(what, wanted, route, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(bytes),
    });

  async function settled(incident: string): Promise<string> {
    const limit = Date.now() + LONGEST_WAIT_MS;
    for (;;) {
      const body = await ask('an incident', 200, incident);
      const said = body === null ? 'lost' : (JSON.parse(body) as { state: string }).state;
      if (said !== 'queued' && said !== 'analysing' && said !== 'uploaded') return said;
      if (Date.now() > limit) {
        wrong.push(`an analysis: still ${said} after two minutes`);
        return said;
      }
      await sleep(POLL_MS + random(POLL_MS));
    }
  }

  async function look(incident: string): Promise<void> {
    const page = await ask('flows', 200, `${incident}/flows?limit=20`);
    const flow = page === null ? undefined : (JSON.parse(page) as { rows?: { id: string }[] }).rows?.[0]?.id;
    if (flow !== undefined) {
      await ask('a flow', 200, `${incident}/flows/${flow}`);
      await ask('journeys', 200, `${incident}/flows/${flow}/journeys?limit=50`);
    }
    await ask('a filter', 200, `${incident}/flows?q=outcome:hung`);
    await ask('a frame', 200, `${incident}/frames/c1/${1 + random(100)}`);
    await ask('a tile', 200, `${incident}/lanes/v0/tiles/20/0`);
    const exports_ = ['report.json', 'flows.csv', 'incident.md', 'incident.html', 'incident.md?redact=1'];
    const wanted = exports_[random(exports_.length)] as string;
    await ask(`export ${wanted}`, 200, `${incident}/export/${wanted}`);
  }

  async function live(): Promise<void> {
    const made = await post('a new incident', 201, '/incidents');
    if (made === null) return;
    const incident = `/incidents/${(JSON.parse(made) as { id: string }).id}`;
    const [broken, status] = BROKEN[random(BROKEN.length * 3)] ?? [];
    if (broken !== undefined && status !== undefined) {
      await put('a broken upload', status, `${incident}/files?name=broken.pcap`, broken);
    } else {
      const bytes = UPLOADS[random(UPLOADS.length)] as Uint8Array;
      await put('an upload', 201, `${incident}/files?name=client.pcap`, bytes);
    }
    if (status !== 415) {
      await post('an analysis', 202, `${incident}/analysis`);
      if ((await settled(incident)) === 'ready' && broken === undefined) await look(incident);
    }
    await ask('the list', 200, '/incidents');
    await ask('a deletion', 204, incident, { method: 'DELETE' });
  }

  while (Date.now() < until) await live();
}
