/**
 * Questions to a DNS server from one socket, as a resolver asks them: UDP repeats nothing, so a question without an
 * answer is asked again by the resolver itself, at its own intervals, under the same id.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answeredId, dnsQuestion } from '../dns-message.ts';
import { SERVER_PORTS } from '../programs.ts';
import type { Traffic } from '../scenario.ts';
import { say, sayEnd } from './say.ts';

interface Open {
  readonly number: number;
  readonly begun: number;
  readonly timer: NodeJS.Timeout;
}

/** True where all were answered. */
export async function runUdp(
  server: string,
  { count, every, again, tries }: Extract<Traffic, { run: 'udp' }>,
): Promise<boolean> {
  const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
  socket.on('error', () => {}); // an ICMP answer: the question counts as lost
  socket.connect(SERVER_PORTS.udp, server);
  await once(socket, 'connect');
  say({ event: 'connection', localPort: socket.address().port, remotePort: SERVER_PORTS.udp });
  const open = new Map<number, Open>();
  let all = true;
  const end = (id: number, why: string | null): void => {
    const question = open.get(id);
    if (question === undefined) return;
    open.delete(id);
    clearInterval(question.timer);
    all &&= sayEnd(`question ${question.number}`, question.begun, why);
  };
  socket.on('message', (message) => {
    const id = answeredId(message);
    if (id !== null) end(id, null);
  });
  const ask = (number: number): void => {
    const message = dnsQuestion(number);
    const id = number & 0xffff;
    let asked = 0;
    const askOnce = (): void => {
      asked += 1;
      if (asked > tries) end(id, 'no answer');
      else socket.send(message, () => {});
    };
    open.set(id, { number, begun: performance.now(), timer: setInterval(askOnce, again) });
    askOnce();
  };
  for (let number = 1; number <= count; number++) {
    ask(number);
    await sleep(every);
  }
  while (open.size > 0) await sleep(20);
  socket.close();
  return all;
}
