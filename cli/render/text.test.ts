/**
 * The text of hand-made reports, whole, as files that a person can read:
 * `golden/<name>.txt`. Update with `npx vitest run cli/render -u`, then read the diff.
 */
import { expect, test } from 'vitest';
import type { Claim, Report } from '../../analyzer/index.ts';
import {
  absent,
  at,
  frame,
  inferred,
  ladderRow,
  observed,
  sampleCapture,
  sampleClock,
  sampleFailover,
  sampleFlow,
  sampleReport,
  sampleStall,
} from '../sample-report.ts';
import { textWidth } from './layout.ts';
import { detectStyle } from './style.ts';
import { renderText, type TextOptions } from './text.ts';

function render(
  report: Report,
  detail: TextOptions['detail'] = 'normal',
  columns = 80,
  env: Record<string, string> = {},
): string {
  return renderText(report, {
    detail,
    style: detectStyle({ color: 'never', env, isTerminal: true, columns }),
  });
}

const golden = (name: string, text: string): Promise<void> =>
  expect(text).toMatchFileSnapshot(`golden/${name}.txt`);

const THREE_CAPTURES = [
  sampleCapture('client', { dropped: 0 }),
  sampleCapture('a', {
    vantage: { host: 'node-a', side: 'out', role: 'node', inferred: false },
    dropped: 0,
    lastTime: at(0),
    coveredUntil: at(0),
  }),
  sampleCapture('b', { vantage: { host: 'node-b', side: 'out', role: 'node', inferred: false }, dropped: 0 }),
];

function backoffFlow(number: number, stall = 3.064) {
  return sampleFlow(number, {
    outcome: 'resumed',
    cause: 'rto-backoff',
    path: 'forwarded',
    seenAt: ['client', 'a', 'b'],
    streams: { client: number, a: number, b: 0 },
    stalls: [
      sampleStall(stall, {
        cause: 'rto-backoff',
        waiting: 'server',
        owedBy: 'client',
        outage: 1.883,
        backoff: stall - 1.884,
        recovery: 0.001,
        rung: 4,
        frames: { last: frame('client', 4120), first: frame('client', 4305) },
      }),
    ],
    claims: [
      observed('last data that node-a passed on', frame('client', 4120), frame('a', 3308)),
      observed(
        'retransmissions 1 to 3 reached node-b',
        frame('client', 4131),
        frame('client', 4150),
        frame('client', 4188),
        frame('b', 12),
        frame('b', 19),
        frame('b', 31),
      ),
      absent('no frame of this flow left node-b before +1.883 s', 0, 1.883, 'capture running, 0 drops'),
      {
        kind: 'observed',
        text: "node-b put this flow's state to use, forwarding starts",
        frames: [],
        journal: [{ file: 'node-b.jsonl', line: 1183 }],
      },
      observed('retransmission 4 passed on and acknowledged', frame('client', 4302), frame('b', 88)),
      inferred('the timer of 204 ms doubled 3 times (margin 4 ms)'),
    ],
    ruledOut: [
      { cause: 'zero-window', because: '65,160 B open, client #4119' },
      { cause: 'application-idle', because: 'data outstanding' },
      { cause: 'pmtu-black-hole', because: 'all of 1,460 B passed before' },
      { cause: 'loss', because: 'every flow was silent at once' },
    ],
  });
}

const resumed = sampleReport(
  'Failover node-a -> node-b at 2026-11-22 11:07:02.601 UTC, outage 1.88 s: 26 of 32 flows waited up to 3.06 s because TCP was in back-off when node-b was ready, and 3 were reset.',
  [
    ...Array.from({ length: 26 }, (_, i) => backoffFlow(i + 1, 3.064 - i * 0.01)),
    ...Array.from({ length: 3 }, (_, i) =>
      sampleFlow(40 + i, {
        outcome: 'reset',
        cause: 'no-state-reject',
        confidence: 'medium',
        endedBy: { who: 'new-node', how: 'RST', frame: frame('client', 4310) },
        replacedBy: 'f0000000050',
        claims: [observed('a reset with TTL 64, where the server has 63', frame('client', 4310))],
      }),
    ),
    ...Array.from({ length: 3 }, (_, i) => sampleFlow(50 + i)),
  ],
  {
    captures: THREE_CAPTURES,
    clocks: [sampleClock('b')],
    failovers: [
      sampleFailover(1.883, {
        restoredBy: 'seen',
        from: 'node-a',
        to: 'node-b',
        marks: [observed('gratuitous ARP: 10.0.1.1 is at a new MAC', frame('client', 4200))],
      }),
    ],
  },
);

const hung = sampleReport(
  'One download hangs: the last byte came at 2026-11-22 11:07:02.601 UTC, and nothing more in the 60 s that the capture ran on. Why cannot be told from the client alone.',
  [
    sampleFlow(1, {
      outcome: 'hung',
      candidates: [
        'no-state-drop',
        'nat-mapping-lost',
        'terminated-proxy',
        'stale-path',
        'one-way-path',
        'peer-gave-up',
        'stale-failback',
      ],
      confidence: 'medium',
      stalls: [sampleStall(60, { end: null, nextRetry: at(106.5) })],
      claims: [
        observed('the response promises 104,857,600 B, 1,234,567 B came', frame('client', 12)),
        observed('last data from the server', frame('client', 4120)),
        absent(
          'no frame of this flow after it',
          0,
          60,
          'other traffic in the capture runs on, drops not recorded',
        ),
      ],
      ruledOut: [{ cause: 'zero-window', because: 'the client had 64,240 B open' }],
      splitBy: ['node-b.out', 'server', 'state:node-b', 'journal:node-b', 'longer:client'],
    }),
  ],
);

test('a failover with three captures', async () => {
  await golden('resumed', render(resumed));
});

test('in a UTF-8 terminal of 100 columns', async () => {
  await golden('resumed-wide', render(resumed, 'normal', 200, { LANG: 'C.UTF-8' }));
});

test('one capture that cannot decide', async () => {
  await golden('hung-one-capture', render(hung));
});

test('-v: everything, and a line a flow', async () => {
  const few = { ...resumed, flows: [resumed.flows[0]!, ...resumed.flows.slice(-4)] };
  await golden('verbose', render(few, 'verbose', 100));
});

test('-q: the headline alone', () => {
  expect(render(hung, 'quiet')).toBe(
    'One download hangs: the last byte came at 2026-11-22 11:07:02.601 UTC, and\n' +
      'nothing more in the 60 s that the capture ran on. Why cannot be told from the\n' +
      'client alone.\n',
  );
});

test('--flow: one flow in full with its ladder', async () => {
  const ladder = [
    ladderRow(-0.0031, 4118, 'server', { flags: 'PSH ACK', seq: 1_233_119, ack: 78, length: 1448 }),
    ladderRow(-0.003, 4119, 'client', { seq: 78, ack: 1_234_567 }),
    ladderRow(0, 4120, 'server', {
      flags: 'PSH ACK',
      seq: 1_234_567,
      ack: 78,
      length: 1448,
      label: 'last data before the stall',
    }),
    ladderRow(30.2, 4188, 'client', { seq: 77, ack: 1_236_015, label: 'keepalive probe, unanswered' }),
    ladderRow(53.95, 4302, 'server', {
      seq: 1_236_015,
      ack: 78,
      length: 1448,
      label: 'retransmission 8 (rung 53.9 s)',
    }),
  ];
  const [first, ...others] = resumed.flows;
  const stalls = [
    ...first!.stalls,
    sampleStall(1.5, { cause: 'application-idle', start: at(20), end: at(21.5) }),
  ];
  const report: Report = {
    ...resumed,
    flows: [{ ...first!, stalls, ladder }, ...others],
    path: {
      kind: 'forwarded',
      claims: [observed('the same first sequence numbers on both sides', frame('client', 1), frame('b', 1))],
    },
  };
  await golden('flow-ladder', render(report, 'flow'));
});

test('stalls that are not the failover', async () => {
  const reading = sampleStall(12.3, { cause: 'zero-window', waiting: 'server', owedBy: 'client' });
  const report = sampleReport(
    'No failover is visible: 1 flow stalled for 12.30 s because its receiver was not reading.',
    [
      sampleFlow(1, {
        stalls: [reading],
        claims: [observed('the client advertises a window of 0', frame('client', 812))],
      }),
      sampleFlow(2),
    ],
  );
  await golden('not-the-failover', render(report));
});

test('a capture that stopped in mid-transfer', async () => {
  const report = sampleReport('Undecided: the capture ends while 1 flow is in mid-transfer.', [
    sampleFlow(1, {
      outcome: 'undecided',
      confidence: 'low',
      candidates: ['rto-backoff', 'application-idle'],
      splitBy: ['longer:client'],
      claims: [observed('the last frame of the capture is data of this flow', frame('client', 4320))],
    }),
  ]);
  await golden('mid-transfer', render(report));
});

test('hostile strings are shown, not obeyed', async () => {
  const capture = sampleCapture('client', {
    file: 'evil\x1b[2J\u202egpj.pcap',
    truncated: true,
    dropped: 12,
  });
  capture.vantage.host = 'client\x07';
  const report = sampleReport(
    'Nothing\r\nto see \x1b[31mhere',
    [
      sampleFlow(1, {
        outcome: 'hung',
        cause: 'outage',
        claims: [observed('Host: \x9b31m\u2066evil', frame('client', 1))],
      }),
    ],
    { captures: [capture] },
  );
  await golden('hostile-strings', render(report));
});

test('hostile strings are no better in several captures', () => {
  const evil = 'e\x1b[2J\u202e';
  const node = { host: evil, side: 'in', role: 'node', inferred: true } as const;
  const report = sampleReport(
    'One flow hangs.',
    [sampleFlow(1, { outcome: 'hung', seenAt: ['client', 'b'] })],
    {
      captures: [
        sampleCapture('client', { file: `${evil}/client.pcap` }),
        sampleCapture('b', { file: `${evil}/b.pcap`, vantage: node }),
      ],
      clocks: [sampleClock('b')],
      failovers: [
        sampleFailover(10.1, {
          from: evil,
          to: evil,
          marks: [observed(evil, frame('b', 1))],
          contrast: [{ trait: 'port', affected: evil, others: evil, counts: { affected: 1, others: 1 } }],
        }),
      ],
      path: { kind: 'forwarded', claims: [observed(evil, frame('b', 1))] },
      problems: [{ code: 'vantage-contradicted', message: evil, at: { capture: 'b' } }],
    },
  );
  for (const detail of ['normal', 'verbose'] as const) {
    const text = render(report, detail, 100);
    expect(text).toContain('in e\\x1b[2J\\u{202e}/;');
    expect(text.match(/\\x1b\[2J\\u\{202e\}/g)!.length).toBeGreaterThan(8);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  }
});

test('lines of journals stand where frames do, called by as much of the path as tells them apart', () => {
  const journalClaim = (text: string, ...journal: [string, number][]): Claim => ({
    kind: 'observed',
    text,
    frames: [],
    journal: journal.map(([file, line]) => ({ file, line })),
  });
  const report = sampleReport('One flow hangs.', [
    sampleFlow(1, {
      outcome: 'hung',
      cause: 'state-not-committed',
      claims: [
        { ...journalClaim('node-b committed', ['in/b/conntrackd.log', 6]), frames: [frame('client', 12)] },
        journalClaim('node-a stepped down', ['in/a/conntrackd.log', 8]),
        journalClaim('the switch says so, too', ['/var/log/sw\x1b[1m.log', 1183]),
        journalClaim('again and again', ...[1, 2, 3, 4, 5].map((n): [string, number] => ['x/fw1.log', n])),
      ],
    }),
  ]);
  const labels = render(report, 'normal', 100)
    .split('\n')
    .flatMap((line) => /^ {3}\|(?: {2}observed| {10}) {2}(\S+)/.exec(line)?.[1] ?? []);
  expect(labels).toEqual([
    '#12',
    'b/conntrackd.log:6',
    'a/conntrackd.log:8',
    'sw\\x1b[1m.log:1183',
    'fw1.log:1',
    'fw1.log:2',
    'fw1.log:3',
    '+2',
  ]);
});

test('no flows, more than ten groups', async () => {
  await golden(
    'no-flows',
    render(
      sampleReport('No TCP flow is in this capture.', [], {
        captures: [sampleCapture('client', { frames: 0, coveredUntil: null })],
      }),
    ),
  );
  const many = Array.from({ length: 14 }, (_, i) =>
    sampleFlow(i + 1, {
      outcome: 'undecided',
      candidates: ['loss', ...(['outage', 'zero-window'] as const).slice(0, i % 3)],
      claims: [],
      streams: { client: i },
    }),
  ).map((flow, i) => ({ ...flow, candidates: flow.candidates.concat(resumedCandidates.slice(0, i)) }));
  expect(render(sampleReport('Many.', many))).toContain('more groups; -v lists every flow');
});

const resumedCandidates = [
  'rto-backoff',
  'no-state-drop',
  'no-state-reject',
  'out-of-window',
  'stale-path',
  'one-way-path',
  'peer-gave-up',
  'split-brain',
  'client-timeout',
  'keepalive-expired',
  'syn-backoff',
  'delayed-victim',
  'tuple-reuse',
  'node-capacity',
] as const;

test('no line is wider than the terminal, unless a word is', () => {
  for (const columns of [60, 80, 100]) {
    for (const report of [resumed, hung]) {
      for (const line of render(report, 'normal', columns).split('\n'))
        expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    }
  }
});

test('colour changes no character', () => {
  const colored = renderText(resumed, {
    detail: 'flow',
    style: detectStyle({ color: 'always', env: {}, isTerminal: true, columns: 80 }),
  });
  expect(colored).toContain('\x1b[');
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(render(resumed, 'flow'));
  expect(render(resumed)).not.toContain('\x1b');
});
