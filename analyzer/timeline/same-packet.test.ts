import { describe, expect, it } from 'vitest';
import { type FramesOf, samePackets } from './same-packet.ts';
import type { LaneFrame, TimelineHead, TimelineVantage } from './timeline.ts';

const vantage = (index: number, clockError: number | null = 1000): TimelineVantage => ({
  index,
  vantage: { host: `h${index}`, role: 'node', inferred: true },
  captures: [`c${index + 1}`],
  frames: 9,
  from: 0,
  until: 1e12,
  dropped: null,
  lossy: false,
  clockError,
});

const head = (...vantages: TimelineVantage[]): TimelineHead => ({
  origin: '0',
  from: 0,
  to: 1e12,
  frames: 9,
  vantages,
});

function frame(index: number, number: number, time: number, seq = 1000): LaneFrame {
  const ref = { capture: `c${index + 1}`, frame: number };
  return {
    frame: ref,
    time,
    from: 'client',
    seq,
    ack: 1,
    length: 100,
    window: 9,
    flags: 'ACK',
    mark: 1,
    flow: 'f1',
  };
}

const lanes =
  (frames: readonly LaneFrame[]): FramesOf =>
  (lane, { from, to }) =>
    frames.filter((f) => {
      const of = `v${Number(f.frame.capture.slice(1)) - 1}`;
      return (lane === of || lane === `${of}.f1.c`) && f.time >= from && f.time <= to;
    });

describe('the same packet', () => {
  const own = { capture: 'c1', frame: 5 };

  it('is the one with the same numbers that is nearest in time, not the one sent again', () => {
    const all = [frame(0, 5, 1e9), frame(1, 7, 1.001e9), frame(1, 8, 1.1e9), frame(1, 9, 1.0002e9, 2000)];
    expect(samePackets(head(vantage(0), vantage(1)), lanes(all), own, 1e9 + 900)).toEqual([
      { frame: own, vantage: 0, time: 1e9 },
      { frame: { capture: 'c2', frame: 7 }, vantage: 1, time: 1.001e9 },
    ]);
  });

  it('is none beyond one passage, and none by a clock that nothing bounds', () => {
    const late = [frame(0, 5, 1e9), frame(1, 7, 1.5e9)];
    expect(samePackets(head(vantage(0), vantage(1)), lanes(late), own, 1e9)).toHaveLength(1);
    const near = [frame(0, 5, 1e9), frame(1, 7, 1.001e9)];
    expect(samePackets(head(vantage(0), vantage(1, null)), lanes(near), own, 1e9)).toHaveLength(1);
  });

  it('is the frame alone where it is no segment, and nothing where its capture is not known', () => {
    expect(samePackets(head(vantage(0), vantage(1)), lanes([]), own, 5)).toEqual([
      { frame: own, vantage: 0, time: 5 },
    ]);
    expect(samePackets(head(vantage(1)), lanes([]), own, 5)).toEqual([]);
  });
});
