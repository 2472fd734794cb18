import { describe, expect, it } from 'vitest';
import { longestStall, utc, writeHeadline } from './headline.ts';
import type { Capture, CauseId, Failover, Flow, Outcome, Report, Stall } from './report.ts';

const stall = (duration: number, cause: CauseId | null = null): Stall => ({
  start: '0',
  end: null,
  duration,
  waiting: 'client',
  owedBy: 'server',
  cause,
  outage: null,
  backoff: null,
  recovery: null,
  rung: null,
  nextRetry: null,
  censored: true,
  frames: { last: { capture: 'c1', frame: 1 } },
});

const flow = (outcome: Outcome, fields: Partial<Flow> = {}): Flow => ({
  id: 'f0',
  protocol: 'tcp',
  client: { address: '10.0.0.1', port: 40000 },
  server: { address: '10.0.0.2', port: 80 },
  start: '0',
  end: '7000000000',
  bytesToClient: 0,
  bytesToServer: 0,
  seenAt: ['c1'],
  path: 'unknown',
  outcome,
  cause: null,
  candidates: [],
  contributing: [],
  confidence: 'high',
  stalls: [],
  claims: [],
  ruledOut: [],
  splitBy: [],
  advice: [],
  ...fields,
});

const failover = (outage: number | null, restoredBy: 'seen' | 'bound' = 'bound'): Failover => ({
  id: 'failover-1',
  pathLost: '1700000000601000000',
  pathRestored: outage === null ? null : '0',
  restoredBy,
  outage,
  marks: [],
});

function headline(flows: Flow[], failovers: Failover[] = [], frames = 10): string {
  const report: Omit<Report, 'headline'> = {
    schemaVersion: 1,
    tool: { name: 'stallscope', version: '0' },
    captures: [{ frames } as Capture],
    clocks: [],
    failovers,
    path: { kind: 'unknown', claims: [] },
    flows,
    causes: [],
    summary: { flows: flows.length, byOutcome: {} },
    advice: [],
    problems: [],
  };
  return writeHeadline(report);
}

const NAME = '10.0.0.1:40000 -> 10.0.0.2:80';

describe('writeHeadline, without trouble', () => {
  it('says that there was nothing to look at', () => {
    expect(headline([], [], 0)).toBe('The captures hold no frames.');
    expect(headline([])).toBe('No TCP connection in the captures.');
  });

  it('says that nothing was affected, and which stalls had other causes', () => {
    expect(headline([flow('unaffected')])).toBe('1 connection, none affected by a failover.');
    const slow = flow('unaffected', {
      stalls: [stall(3, 'zero-window'), stall(2, 'loss'), stall(9, 'zero-window')],
    });
    expect(headline([slow, flow('unaffected')])).toBe(
      '2 connections, none affected by a failover. Stalls of other causes: zero-window, loss.',
    );
  });
});

describe('writeHeadline, for one connection', () => {
  const worst = (outcome: Outcome, fields: Partial<Flow> = {}) =>
    headline([flow(outcome, { stalls: [stall(12.345)], ...fields })]);

  it.each<[Outcome, string]>([
    ['hung', `${NAME} hung: nothing moved for the last 12.35 s.`],
    ['resumed', `${NAME} stood still for 12.35 s and went on.`],
    ['reset', `${NAME} was reset after 12.35 s of silence.`],
    ['gave-up', `${NAME}: the client gave up after 12.35 s.`],
    ['cut-short', `${NAME} was cut short after a stall of 12.35 s.`],
    ['connect-delayed', `${NAME} was connected only after 12.35 s.`],
    ['not-connected', `${NAME} was never connected; its client tried for 7.00 s.`],
    [
      'undecided',
      `${NAME}: the capture ends in mid-transfer, so it cannot tell a hang from a capture that was stopped.`,
    ],
  ])('%s', (outcome, text) => {
    expect(worst(outcome)).toBe(text);
  });

  it('names the cause, or how many are left', () => {
    expect(worst('hung', { cause: 'pmtu-black-hole' })).toBe(
      `${NAME} hung: nothing moved for the last 12.35 s (pmtu-black-hole).`,
    );
    expect(worst('hung', { candidates: ['loss'] })).toMatch(/cannot tell why: 1 cause left\.$/);
    expect(worst('hung', { candidates: ['loss', 'outage'] })).toMatch(/cannot tell why: 2 causes left\.$/);
  });

  it('names who gave up, and a reset without a silence', () => {
    const endedBy = { who: 'server', how: 'FIN', frame: { capture: 'c1', frame: 1 } } as const;
    expect(worst('gave-up', { endedBy })).toBe(`${NAME}: the server gave up after 12.35 s.`);
    expect(worst('reset', { stalls: [] })).toBe(`${NAME} was reset.`);
  });

  it('puts IPv6 addresses in brackets', () => {
    expect(worst('reset', { stalls: [], client: { address: 'fd00::1', port: 9 } })).toBe(
      '[fd00::1]:9 -> 10.0.0.2:80 was reset.',
    );
  });
});

describe('writeHeadline, for many', () => {
  it('calls what is not TCP a flow, and says of a question that it was asked too late', () => {
    const asked = flow('undecided', { protocol: 'udp', server: { address: '10.0.0.2', port: 53 } });
    expect(headline([asked, flow('unaffected')])).toBe(
      '2 flows: 1 undecided, 1 unaffected. 10.0.0.1:40000 -> 10.0.0.2:53: the capture ends too soon after the last try to tell.',
    );
  });

  it('counts outcomes worst first, and tells the worst', () => {
    const flows = [
      flow('resumed', { stalls: [stall(50)] }),
      flow('hung', { stalls: [stall(20)] }),
      flow('unaffected'),
      flow('hung', { stalls: [stall(30)], server: { address: '10.0.0.9', port: 443 } }),
    ];
    expect(headline(flows)).toBe(
      '4 connections: 2 hung, 1 resumed, 1 unaffected. 10.0.0.1:40000 -> 10.0.0.9:443 hung: nothing moved for the last 30.00 s.',
    );
  });

  it('begins with the failover', () => {
    const hung = [flow('reset')];
    const lost = 'The path was lost at 2023-11-14 22:13:20.601 UTC';
    expect(headline(hung, [failover(20.5)])).toBe(`${lost}, for at most 20.50 s. ${NAME} was reset.`);
    expect(headline(hung, [failover(20.5, 'seen')])).toBe(`${lost}, for 20.50 s. ${NAME} was reset.`);
    expect(headline(hung, [failover(null)])).toBe(
      `${lost} and was not seen to come back. ${NAME} was reset.`,
    );
    expect(headline(hung, [{ ...failover(null, 'seen'), pathRestored: '1700000003000000000' }])).toBe(
      `${lost} and came back; for how long it was gone is not known. ${NAME} was reset.`,
    );
    expect(headline(hung, [failover(3), failover(null)])).toBe(
      `${lost} (the first of 2), for at most 3.00 s. ${NAME} was reset.`,
    );
  });
});

describe('longestStall', () => {
  it('leaves out stalls that something innocent explains', () => {
    const stalls = [
      stall(3),
      stall(90, 'zero-window'),
      stall(5, 'rto-backoff'),
      stall(80, 'application-idle'),
    ];
    expect(longestStall(flow('resumed', { stalls }))).toBe(5);
    expect(longestStall(flow('resumed'))).toBe(0);
  });
});

describe('utc', () => {
  it('rounds to milliseconds', () => {
    expect(utc('1700000000000000000')).toBe('2023-11-14 22:13:20.000 UTC');
    expect(utc('1700000000601499999')).toBe('2023-11-14 22:13:20.601 UTC');
    expect(utc('1700000000999500000')).toBe('2023-11-14 22:13:21.000 UTC');
  });
});
