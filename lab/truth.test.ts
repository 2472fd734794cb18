/** What happened, held against what a scenario says; and a diagnosis held against that. */
import { describe, expect, it } from 'vitest';
import type { Report } from '../analyzer/index.ts';
import type { ClientResult } from './client-run.ts';
import { agreesOnFailover, compareFlows } from './diagnosis.ts';
import { parseScenario, type Scenario } from './scenario.ts';
import type { Course } from './timeline.ts';
import { seconds, type Truth, writeTruth } from './truth.ts';

const NS = 1_000_000_000n;
const T0 = 1_795_000_000n;

const scenario = (says: string, more = ''): Scenario =>
  parseScenario(`
title: a download
${more}
traffic: [{ name: download, run: wget, size: 4M }]
expect: { download: { outcome: hung, cause: [no-state-drop, null], says: ${says} } }
`);

const course = (change: Partial<Course> = {}): Course => ({
  begin: T0 * NS,
  end: (T0 + 40n) * NS,
  failovers: [{ by: 'node-b takes over', lost: (T0 + 3n) * NS, restored: (T0 + 8n) * NS }],
  done: [{ at: (T0 + 3n) * NS, what: 'node-b takes over' }],
  ...change,
});

const ms = (after: number): number => Number(T0) * 1000 + after;

function client(change: Partial<ClientResult> = {}): ClientResult {
  return {
    name: 'download',
    traffic: scenario('{ running: true }').traffic[0]!,
    command: ['wget'],
    startedAt: ms(0),
    endedAt: null,
    exit: null,
    output: '',
    connections: [{ localPort: 40_000, remotePort: 80, time: Number(T0), of: null }],
    ...change,
  };
}

const truthOf = (says: string, clients: ClientResult[], change: Partial<Course> = {}, more = ''): Truth =>
  writeTruth('one', scenario(says, more), course(change), clients);
const notAsWritten = (...args: Parameters<typeof truthOf>): readonly string[] =>
  truthOf(...args).notAsWritten;

describe('whether it happened as written', () => {
  const ended = client({ endedAt: ms(8500), exit: 4, output: 'Read error' });

  it.each<[string, ClientResult, string | null]>([
    ['{ running: true }', client(), null],
    ['{ running: true }', ended, 'download ended with 4 and was expected to hang'],
    ['{ exit: [4, 8] }', ended, null],
    ['{ exit: 0 }', ended, 'download ended with 4 and was expected to end with 0'],
    ['{ exit: 4 }', client(), 'download still ran and was expected to end with 4'],
    ['{ output: Read }', ended, null],
    ['{ output: Reset }', ended, 'download did not say Reset'],
    ['{ tookFrom: 9s }', ended, 'download took 8.5 s, less than 9'],
    ['{ tookTo: 8s }', ended, 'download took 8.5 s, more than 8'],
    ['{ endsAfterRestored: 1s }', ended, null],
    [
      '{ endsAfterRestored: 100ms }',
      ended,
      'download ended 0.50 s after the path was back, and was expected to within 0.1 s',
    ],
    ['{}', client({ startedAt: null }), 'download never started'],
    ['{}', client({ connections: [] }), 'download made no connection'],
  ])('%s', (says, result, found) => {
    expect(notAsWritten(says, [result])).toEqual(found === null ? [] : [found]);
  });

  it('a control has no failover, and every other run has one that ends, unless it must not', () => {
    expect(notAsWritten('{}', [client()], {}, 'control: true')).toEqual(['a control had a failover']);
    expect(notAsWritten('{}', [client()], { failovers: [] }, 'control: true')).toEqual([]);
    expect(notAsWritten('{}', [client()], { failovers: [] })).toEqual(['no failover happened']);
    const lost = { failovers: [{ ...course().failovers[0]!, restored: null }] };
    expect(notAsWritten('{}', [client()], lost)).toEqual(['the path did not come back']);
    expect(notAsWritten('{}', [client()], lost, 'restored: false')).toEqual([]);
  });
});

describe('truth.json', () => {
  it('has the form of the captures that this repository tests by', () => {
    const output = 'one\ntwo\nthree\nfour\n';
    expect(truthOf('{}', [client({ output, endedAt: ms(8500), exit: 0 })])).toMatchObject({
      scenario: 'one',
      made: 'a download',
      flow: { clientPort: 40_000, serverPort: 80 },
      outcome: ['hung'],
      cause: ['no-state-drop', null],
      pathLost: '1795000003.000000000',
      pathRestored: '1795000008.000000000',
      clientSaid: 'two\nthree\nfour\nexit=0 after 8.5 s',
      capturedUntil: '1795000040.000000000',
      failedOver: true,
    });
  });

  it('of several outcomes keeps those that the client bore out', () => {
    const either = parseScenario(`
title: either
traffic: [{ name: download, run: curl, size: 4M }]
expect: { download: { outcome: [hung, reset, gave-up], cause: split-brain, says: {} } }
`);
    const outcomes = (result: ClientResult): readonly string[] =>
      writeTruth('one', either, course(), [result]).outcome;
    const curl = { traffic: either.traffic[0]! };
    expect(outcomes(client(curl))).toEqual(['hung', 'gave-up']);
    expect(outcomes(client({ ...curl, endedAt: ms(8500), exit: 56 }))).toEqual(['reset', 'gave-up']);
    // wget tries again on a connection of its own, and so tells nothing of the first.
    expect(outcomes(client())).toEqual(['hung', 'reset', 'gave-up']);
  });

  it('writes times to the nanosecond', () => {
    expect(seconds(1_795_000_000_000_000_042n)).toBe('1795000000.000000042');
    expect(seconds(null)).toBeNull();
  });
});

describe('the diagnosis beside it', () => {
  const truth = truthOf('{}', [client()]);
  const flow = (change: object): object => ({
    id: 'f1',
    client: { port: 40_000 },
    server: { port: 80 },
    start: Number(T0) * 1e9,
    outcome: 'hung',
    cause: 'no-state-drop',
    contributing: [],
    candidates: [],
    stalls: [],
    ...change,
  });
  // Only what is compared.
  const report = (flows: object[], failovers: object[] = [{}]): Report =>
    ({ flows, failovers }) as unknown as Report;
  const agrees = (change: object): boolean => compareFlows(report([flow(change)]), truth)[0]!.agrees;

  it('agrees where outcome and cause are accepted ones', () => {
    expect(agrees({})).toBe(true);
    expect(agrees({ outcome: 'resumed' })).toBe(false);
    expect(agrees({ cause: 'stale-path' })).toBe(false);
  });

  it('may leave the cause open only with the right one among its candidates', () => {
    expect(agrees({ cause: null, candidates: ['stale-path', 'no-state-drop'] })).toBe(true);
    expect(agrees({ cause: null, candidates: ['stale-path'] })).toBe(false);
  });

  it('takes, of two flows with the same ports, the one that the client had then', () => {
    const later = flow({ id: 'f2', start: (Number(T0) + 20) * 1e9, outcome: 'unaffected', cause: null });
    expect(compareFlows(report([later, flow({})]), truth)[0]!.found?.id).toBe('f1');
  });

  it('differs where the flow is not in the captures', () => {
    expect(compareFlows(report([]), truth)[0]).toMatchObject({ found: null, agrees: false });
  });

  it('finds a failover where there was one, and only there', () => {
    expect(agreesOnFailover(report([]), truth)).toBe(true);
    expect(agreesOnFailover(report([], []), truth)).toBe(false);
    expect(agreesOnFailover(report([]), { ...truth, failedOver: false })).toBe(false);
    expect(agreesOnFailover(report([], []), { ...truth, failedOver: null })).toBe(true);
  });
});
