import { expect, test } from 'vitest';
import type { Capture } from '../../analyzer/index.ts';
import { frame, sampleCapture } from '../sample-report.ts';
import { captureNames, formatFrames, nameOf } from './captures.ts';

const at = (id: string, host: string, more: Partial<Capture['vantage']> = {}): Capture =>
  sampleCapture(id, { vantage: { host, role: 'node', inferred: true, ...more } });

test('captures are called by their vantage, unless that is no name for one file', () => {
  const names = captureNames([
    at('c1', 'client', { role: 'client' }),
    at('c2', 'node-a', { side: 'out' }),
    at('c3', 'node-b', { side: 'in' }),
    at('c4', 'node-b', { side: 'in' }),
    at('c5', '5', { role: 'unknown' }),
    at('c6', 'firewall-01.rack-7.example.net'),
  ]);
  expect([...names.values()]).toEqual(['client', 'node-a.out', 'node-b.in(c3)', 'node-b.in(c4)', 'c5', 'c6']);
  expect(nameOf('c9', names)).toBe('c9');
});

test('a lone capture needs no name', () => {
  const names = captureNames([sampleCapture('c1')]);
  expect(formatFrames([frame('c1', 12), frame('c1', 19)], names)).toEqual(['#12 #19']);
  expect(nameOf('c1', names)).toBe('c1');
});

test('frames by capture, in order, each once; three in a row are a range', () => {
  const names = new Map([
    ['c1', 'client'],
    ['c2', 'node-a.out'],
  ]);
  const frames = (capture: string, ...numbers: number[]) => numbers.map((number) => frame(capture, number));
  expect(formatFrames([...frames('c1', 4131), ...frames('c2', 19, 12), frame('c1', 4120)], names)).toEqual([
    'client #4120 #4131',
    'node-a.out #12 #19',
  ]);
  expect(formatFrames(frames('c1', 5, 6), names)).toEqual(['client #5 #6']);
  expect(formatFrames(frames('c1', 5, 6, 7, 7, 9), names)).toEqual(['client #5-#7 #9']);
  expect(formatFrames(frames('c1', 1, 3, 5, 10, 11, 12, 20), names)).toEqual(['client #1 #3 #5 +4']);
});
