import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleFlow } from '../../cli/sample-report.ts';
import type { FlowRow } from '../../server/api.ts';
import {
  describeTiming,
  escapeMarkdown,
  flowToMarkdown,
  rowsToCsv,
  rowsToJson,
  rowsToMarkdown,
} from './copy.ts';

const row = (more: Partial<FlowRow> = {}): FlowRow => ({
  index: 0,
  id: 'f0123456789',
  protocol: 'tcp',
  client: '10.0.1.17:51544',
  server: '10.9.0.5:443',
  outcome: 'resumed',
  cause: 'rto-backoff',
  candidates: [],
  confidence: 'high',
  start: '1746367331000000000',
  end: '1746367431000000000',
  stallStart: '1746367331204000000',
  stallEnd: '1746367334264000000',
  stall: 3.06,
  outage: 1.88,
  backoff: 1.18,
  retransmits: 4,
  bytesToClient: 100,
  bytesToServer: 20,
  seenAt: ['c1'],
  ...more,
});

test('rows as Markdown', () => {
  expect(
    rowsToMarkdown([
      row(),
      row({ cause: null, candidates: ['loss', 'outage'], stall: null, stallStart: null }),
    ]),
  ).toBe(
    [
      '| outcome | cause | client | server | stall from | stall | confidence |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| resumed | rto-backoff | 10.0.1.17:51544 | 10.9.0.5:443 | 2025-05-04 14:02:11.204 UTC | 3.06 s | high |',
      '| resumed | one of loss, outage | 10.0.1.17:51544 | 10.9.0.5:443 |  |  | high |',
      '',
    ].join('\n'),
  );
});

test('rows as CSV: quotes where they must be, and no formula', () => {
  const csv = rowsToCsv([row({ client: '=cmd()', server: 'a"b,c' })]);
  const [header, line, end] = csv.split('\r\n');
  expect(header).toMatch(/^outcome,cause,protocol,client,/);
  expect(line).toContain(',\'=cmd(),"a""b,c",');
  expect(end).toBe('');
});

test('rows as JSON are the rows', () => {
  expect(JSON.parse(rowsToJson([row()]))).toEqual([row()]);
});

test('nothing of a text is left as markup, and it stays on its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeMarkdown(text);
      expect(escaped).not.toMatch(/[\r\n]/);
      expect(escaped.replace(/\\[\\`*_{}[\]()#+!|<>~&$]/g, '')).not.toMatch(/[`*_{}[\]#|<>~&$\\]/);
    }),
  );
});

test('a flow as it stands in a postmortem', () => {
  const flow = sampleFlow(1, {
    claims: [
      { kind: 'observed', text: 'a <b>claim</b>', frames: [{ capture: 'c1', frame: 12 }] },
      { kind: 'inferred', text: 'another', frames: [], journal: [{ file: 'b.log', line: 3 }] },
    ],
    ruledOut: [{ cause: 'loss', because: 'nothing was lost' }],
  });
  const text = flowToMarkdown(flow, new Map([['c1', 'client']]), 'http://localhost/#/i/x');
  expect(text).toContain('- observed: a \\<b\\>claim\\</b\\> \\[client \\#12\\]');
  expect(text).toContain('- inferred: another \\[b.log:3\\]');
  expect(text).toContain('- loss: nothing was lost');
  expect(text).toMatch(/ {4}client: .*frame\.number == 12/);
  expect(text.endsWith('<http://localhost/#/i/x>\n')).toBe(true);
});

test('a stall as a sum where it is one, else as a list', () => {
  const stall = { ...sampleFlow(1, {}).stalls[0]!, duration: 3.06, outage: 1.88, backoff: 1.18, recovery: 0 };
  const sum = 'stalled 3.06 s = outage 1.88 s + back-off 1.18 s';
  expect(describeTiming({ ...stall, end: '1' })).toBe(sum);
  expect(describeTiming({ ...stall, end: '1', outageWithin: 0.7 })).toBe(
    'stalled 3.06 s = outage at most 1.88 s + back-off at least 1.18 s',
  );
  expect(describeTiming({ ...stall, end: null, backoff: null, recovery: null })).toBe(
    'stalled 3.06 s to the end of the captures (outage 1.88 s)',
  );
});
