/**
 * The lab's own server, bundled as `lab-server.js`: API calls with time to think, downloads that
 * pause in the middle, answers to DNS questions. It is given one argument, a `ServerPlan` as JSON.
 */
import { createSocket } from 'node:dgram';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { dnsAnswer } from '../dns-message.ts';
import { SERVER_PORTS, type ServerPlan } from '../programs.ts';

/** ms between two parts of a download that pauses. */
const PART_EVERY = 40;

const { rate, dnsDelay = 0 } = JSON.parse(process.argv[2] ?? 'null') as ServerPlan;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://server');
  const number = (name: string): number => Number(url.searchParams.get(name) ?? 0);
  request.resume();
  if (url.pathname === '/paused') void sendPaused(response, number('size'), number('pause'));
  else void answer(response, number('think'));
});
// A pooled connection idles as long as its client likes.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.headersTimeout = 0;
server.listen(SERVER_PORTS.api, '::');

const udp = createSocket({ type: 'udp6', ipv6Only: false });
udp.on('message', (message, from) => {
  const answer = dnsAnswer(message);
  if (answer !== null) setTimeout(() => udp.send(answer, from.port, from.address), dnsDelay);
});
udp.on('error', () => {}); // an asker that is gone
udp.bind(SERVER_PORTS.udp);

async function answer(response: ServerResponse, think: number): Promise<void> {
  if (think > 0) await sleep(think);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ ok: true, filler: 'x'.repeat(400) }));
}

/** Half of it, nothing for `pause` ms, and the other half. */
async function sendPaused(response: ServerResponse, size: number, pause: number): Promise<void> {
  response.setHeader('content-length', size);
  let paused = false;
  for (let sent = 0; sent < size && !response.destroyed; ) {
    const part = Math.min(Math.ceil((rate * PART_EVERY) / 1000), size - sent);
    if (!response.write(Buffer.alloc(part)))
      await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    sent += part;
    const half: boolean = !paused && sent >= size / 2;
    paused ||= half;
    await sleep(half ? pause : PART_EVERY);
  }
  response.end();
}
