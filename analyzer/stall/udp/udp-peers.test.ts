import { expect, it } from 'vitest';
import { seconds } from '../../../packet/time.ts';
import { PeerLog } from './udp-peers.ts';

function log(...times: number[]): PeerLog {
  const made = new PeerLog();
  for (const [i, t] of times.entries()) made.heard(seconds(t), i + 1);
  return made;
}
const within = (l: PeerLog, from: number, to: number): boolean => l.wasHeardIn(seconds(from), seconds(to));
const throughout = (l: PeerLog, from: number, to: number): boolean =>
  l.wasHeardThroughout(seconds(from), seconds(to));

it('knows whether anything came between two moments', () => {
  const l = log(1, 2, 10, 11);
  expect([within(l, 0, 0.9), within(l, 0, 1.5), within(l, 2.1, 9.9), within(l, 2.1, 10.5)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([within(l, 10.5, 60), within(l, 11.5, 60), within(new PeerLog(), 0, 60)]).toEqual([
    true,
    false,
    false,
  ]);
});

it('knows whether something came in every second', () => {
  const l = log(...Array.from({ length: 20 }, (_, i) => i * 0.7), 20, 20.5);
  expect([throughout(l, 2, 12), throughout(l, 2, 14), throughout(l, 12, 30), throughout(l, -1, 5)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

it('says nothing of what it had to forget', () => {
  const l = log(...Array.from({ length: 400 }, (_, i) => i * 0.8));
  expect([throughout(l, 1, 20), throughout(l, 300, 310)]).toEqual([false, true]);
  expect([within(l, 0.1, 0.7), within(l, 300, 310)]).toEqual([false, true]);
});
