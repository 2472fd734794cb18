/**
 * A download by Node: `http` with the agent that keeps alive, as axios has it, or `fetch` (undici).
 * The trap: fetch hides its socket; undici tells it on a diagnostics channel.
 */
import diagnostics from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { SERVER_PORTS } from '../programs.ts';
import type { Traffic } from '../scenario.ts';
import { ask, pooledAgent, reasonOf, tellPort } from './http-requests.ts';
import { sayEnd } from './say.ts';

/** True where all of it came. `host` as in a URL. */
export async function runDownload(
  host: string,
  { api, size }: Extract<Traffic, { run: 'node' }>,
): Promise<boolean> {
  const url = `http://${host}:${SERVER_PORTS.http}/${size}.bin`;
  if (api === 'http') {
    const agent = pooledAgent(true);
    const all = await ask({ url, agent, what: 'download' });
    agent.destroy();
    return all;
  }
  diagnostics.subscribe('undici:client:connected', (message) => {
    const socket = (message as { socket?: unknown }).socket;
    if (socket instanceof Socket) tellPort(socket);
  });
  const begun = performance.now();
  return sayEnd('download', begun, await fetchAll(url));
}

async function fetchAll(url: string): Promise<string | null> {
  try {
    const response = await fetch(url);
    for await (const _ of response.body ?? []); // read to its end
    return response.ok ? null : `status ${response.status}`;
  } catch (error) {
    return reasonOf(error);
  }
}
