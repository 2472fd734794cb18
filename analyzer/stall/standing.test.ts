import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../packet/wire/frame.ts';
import { Segment } from '../tcp/segment.ts';
import { Side } from '../tcp/side.ts';
import { type SegmentEvent, segmentEvent } from './segment-event.ts';
import { Standing, StandingRows } from './standing.ts';

const word = fc.nat(2 ** 32 - 1);
const segments = fc.record({
  frame: fc
    .record({
      time: fc.nat(2 ** 40),
      seq: word,
      ack: word,
      payloadLength: fc.nat(1500),
      flags: fc.nat(0x1ff),
      window: fc.nat(65_535),
      ttl: fc.nat(255),
      ipId: fc.integer({ min: -1, max: 65_535 }),
      macSource: fc.constantFrom(-1, 0x02_0000_0000_01, 2 ** 48 - 1),
      hasTimestamps: fc.boolean(),
      tsVal: word,
    })
    .map((fields) => Object.assign(new Frame(), fields)),
  id: fc.nat(2 ** 40),
  sender: fc.constantFrom(0 as const, 1 as const),
  bits: fc.nat(2 ** 16 - 1),
});

type One = typeof segments extends fc.Arbitrary<infer T> ? T : never;

/** Two ends that stand at `n`. */
function standAt(n: number): [Side, Side] {
  const sides: [Side, Side] = [new Side(), new Side()];
  for (const [i, side] of sides.entries()) {
    side.window = n + i;
    side.lastFrame = n * 10 + i;
    side.ipId = n + i;
  }
  return sides;
}

const toEvent = ({ frame, id, sender, bits }: One): SegmentEvent => segmentEvent(frame, id, sender, bits);

describe('what stands', () => {
  it('gives back every segment as it came, and how the ends stood before the first', () => {
    const rows = new StandingRows();
    fc.assert(
      fc.property(fc.array(segments, { minLength: 1, maxLength: 9 }), fc.array(segments), (own, others) => {
        const [standing, neighbour] = [new Standing(rows), new Standing(rows)];
        for (const { frame, id, sender, bits } of own) standing.add(frame, id, sender, bits, standAt(id));
        for (const { frame, id, sender, bits } of others) neighbour.add(frame, id, sender, bits, standAt(7));
        const [first] = own as [One];
        expect(standing.stood(standAt(5))).toMatchObject({
          window: [first.id, first.id + 1],
          lastOf: [first.id * 10, first.id * 10 + 1],
          ipId: [{ id: first.id }, { id: first.id + 1 }],
        });
        expect(standing.takeEvents()).toEqual(own.map(toEvent));
        expect(standing.isEmpty).toBe(true);
      }),
    );
  });

  it('forgets what it held when something moves', () => {
    fc.assert(
      fc.property(fc.array(segments, { minLength: 1 }), segments, (before, after) => {
        const standing = new Standing(new StandingRows());
        for (const { frame, id, sender, bits } of before) standing.add(frame, id, sender, bits, standAt(1));
        standing.clear();
        expect(standing.isEmpty).toBe(true);
        standing.add(after.frame, after.id, after.sender, after.bits, standAt(2));
        expect(standing.stood(standAt(3)).window).toEqual([2, 3]);
        expect(standing.takeEvents()).toEqual([toEvent(after)]);
      }),
    );
  });

  it('keeps the beginning and the end of a very long log', () => {
    const standing = new Standing(new StandingRows());
    const frame = new Frame();
    for (let id = 1; id <= 1000; id++) standing.add(frame, id, 0, Segment.Resent, standAt(1));
    const ids = standing.takeEvents().map((e) => e.id);
    expect(ids.length + standing.dropped).toBe(1000);
    expect(ids.length).toBeLessThanOrEqual(384);
    expect(ids.slice(0, 192)).toEqual(Array.from({ length: 192 }, (_, i) => i + 1));
    expect(ids.at(-1)).toBe(1000);
  });

  it('takes for a close what closes once on either side, and nothing else', () => {
    const { Fin, FinAcked, PureAck, Resent, Probe, Rst } = Segment;
    const told = (...all: [time: number, sender: 0 | 1, bits: number][]): boolean => {
      const standing = new Standing(new StandingRows());
      for (const [time, sender, bits] of all)
        standing.add(Object.assign(new Frame(), { time }), 1, sender, bits, standAt(1));
      return standing.isClose(100, 50);
    };
    expect(told([100, 0, Fin], [110, 1, Fin | FinAcked], [120, 0, PureAck | FinAcked])).toBe(true);
    expect(told([100, 0, Fin], [110, 1, FinAcked], [120, 1, Fin], [149, 0, FinAcked])).toBe(true);
    expect(told([100, 0, Fin], [120, 0, Fin])).toBe(false);
    expect(told([100, 0, Fin], [150, 1, FinAcked])).toBe(false);
    for (const bits of [Resent, Probe, Rst]) expect(told([100, 0, bits])).toBe(false);
    expect(
      told([100, 0, Fin], [101, 1, FinAcked], [102, 1, Fin], [103, 0, FinAcked], [104, 0, PureAck]),
    ).toBe(false);
  });
});
