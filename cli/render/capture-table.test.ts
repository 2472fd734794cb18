import { expect, test } from 'vitest';
import type { Capture, Report } from '../../analyzer/index.ts';
import { at, sampleCapture, sampleClock, sampleReport } from '../sample-report.ts';
import { renderCaptureTable } from './capture-table.ts';
import { captureNames } from './captures.ts';
import { detectStyle } from './style.ts';

const node = (host: string, side: 'in' | 'out', inferred = true): Capture['vantage'] => ({
  host,
  side,
  role: 'node',
  inferred,
});

function table(captures: Capture[], more: Partial<Report> = {}, columns = 100): string {
  const report = sampleReport('', [], { captures, ...more });
  const style = detectStyle({ color: 'never', env: { LANG: 'C.UTF-8' }, isTerminal: true, columns });
  return renderCaptureTable(report, captureNames(captures), style).join('\n');
}

test('a line each, in the order of the path, whatever the files are called', () => {
  const captures = [
    sampleCapture('c1', { file: '/inc/3/1.pcap', vantage: node('node-b', 'out') }),
    sampleCapture('c2', {
      file: '/inc/3/2.pcap',
      vantage: { host: 'server', role: 'server', inferred: true },
    }),
    sampleCapture('c3', {
      file: '/inc/3/3.pcap',
      vantage: { host: 'client', role: 'client', inferred: true },
    }),
    sampleCapture('c4', { file: '/inc/3/4.pcap', vantage: node('node-a', 'in'), truncated: true }),
    sampleCapture('c5', {
      file: '/inc/3/5.pcap',
      vantage: { host: '5', role: 'unknown', inferred: true },
      frames: 0,
      coveredUntil: null,
    }),
  ];
  const clocks = [
    sampleClock('c1', { reference: 'c3', error: null }),
    sampleClock('c2', { reference: 'c3', skewPpm: 3.21 }),
  ];
  expect(table(captures, { clocks })).toBe(
    [
      '5 captures in /inc/3/; where each was taken is guessed (VANTAGE=FILE says it)',
      "capture     file    frames  until (UTC)              clock minus client's",
      'client      3.pcap   4,320  11:08:02.601             reference clock',
      'node-a.in   4.pcap   4,320  11:08:02.601, cut short  not aligned',
      'node-b.out  1.pcap   4,320  11:08:02.601             +10.000 ms, not bounded',
      'server      2.pcap   4,320  11:08:02.601             +10.000 ms ±0.200 ms, drift +3.2 ppm',
      'c5          5.pcap       0  -                        -',
      '   = unplaced: c5: nothing says where /inc/3/5.pcap was taken; VANTAGE=FILE would',
    ].join('\n'),
  );
});

test('what was said and what was guessed, and what the traffic says against it', () => {
  const captures = [
    sampleCapture('client', { vantage: { host: 'client', role: 'client', inferred: false } }),
    sampleCapture('c2', { file: 'b.pcap', vantage: node('node-b', 'in'), dropped: 12 }),
  ];
  const problems = [
    { code: 'vantage-contradicted', message: 'client was named a client, but …', at: { capture: 'client' } },
    { code: 'record-cut', message: 'not of this table', at: { capture: 'c2' } },
  ];
  expect(table(captures, { problems })).toBe(
    [
      '2 captures',
      'capture    file            frames  until (UTC)   place',
      'client     client.pcap.gz   4,320  11:08:02.601  said',
      'node-b.in  b.pcap           4,320  11:08:02.601  guessed',
      '   = dropped: 12 packets by node-b.in',
      '   = contradicted: client.pcap.gz: client was named a client, but …',
    ].join('\n'),
  );
});

test('rotated files of one vantage have one clock and names of their own', () => {
  const client: Capture['vantage'] = { host: 'client', role: 'client', inferred: false };
  const captures = [
    sampleCapture('c1', { file: 'client.pcap0', vantage: client, dropped: 0 }),
    sampleCapture('c2', { file: 'client.pcap1', vantage: client, dropped: 0, coveredUntil: at(86_400) }),
    sampleCapture('c3', { file: 'b.pcap', vantage: node('node-b', 'in', false), dropped: 0 }),
  ];
  expect(table(captures, { clocks: [sampleClock('c3', { reference: 'c1' })] })).toBe(
    [
      '3 captures, no drops',
      "capture     file          frames  until (UTC)              clock minus client's",
      'client(c1)  client.pcap0   4,320  2026-11-22 11:08:02.601  reference clock',
      'client(c2)  client.pcap1   4,320  2026-11-23 11:07:02.601  reference clock',
      'node-b.in   b.pcap         4,320  2026-11-22 11:08:02.601  +10.000 ms ±0.200 ms',
    ].join('\n'),
  );
});

test('where the clocks do not fit beside the rows, they stand under them', () => {
  const captures = [
    sampleCapture('client', { file: 'a-client-of-a-long-name.pcap.gz' }),
    sampleCapture('b', { file: 'b.pcap', vantage: node('node-b', 'in') }),
  ];
  const text = table(captures, { clocks: [sampleClock('b', { error: null })] }, 64);
  expect(text.split('\n').slice(2)).toEqual([
    'capture    file                             frames  until (UTC)',
    'client     a-client-of-a-long-name.pcap.gz   4,320  11:08:02.601',
    '      reference clock',
    'node-b.in  b.pcap                            4,320  11:08:02.601',
    "      clock minus client's: +10.000 ms, not bounded",
  ]);
});
