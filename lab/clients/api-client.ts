/**
 * API calls one after another on a pooled connection, as a service makes them: each at its time, or
 * as soon as the one before has ended. After a failure it goes on, on a new connection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_PORTS } from '../programs.ts';
import type { Traffic } from '../scenario.ts';
import { ask, pooledAgent } from './http-requests.ts';

/** True where all were answered. `host` as in a URL. */
export async function runApi(host: string, traffic: Extract<Traffic, { run: 'api' }>): Promise<boolean> {
  const agent = pooledAgent(traffic.keepalive);
  let all = true;
  let due = performance.now();
  for (let number = 1; number <= traffic.count; number++) {
    await sleep(Math.max(0, due - performance.now()));
    const answered = await ask({
      url: `http://${host}:${SERVER_PORTS.api}/api?think=${traffic.think}`,
      agent,
      what: `request ${number}`,
      ...(traffic.timeout === undefined ? {} : { timeout: traffic.timeout }),
    });
    all &&= answered;
    due += traffic.every + (number === traffic.pauseAfter ? traffic.pause : 0);
    due = Math.max(due, performance.now());
  }
  agent.destroy();
  return all;
}
