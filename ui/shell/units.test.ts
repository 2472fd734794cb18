import { expect, test } from 'vitest';
import type { Capture } from '../../analyzer/index.ts';
import { sampleCapture } from '../../cli/sample-report.ts';
import { labelKey } from './key-labels.ts';
import { captureNames, formatBytes, formatEndpoint, parseFrame } from './units.ts';

const at = (id: string, host: string, side?: 'in' | 'out'): Capture => ({
  ...sampleCapture(id, {}),
  vantage: { host, role: 'node', inferred: true, ...(side === undefined ? {} : { side }) },
});

test('frames by the names that people see', () => {
  const captures = [
    at('c1', 'client'),
    at('c2', 'node-a', 'in'),
    at('c3', 'node-a', 'out'),
    at('c4', 'client'),
  ];
  expect([...captureNames(captures).values()]).toEqual([
    'client(c1)',
    'node-a.in',
    'node-a.out',
    'client(c4)',
  ]);
  expect(parseFrame('node-a.out:12', captures)).toEqual({ capture: 'c3', frame: 12 });
  expect(parseFrame(' Node-A.in #7 ', captures)).toEqual({ capture: 'c2', frame: 7 });
  expect(parseFrame('c4 9', captures)).toEqual({ capture: 'c4', frame: 9 });
  for (const bad of ['', 'client', 'server:1', 'client:0', '12', 'client:x'])
    expect(parseFrame(bad, captures)).toBeNull();
  expect(parseFrame('12', [at('c1', 'client')])).toEqual({ capture: 'c1', frame: 12 });
});

test('numbers with their units', () => {
  expect([0, 999, 1500, 1_234_567, 123_456_789].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '1.2 MB',
    '123 MB',
  ]);
  expect(formatEndpoint({ address: '2001:db8::1', port: 443 })).toBe('[2001:db8::1]:443');
});

test("keys as the user's keyboard shows them", () => {
  const azerty = new Map([
    ['KeyW', 'z'],
    ['KeyA', 'q'],
  ]);
  expect(labelKey('KeyW', azerty)).toBe('Z');
  expect(labelKey('KeyW', new Map())).toBe('W');
  expect(labelKey('Shift+ArrowLeft', azerty)).toBe('Shift ←');
  expect(labelKey('Ctrl+KeyK', azerty)).toBe('Ctrl K');
  expect(labelKey('key:?', azerty)).toBe('?');
});
