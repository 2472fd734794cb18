/**
 * Questions over UDP from one socket, as a resolver asks: nothing is sent twice, and a question
 * without an answer is a question lost.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_PORTS } from '../programs.ts';
import type { Traffic } from '../scenario.ts';
import { say, sayEnd } from './say.ts';

/** How long the last answers are waited for, ms. */
const PATIENCE = 2000;

/** True where all were answered. */
export async function runUdp(
  server: string,
  { count, every }: Extract<Traffic, { run: 'udp' }>,
): Promise<boolean> {
  const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
  socket.on('error', () => {}); // an ICMP answer: the question counts as lost
  socket.connect(SERVER_PORTS.udp, server);
  await once(socket, 'connect');
  say({ event: 'connection', localPort: socket.address().port, remotePort: SERVER_PORTS.udp });
  const open = new Map<number, number>();
  socket.on('message', (message) => {
    const number = message.length >= 4 ? message.readUInt32BE(0) : 0;
    const begun = open.get(number);
    if (begun !== undefined && open.delete(number)) sayEnd(`question ${number}`, begun, null);
  });
  for (let number = 1; number <= count; number++) {
    open.set(number, performance.now());
    socket.send(question(number), () => {});
    await sleep(every);
  }
  for (const end = performance.now() + PATIENCE; open.size > 0 && performance.now() < end; ) await sleep(50);
  socket.close();
  for (const [number, begun] of open) sayEnd(`question ${number}`, begun, 'no answer');
  return open.size === 0;
}

/** Its number, and something to fill it: as long as a question of DNS. */
function question(number: number): Buffer {
  const bytes = Buffer.alloc(40, 0x71);
  bytes.writeUInt32BE(number, 0);
  return bytes;
}
