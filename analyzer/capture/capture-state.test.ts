import { expect, it } from 'vitest';
import { CaptureState } from './capture-state.ts';

const DAY = 86_400e9;

function pausesOf(...times: number[]): [number, number][] {
  const state = new CaptureState('a.pcap', 0);
  for (const [i, time] of times.entries()) state.note(i + 1, time);
  return state.pauses.map(({ from, to }) => [from, to]);
}

it('notes times of a day and more without any frame, and no shorter one', () => {
  expect(pausesOf()).toEqual([]);
  expect(pausesOf(3 * DAY)).toEqual([]);
  expect(pausesOf(0, DAY - 1, 2 * DAY - 1, 2 * DAY)).toEqual([[DAY - 1, 2 * DAY - 1]]);
});

it('takes no frame of an earlier time for the end of the newest', () => {
  expect(pausesOf(5 * DAY, 0, DAY / 2, 5 * DAY + 1)).toEqual([]);
});
