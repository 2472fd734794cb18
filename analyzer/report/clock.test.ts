import { describe, expect, it } from 'vitest';
import { frameId } from '../flow/frame-id.ts';
import { durationOf, ReportClock } from './clock.ts';

describe('ReportClock', () => {
  const clock = new ReportClock(1_700_000_000_000_000_001n, ['c1', 'c2']);

  it('writes times as ns since the epoch, exactly', () => {
    expect([0, 1, -1, 123_456_789_012].map((t) => clock.time(t))).toEqual([
      '1700000000000000001',
      '1700000000000000002',
      '1700000000000000000',
      '1700000123456789013',
    ]);
  });

  it('names frames by capture and number', () => {
    expect([frameId(0, 7), frameId(1, 4_000_000_000)].map((id) => clock.frame(id))).toEqual([
      { capture: 'c1', frame: 7 },
      { capture: 'c2', frame: 4_000_000_000 },
    ]);
  });
});

describe('durationOf', () => {
  it('is seconds without a fraction of a nanosecond', () => {
    expect([1_500_000_000, 1, 0.4, 1_110_000_000.6].map(durationOf)).toEqual([1.5, 1e-9, 0, 1.110000001]);
  });
});
