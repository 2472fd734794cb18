/**
 * Real failovers that a client's own timer ended: when the replay of that timer says it would have fired, it did.
 * The trap: the flow's own end must not be what the replay knows it from. It goes by the stall's beginning and the table alone.
 */
import { describe, expect, test } from 'vitest';
import type { Client } from '../../analyzer/advice/clients/client.ts';
import { curl } from '../../analyzer/advice/clients/curl.ts';
import { nodeFetch } from '../../analyzer/advice/clients/node.ts';
import { replayTimers, type StallSeen } from '../../analyzer/advice/clients/replay.ts';
import { wget } from '../../analyzer/advice/clients/wget.ts';
import type { Flow, Stall } from '../../analyzer/index.ts';
import { allScenarios } from './scenario.ts';
import { ALL, type Diagnosis, diagnoseView } from './views.ts';

/** As the scenario set it; `seconds` as `Timer.set` takes it. */
const ENDED = [
  { name: 'm-nodefetch-none', client: nodeFetch, timer: 'keepAliveInitialDelay', text: null },
  { name: 'b-strict-ka5', client: curl, timer: '--keepalive-time', text: '--keepalive-time 5' },
  { name: 'l-curl-retry', client: curl, timer: '--speed-time', text: '--speed-limit 1 --speed-time 5' },
  { name: 'l-wget-retry', client: wget, timer: '--read-timeout', text: '--read-timeout=5' },
] as const;

/** The client with the timer set as the scenario had it. */
function withSetting(client: Client, timer: string, text: string | null): Client {
  const found = client.timers.find(({ name }) => name === timer);
  if (found === undefined) throw new Error(`${client.id} has no ${timer}`);
  if (text === null) return { ...client, timers: [found] };
  for (let seconds = 1; seconds < 1000; seconds++) {
    const set = found.set?.(seconds);
    if (set?.text === text) return { ...client, timers: [{ ...found, ...set }] };
  }
  throw new Error(`${client.id} cannot be told ${text}`);
}

const asHung = ({ duration }: Stall): StallSeen => ({
  isOpening: false,
  wentOn: null,
  back: null,
  lostUntil: 0,
  lasts: duration * 2,
  isVain: true,
  reads: ['client'],
  writes: 'server',
  probeMeets: 'nobody',
  elapsed: null,
  patience: 60,
});

function stalledFlow(name: string): Flow {
  const scenario = allScenarios().find((s) => s.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const { report } = diagnoseView(scenario, ALL) as Diagnosis;
  const flow = report.flows.find(({ client }) => client.port === scenario.truth.flow.clientPort);
  if (flow === undefined) throw new Error(`${name} lacks its flow`);
  return flow;
}

describe('a timer that did fire', () => {
  test.each(ENDED)('$name: $timer', ({ name, client, timer, text }) => {
    const flow = stalledFlow(name);
    expect(flow.outcome).toBe('gave-up');
    const stall = flow.stalls.reduce((a, b) => (b.duration > a.duration ? b : a));
    const [row] = replayTimers([withSetting(client, timer, text)], asHung(stall));
    expect(row?.delivered.outcome).toBe('fails');
    expect(Math.abs((row?.delivered.after ?? 0) / stall.duration - 1)).toBeLessThan(0.03);
    // And the report itself has the rows of this stall.
    expect(flow.timers?.some((one) => one.client === client.id && one.timer === timer)).toBe(true);
  });
});

test('a server that gave up too soon is told how long it would have had to wait', () => {
  const flow = stalledFlow('k-sendtimeout');
  expect(flow.advice.map(({ change }) => change?.setting)).toContain('send_timeout');
  const row = flow.timers?.find(({ timer }) => timer === 'send_timeout');
  expect(row).toMatchObject({ end: 'server', delivered: { outcome: 'resumes' } });
});
