import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimeArgument, parseZoneArgument } from './time-argument.ts';

const AT = 1_795_345_622_601_000_000n;

test.each([
  ['2026-11-22T11:07:02.601Z', AT, false],
  ['2026-11-22 11:07:02.601 UTC', AT, false],
  ['2026-11-22 11:07:02,601', AT, true],
  ['2026-11-22T12:07:02.601+01:00', AT, false],
  ['2026-11-22T05:37:02.601-0530', AT, false],
  ['2026-11-22T13:07:02.601+02', AT, false],
  ['1795345622.601', AT, false],
  ['@1795345622.601000000', AT, false],
  ['@1795345622', AT - 601_000_000n, false],
  ['2026-11-22T11:07', AT - 2_601_000_000n, true],
  ['2026-11-22', 1_795_305_600_000_000_000n, true],
])('%s', (text, time, zoneAssumed) => {
  expect(parseTimeArgument('--until', text)).toEqual({ time, zoneAssumed });
});

test.each(['', 'yesterday', '11:07:02', '2026-02-30T00:00Z', '2026-11-22T25:00Z', '2026-13-01', '-5', '1e9'])(
  'no time: %s',
  (text) => {
    expect(() => parseTimeArgument('--from', text)).toThrow(/^--from: /);
  },
);

test('ns or ms given as seconds get the value that was meant', () => {
  const hintOf = (text: string): unknown => {
    try {
      return parseTimeArgument('--to', text);
    } catch (error) {
      return error;
    }
  };
  expect(hintOf('1795345622601000000')).toMatchObject({ hint: 'did you mean 1795345622.601000000?' });
  expect(hintOf('1795345622601')).toMatchObject({ hint: 'did you mean 1795345622.601?' });
});

test.each([
  ['+01:00', 3600],
  ['-0530', -19_800],
  ['+14', 50_400],
  ['utc', 0],
  [' Z ', 0],
])('zone %s', (text, seconds) => {
  expect(parseZoneArgument('--journal-zone', text)).toBe(BigInt(seconds) * 1_000_000_000n);
});

test.each(['', '1', 'CET', '+1:00', '+15:00', '-99:00', 'Europe/Paris'])('no zone: %s', (text) => {
  expect(() => parseZoneArgument('--journal-zone', text)).toThrow(/^--journal-zone: /);
});

test('what Date prints is read back, to the ms', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (date) => {
      const nanos = BigInt(date.getTime()) * 1_000_000n;
      expect(parseTimeArgument('--from', date.toISOString()).time).toBe(nanos);
    }),
  );
});
