import { describe, expect, it } from 'vitest';
import { seconds, toSeconds } from '../../packet/time.ts';
import { Segment } from '../tcp/segment.ts';
import { findLadder, RTO_MAX, rungOf, rungTime } from './ladder.ts';
import type { SegmentEvent } from './segment-event.ts';

const BLANK: SegmentEvent = {
  time: 0,
  id: 0,
  sender: 1,
  bits: Segment.Resent,
  seq: 500,
  ack: 0,
  length: 1448,
  flags: 0x10,
  window: 500,
  ttl: 63,
  ipId: 0,
  mac: -1,
  icmp: -1,
  tsVal: -1,
  tsEcr: -1,
};
/** Transmissions at these seconds, numbered from frame 1. */
const sentAt = (times: readonly number[], fields: Partial<SegmentEvent> = {}): SegmentEvent[] =>
  times.map((at, i) => ({ ...BLANK, time: seconds(at), id: i + 1, ...fields }));

const SYN = { bits: Segment.Syn, length: 0, flags: 0x02 };
const nextOf = (times: readonly number[], fields: Partial<SegmentEvent> = {}): number | null => {
  const next = findLadder(sentAt(times, fields), 1, 0)?.next ?? null;
  return next === null ? null : toSeconds(next);
};

/**
 * Ladders of real senders, seconds after the last transmission: the reference
 * runs of the failover catalogue (1.1, M1, M6) and of tcp-timers (4.1).
 */
const MEASURED: [string, number[], Partial<SegmentEvent>][] = [
  ['a Linux server, RTT 0.2 ms', [0.35, 0.77, 1.6, 3.3, 6.7, 13.4, 26.7, 53.6, 106.5], {}],
  ['a Linux server, RTT 50 us', [0.217, 0.629, 1.465, 3.125, 6.553, 13.209, 26.517, 54.677], {}],
  ['the model of RTO 200 ms', [0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 25.4, 51.0, 102.2], {}],
  ['the model of RTO 220 ms', [0.22, 0.66, 1.54, 3.3, 6.8, 13.9, 27.9, 56.1, 112.4], {}],
  ['a back-off that ICMP takes back', [3.26, 6.52, 9.78, 13.04, 16.3], {}],
  ['SYNs of Linux with four linear waits', [1, 2, 3, 4, 5, 7, 11, 19.4, 35.5, 68.8], SYN],
  ['SYNs of older Linux', [1, 3, 7, 15, 31, 63], SYN],
];

describe('findLadder', () => {
  it('tells the tail-loss probe of a lone segment from its first rung', () => {
    const waits = [1.042, 1.26, 1.7, 2.6, 4.4].map((t) => t - 1);
    const alone = findLadder(sentAt(waits), 1, 0, true);
    expect([alone?.probes.length, alone?.rungs.length]).toEqual([1, 4]);
    // Not the only one outstanding: then the timer may have been running for long.
    expect(findLadder(sentAt(waits), 1, 0)?.rungs.length).toBe(5);
  });

  it('repeats a wait that has stopped growing', () => {
    expect(nextOf([0.2, 0.6, 1.4, 4.4, 7.4])).toBeCloseTo(10.4, 6);
  });

  it.each(MEASURED.slice(0, 4))('foretells each rung of %s within 12 %%', (_, times) => {
    for (let k = 2; k < times.length; k++) {
      const [before, last, wanted] = [times[k - 2], times[k - 1], times[k]] as [number, number, number];
      const foretold = nextOf(times.slice(0, k)) as number;
      expect(Math.abs(foretold - wanted)).toBeLessThanOrEqual(0.12 * 2 * (last - before));
    }
  });

  it('foretells SYNs: linear first, then doubling', () => {
    const linear = [1, 2, 3, 4, 5, 7, 11];
    expect(linear.map((_, k) => nextOf(linear.slice(0, k + 1), SYN))).toEqual([null, 3, 4, 5, 7, 11, 19]);
    expect([2, 3].map((k) => nextOf([1, 3, 7].slice(0, k), SYN))).toEqual([7, 15]);
  });

  it('foretells nothing from a single rung', () => {
    expect(nextOf([0.2])).toBeNull();
  });

  it('waits no longer than the cap of the RTO', () => {
    expect(nextOf([102.2, 204.6])).toBe(324.6);
    expect(nextOf([204.6, 324.6])).toBe(444.6);
  });

  it('sets a tail-loss probe apart: it re-sends the last segment, before the first rung', () => {
    const tail = { ...BLANK, seq: 1948, time: seconds(0.005), id: 9 };
    const ladder = findLadder([tail, ...sentAt([0.217, 0.629])], 1, 0);
    expect(ladder).toEqual({
      by: 1,
      syn: false,
      rungs: [
        { time: seconds(0.217), id: 1 },
        { time: seconds(0.629), id: 2 },
      ],
      probes: [{ time: seconds(0.005), id: 9 }],
      next: seconds(0.629) + 2 * (seconds(0.629) - seconds(0.217)),
    });
  });

  it('counts only the lowest segment: the others of a burst are no rungs', () => {
    const burst = sentAt([0.2, 0.6]).flatMap((e) => [e, { ...e, seq: 1948, id: e.id + 10 }]);
    expect(findLadder(burst, 1, 0)?.rungs.map((r) => r.id)).toEqual([1, 2]);
  });

  it('counts neither probes, nor acknowledgements, nor ICMP, nor what the other end sent', () => {
    const others = [
      { bits: Segment.Probe },
      { bits: Segment.PureAck },
      { icmp: 0x301 },
      { sender: 0 as const },
    ];
    expect(others.map((fields) => findLadder(sentAt([1, 2], fields), 1, 0))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('finds the lowest segment across 2^32', () => {
    const low = sentAt([0.2, 0.6], { seq: 4_294_967_000 });
    const high = sentAt([0.3], { seq: 100 });
    expect(findLadder([...low, ...high], 1, 0)?.rungs.length).toBe(2);
  });
});

describe('rungTime', () => {
  it('is the table of RTO 200 ms, capped at 120 s', () => {
    const table = [0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4, 51, 102.2, 204.6, 324.6, 444.6];
    expect(table.map((_, i) => toSeconds(rungTime(i + 1, seconds(0.2))))).toEqual(table);
    expect(toSeconds(RTO_MAX)).toBe(120);
  });
});

describe('rungOf', () => {
  const rung = (gap: number, slack = 0): number | null => rungOf(seconds(gap), seconds(0.2), seconds(slack));

  it('matches within 12 %', () => {
    expect([0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4, 51, 102.2].map((gap) => rung(gap))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect([12.6 * 0.89, 12.6 * 1.11].map((gap) => rung(gap))).toEqual([6, 6]);
    expect([12.6 * 0.87, 12.6 * 1.13].map((gap) => rung(gap))).toEqual([null, null]);
  });

  it('matches the gaps that ended real outages of 3 to 90 s, for the RTO of their sender', () => {
    const gaps = [3.27, 13.37, 13.33, 26.68, 26.75, 53.95, 54.02, 106.5, 106.7];
    expect(gaps.map((gap) => rungOf(seconds(gap), seconds(0.21), seconds(0.25)))).toEqual([
      4, 6, 6, 7, 7, 8, 8, 9, 9,
    ]);
  });

  it('allows slack only after the rung', () => {
    expect([rung(0.7), rung(0.7, 0.1), rung(0.5, 0.1)]).toEqual([null, 2, null]);
  });
});
