/** The rule by which the server bench calls memory flat. */
import { expect, it } from 'vitest';
import { judgeMemory, LEAST_SAMPLES } from './server-memory.ts';

const run = (at: (part: number) => number): number[] =>
  Array.from({ length: 600 }, (_, second) => at(second / 600));

it('what grows at first only, and swings, is flat', () => {
  const samples = run((part) => Math.min(1, part * 6) * 300 + (Math.round(part * 600) % 7) * 20);
  expect(judgeMemory(samples)).toMatchObject({ isFlat: true });
});

it('what grows all the time is not, nor what jumps late', () => {
  const verdict = judgeMemory(run((part) => 200 + part * 60));
  expect(verdict?.medians.map(Math.round)).toEqual([218, 254]);
  expect(verdict?.isFlat).toBe(false);
  expect(judgeMemory(run((part) => (part < 0.85 ? 200 : 400)))).toMatchObject({ isFlat: false });
});

it('a tenth more is the most that passes', () => {
  const step = (last: number): number[] => run((part) => (part < 0.7 ? 200 : last));
  expect(judgeMemory(step(220))?.isFlat).toBe(true);
  expect(judgeMemory(step(221))?.isFlat).toBe(false);
});

it('too short a run is not judged', () => {
  expect(judgeMemory(Array.from({ length: LEAST_SAMPLES - 1 }, () => 1))).toBeNull();
  expect(judgeMemory(Array.from({ length: LEAST_SAMPLES }, () => 1))?.isFlat).toBe(true);
});
