/**
 * Many connections at once from one program: downloads, uploads and API calls in turn, begun a few
 * ms apart, each on a connection of its own.
 * The trap: all of them must be busy when the path goes, so API calls go on until the transfers are over.
 */
import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_PORTS } from '../programs.ts';
import type { Traffic } from '../scenario.ts';
import { ask, pooledAgent } from './http-requests.ts';

/** ms between the starts of two connections. */
const STAGGER = 20;
/** ms between two API calls of a connection. */
const CALL_EVERY = 300;
/** An upload is so many parts, sent over so many ms. */
const UPLOAD_PARTS = 80;
const UPLOAD_TIME = 8000;

/** True where everything went through. `host` as in a URL. */
export async function runMixed(
  host: string,
  { connections, size }: Extract<Traffic, { run: 'mixed' }>,
): Promise<boolean> {
  const transfers: Promise<boolean>[] = [];
  const callers: Promise<boolean>[] = [];
  let open = true;
  const web = `http://${host}:${SERVER_PORTS.http}`;
  for (let of = 0; of < connections; of++) {
    const agent = pooledAgent(false);
    const kind = of % 3;
    if (kind === 0) transfers.push(ask({ url: `${web}/${size}.bin`, agent, what: 'download', of }));
    else if (kind === 1)
      transfers.push(
        ask({
          url: `${web}/upload/mixed-${of}`,
          agent,
          method: 'PUT',
          body: slowBody(size),
          what: 'upload',
          of,
        }),
      );
    else callers.push(callOn(host, agent, of, () => open));
    await sleep(STAGGER);
  }
  const transferred = await Promise.all(transfers);
  open = false;
  return [...transferred, ...(await Promise.all(callers))].every(Boolean);
}

async function callOn(host: string, agent: Agent, of: number, open: () => boolean): Promise<boolean> {
  let all = true;
  do {
    const answered = await ask({
      url: `http://${host}:${SERVER_PORTS.api}/api`,
      agent,
      what: 'request',
      of,
    });
    all &&= answered;
    await sleep(CALL_EVERY);
  } while (open());
  agent.destroy();
  return all;
}

async function* slowBody(size: number): AsyncGenerator<Buffer> {
  const part = Buffer.alloc(Math.ceil(size / UPLOAD_PARTS), 0x75);
  for (let i = 0; i < UPLOAD_PARTS; i++) {
    yield part;
    await sleep(UPLOAD_TIME / UPLOAD_PARTS);
  }
}
