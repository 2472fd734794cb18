import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketType } from '../../packet/wire/frame.ts';
import { segment } from '../test-frames.ts';
import type { EndIndex } from './flow.ts';
import { type Sighting, Trails } from './trail.ts';

/** Segments of one direction at these times (seconds), numbered by `seq`. */
function trailOf(times: readonly number[], senders: readonly EndIndex[] = []): Trails {
  const trails = new Trails();
  for (const [i, at] of times.entries()) {
    trails.add(0, segment({ seq: i, at }), i + 1, senders[i] ?? 0);
  }
  trails.finish();
  return trails;
}

/** `*` before a row: segments before it were not kept. */
const rows = (sightings: readonly Sighting[]): string =>
  sightings.map((r) => `${r.skippedBefore ? '*' : ''}${r.seq}`).join(' ');

/** `count` times, `every` seconds apart. */
const steady = (count: number, every: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i * every);

describe('a trail keeps', () => {
  it('everything of a short conversation, with nothing marked', () => {
    const trails = trailOf(steady(16, 0.01));
    expect(rows(trails.of(0))).toBe('0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15');
    expect(trails.isOpenEnded(0, 0)).toBe(false);
  });

  it('the first eight and the last eight of a dense transfer, and says that the middle is gone', () => {
    expect(rows(trailOf(steady(100, 0.01)).of(0))).toBe('0 1 2 3 4 5 6 7 *92 93 94 95 96 97 98 99');
  });

  it('eight on either side of a pause', () => {
    const times = [...steady(40, 0.01), ...steady(40, 0.01, 0.89)];
    expect(rows(trailOf(times).of(0))).toBe(
      '0 1 2 3 4 5 6 7 *32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 *72 73 74 75 76 77 78 79',
    );
  });

  it('every rung of a ladder: each comes after a pause', () => {
    const ladder = [0, 0.2, 0.6, 1.4, 3, 6.2, 12.6];
    expect(
      trailOf([...steady(50, 0.001, -1), ...ladder])
        .of(0)
        .slice(-7).length,
    ).toBe(7);
    expect(rows(trailOf([...steady(50, 0.001, -1), ...ladder]).of(0))).toMatch(/ 50 51 52 53 54 55 56$/);
  });

  it('each direction by itself: a pause of one is none of the other', () => {
    const trails = new Trails();
    for (let i = 0; i < 100; i++) trails.add(0, segment({ seq: i, at: i * 0.02 }), i + 1, 0);
    trails.add(0, segment({ seq: 1000, at: 0.001 }), 200, 1);
    trails.add(0, segment({ seq: 1001, at: 1.001 }), 201, 1);
    trails.finish();
    expect(rows(trails.of(0).filter((r) => r.sender === 0))).toContain('*92');
    expect(rows(trails.of(0).filter((r) => r.sender === 1))).toBe('1000 1001');
  });

  it('flows apart, and knows nothing of others', () => {
    const trails = new Trails();
    trails.add(3, segment({ seq: 5 }), 1, 1);
    trails.finish();
    expect(rows(trails.of(3))).toBe('5');
    expect(trails.of(0)).toEqual([]);
    expect(trails.isOpenEnded(7, 0)).toBe(false);
  });
});

describe('a row of a trail', () => {
  it('says what the frame said', () => {
    const trails = new Trails();
    const sent = segment({
      at: 2.5,
      seq: 4_294_967_290,
      ack: 3_000_000_000,
      flags: 'FIN PSH ACK',
      payload: 1448,
      ipId: 65_535,
      ttl: 255,
      sourceMac: '02:00:00:00:00:11',
      destinationMac: '02:00:00:00:00:22',
      options: { timestamps: { value: 4_000_000_000, echo: 1 } },
    });
    trails.add(0, sent, 77, 1);
    trails.finish();
    expect(trails.of(0)).toEqual([
      {
        time: 2_500_000_000,
        id: 77,
        sender: 1,
        seq: 4_294_967_290,
        ack: 3_000_000_000,
        length: 1448,
        flags: 0x19,
        tsVal: 4_000_000_000,
        ipId: 65_535,
        ttl: 255,
        macSource: 0,
        macDestination: 1,
        packetType: PacketType.Unknown,
        skippedBefore: false,
      },
    ]);
    expect(trails.macs).toEqual([0x020000000011, 0x020000000022]);
  });

  it('has -1 for what the frame has not', () => {
    const trails = new Trails();
    trails.add(0, segment({ source: 'fd00::1', link: 'raw' }), 1, 0);
    trails.finish();
    const [row] = trails.of(0);
    expect(row).toMatchObject({ tsVal: -1, ipId: -1, macSource: -1, macDestination: -1, packetType: -1 });
  });

  it('tells a timestamp of 0 from none', () => {
    const trails = new Trails();
    trails.add(0, segment({ options: { timestamps: { value: 0, echo: 0 } } }), 1, 0);
    trails.finish();
    expect(trails.of(0)[0]?.tsVal).toBe(0);
  });

  it.each([PacketType.Host, PacketType.OtherHost, PacketType.Outgoing])(
    'keeps the packet type %i of a cooked capture, also out of the ring',
    (packetType) => {
      const trails = new Trails();
      for (let i = 0; i < 20; i++) {
        trails.add(0, segment({ seq: i, at: i * 0.01, link: 'sll2', packetType }), i + 1, 0);
      }
      trails.finish();
      expect(new Set(trails.of(0).map((r) => r.packetType))).toEqual(new Set([packetType]));
    },
  );
});

describe('the bounds of a trail', () => {
  const pauses = (count: number): number[] => steady(count, 1);

  it('of a flow that pauses all the time, the first rows and the newest are kept', () => {
    const kept = trailOf(pauses(2000)).of(0);
    expect(kept.length).toBeLessThanOrEqual(768 + 16);
    expect(rows(kept.slice(0, 3))).toBe('0 1 2');
    expect(kept.at(-1)?.seq).toBe(1999);
  });

  it('say that something is missing before the newest rows', () => {
    const trails = trailOf(pauses(2000));
    const kept = trails.of(0);
    const gap = kept.findIndex((r, i) => i > 0 && r.seq !== (kept[i - 1] as Sighting).seq + 1);
    expect(kept[gap]?.skippedBefore).toBe(true);
    expect(trails.isOpenEnded(0, 0)).toBe(false);
  });

  it('leave the other direction its newest rows as well', () => {
    const times = steady(2000, 0.5);
    const trails = trailOf(
      times,
      times.map((_, i) => (i % 2) as EndIndex),
    );
    expect(trails.of(0).at(-1)?.seq).toBe(1999);
    expect(trails.of(0).at(-2)?.seq).toBe(1998);
  });
});

describe('whatever comes', () => {
  const plan = fc.array(
    fc.record({ wait: fc.constantFrom(0.001, 0.2, 0.499, 0.5, 3), sender: fc.constantFrom<EndIndex>(0, 1) }),
    { maxLength: 400 },
  );
  const run = (steps: readonly { wait: number; sender: EndIndex }[]): Trails => {
    let at = 0;
    const times = steps.map(({ wait }) => (at += wait));
    return trailOf(
      times,
      steps.map((s) => s.sender),
    );
  };

  it('rows are in the order of time, each once, and true', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const kept = run(steps).of(0);
        expect(new Set(kept.map((r) => r.seq)).size).toBe(kept.length);
        for (const [i, row] of kept.entries()) {
          expect(row.sender).toBe(steps[row.seq]?.sender);
          if (i > 0) expect(row.time).toBeGreaterThanOrEqual((kept[i - 1] as Sighting).time);
        }
      }),
    );
  });

  it('a row is marked exactly where segments of its direction before it are missing', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const trails = run(steps);
        for (const sender of [0, 1] as const) {
          const sent = steps.flatMap((s, seq) => (s.sender === sender ? [seq] : []));
          const kept = trails.of(0).filter((r) => r.sender === sender);
          let next = 0;
          for (const row of kept) {
            expect(row.skippedBefore).toBe(row.seq !== sent[next]);
            next = sent.indexOf(row.seq) + 1;
          }
          expect(trails.isOpenEnded(0, sender)).toBe(next !== sent.length);
        }
      }),
    );
  });

  it('the segments on either side of every pause are there', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const kept = new Set(
          run(steps)
            .of(0)
            .map((r) => r.seq),
        );
        const last: [number, number] = [-1, -1];
        let at = 0;
        const times = steps.map(({ wait }) => (at += wait));
        for (const [seq, { sender }] of steps.entries()) {
          const before = last[sender];
          if (before >= 0 && (times[seq] as number) - (times[before] as number) >= 0.5001) {
            expect(kept.has(before) && kept.has(seq)).toBe(true);
          }
          last[sender] = seq;
        }
      }),
    );
  });
});
