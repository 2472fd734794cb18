import { expect, test } from 'vitest';
import { formatEndpoint } from '../../analyzer/index.ts';
import { count, formatExactSeconds, formatNumber, formatSeconds, formatUtc, formatUtcTime } from './units.ts';

test.each([
  [0, '0 ms'],
  [0.0004, '0.4 ms'],
  [0.042, '42 ms'],
  [0.0999, '0.10 s'],
  [0.204, '0.20 s'],
  [3.064, '3.06 s'],
  [53.95, '53.95 s'],
  [99.996, '100.0 s'],
  [106.54, '106.5 s'],
  [999.96, '1,000 s'],
  [1834.2, '1,834 s'],
  [-0.5, '-0.50 s'],
  [-3.06, '-3.06 s'],
])('%d s is %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('parts to the ms, numbers in thousands, plurals', () => {
  expect(formatExactSeconds(1.883)).toBe('1.883 s');
  expect(formatExactSeconds(1234.5)).toBe('1,234.500 s');
  expect([0, 999, 1000, 65160, 1234567].map(formatNumber)).toEqual([
    '0',
    '999',
    '1,000',
    '65,160',
    '1,234,567',
  ]);
  expect([count(1, 'flow'), count(1200, 'flow')]).toEqual(['1 flow', '1,200 flows']);
});

test('times in UTC, rounded to the ms; a time outside the calendar stays a number', () => {
  expect(formatUtc('1795345622601499999')).toBe('2026-11-22 11:07:02.601 UTC');
  expect(formatUtc('1795345622601500000')).toBe('2026-11-22 11:07:02.602 UTC');
  expect(formatUtcTime('1795345622601000000')).toBe('11:07:02.601 UTC');
  expect(formatUtc('18446744073709551615000000000')).toBe('@18446744073709551615 UTC');
  expect(formatUtc('0')).toBe('1970-01-01 00:00:00.000 UTC');
});

test('an IPv6 address keeps its port apart', () => {
  expect(formatEndpoint({ address: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80');
  expect(formatEndpoint({ address: '2001:db8::1', port: 443 })).toBe('[2001:db8::1]:443');
});
