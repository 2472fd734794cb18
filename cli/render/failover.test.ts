import { expect, test } from 'vitest';
import type { Failover } from '../../analyzer/index.ts';
import { at, frame, observed, sampleCapture, sampleFailover, sampleReport } from '../sample-report.ts';
import { captureNames } from './captures.ts';
import { renderFailover } from './failover.ts';
import { detectStyle } from './style.ts';

const two = [
  sampleCapture('client'),
  sampleCapture('a', { vantage: { host: 'node-a', side: 'out', role: 'node', inferred: true } }),
];

function text(failover: Failover, { captures = two, full = false } = {}): string[] {
  const style = detectStyle({ color: 'never', env: {}, isTerminal: true, columns: 100 });
  const report = sampleReport('', [], { captures });
  return renderFailover(failover, { report, names: captureNames(captures), style, full });
}
/** What stands under the evidence. */
const notes = (more: Partial<Failover>): string[] =>
  text(sampleFailover(10.1, { restoredBy: 'seen', from: 'node-a', to: 'node-b', ...more })).slice(2);
const title = (outage: number | null, more: Partial<Failover>): string =>
  text(sampleFailover(outage, more))
    .filter((line) => !line.startsWith('   ='))
    .join(' ');

test('one capture: a line, whatever else is known', () => {
  const failover = sampleFailover(10.1, { lostWithin: 3, restoredWithin: 7.1, marks: [observed('a mark')] });
  expect(text(failover, { captures: two.slice(0, 1) })).toEqual([
    'failover: path lost 2026-11-22 11:07:02.601 UTC, back by 2026-11-22 11:07:12.701 UTC, outage 10.10 s',
  ]);
});

test('who saw it, and the outage as the range that it is', () => {
  const nodes = { restoredBy: 'seen', from: 'node-a', to: 'node-b' } as const;
  expect(title(10.1, { ...nodes, lostWithin: 0.26, restoredWithin: 0.99 })).toBe(
    'failover node-a -> node-b, seen at the nodes: path lost 2026-11-22 11:07:02.601 UTC, back 11:07:12.701 UTC, outage 8.85 s to 10.10 s',
  );
  expect(title(10.1, { ...nodes, lostWithin: 0.03, restoredWithin: 0.05 })).toMatch(/, outage 10\.10 s$/);
  expect(title(10.1, { ...nodes, lostWithin: 0.26, restoredWithin: 9.84 })).toMatch(
    /, outage at most 10\.10 s$/,
  );
  expect(title(10.1, { restoredBy: 'bound' })).toBe(
    'failover, implied by the ends: path lost 2026-11-22 11:07:02.601 UTC, back by 11:07:12.701 UTC, outage at most 10.10 s',
  );
  expect(title(null, { restoredBy: 'bound', from: 'node-a' })).toBe(
    'failover, seen at the nodes, its end implied by the ends: path lost 2026-11-22 11:07:02.601 UTC, not seen to come back',
  );
  expect(title(86_400, nodes)).toContain('back 2026-11-23 11:07:02.601 UTC, outage 86,400 s');
});

test('how far off the two times may be, and by which frames', () => {
  expect(notes({ lostWithin: 0.26, restoredWithin: 0.99 })).toEqual([
    '   = lost: at most 0.26 s later, when the first frame was sent that reached no node',
    '   = back: at most 0.99 s earlier: the last frame that reached no node was sent at 11:07:11.711 UTC',
  ]);
  expect(notes({ from: '', to: '', restoredBy: 'bound', lostWithin: 1.03, restoredWithin: 8.2 })).toEqual([
    '   = lost: at most 1.03 s later, when the first frame was sent in vain',
    '   = back: at most 8.20 s earlier: the last frame in vain was sent at 11:07:04.501 UTC',
  ]);
  expect(notes({ lostWithin: 0.26, restoredWithin: 10.1 }).slice(1)).toEqual([
    '   = back: at most 10.10 s earlier: only frames larger than any since then were lost in between',
  ]);
  expect(notes({ lostWithin: 10.1, restoredWithin: 10.1 })).toEqual([
    '   = outage: may have been shorter: no frame in between is known to be lost',
  ]);
  expect(notes({ lostWithin: 0.03, restoredWithin: 0.05 })).toEqual([]);
});

test('directions are named only where they differ, or where nothing passed', () => {
  const direction = (toward: 'client' | 'server', lost: number, restored: number | null) => ({
    toward,
    lost: at(lost),
    restored: restored === null ? null : at(restored),
  });
  expect(notes({ directions: [direction('client', 0, 10.1), direction('server', -0.01, 10.15)] })).toEqual(
    [],
  );
  expect(notes({ directions: [direction('client', -0.5, 13.2), direction('server', 0, 10.1)] })).toEqual([
    '   = toward the client: passed on until 11:07:02.101 UTC, again from 11:07:15.801 UTC',
    '   = toward the server: passed on until 11:07:02.601 UTC, again from 11:07:12.701 UTC',
  ]);
  expect(notes({ directions: [direction('client', 0, null), direction('server', 0, 10.1)] })[0]).toBe(
    '   = toward the client: passed on until 11:07:02.601 UTC, not seen again',
  );
  expect(notes({ directions: [direction('client', 0, null), direction('server', 0, null)] })).toEqual([
    '   = since then: node-b was not seen to pass anything on, in either direction',
  ]);
});

test('what tells the affected connections from the others', () => {
  const contrast: Failover['contrast'] = [
    {
      trait: 'age',
      affected: 'at most 3.1 s old',
      others: 'at least 30.2 s old',
      counts: { affected: 12, others: 7 },
    },
    { trait: 'port', affected: 'to port 81', others: 'to port 80', counts: { affected: 1, others: 1200 } },
  ];
  expect(notes({ contrast })).toEqual([
    '   = contrast: 12 of 12 connections at most 3.1 s old hung or ended, 0 of 7 at least 30.2 s old',
    '   = contrast: 1 of 1 connection to port 81 hung or ended, 0 of 1,200 to port 80',
  ]);
});

test('marks open in Wireshark; more than four only with -v', () => {
  const marks = [1, 2, 3, 4, 5, 6].map((number) => observed(`mark ${number}`, frame('a', number)));
  const failover = sampleFailover(10.1, { marks });
  const short = text(failover);
  expect(short).toContain('   |  observed  node-a.out #4  mark 4');
  expect(short).toContain('   = more: 2 marks: -v');
  expect(short.join()).not.toContain('mark 5');
  expect(text(failover, { full: true })).toContain('   |  observed  node-a.out #6  mark 6');
});
