/** Lines between sightings, stubs where a packet is missing, and never a carpet. */
import { describe, expect, it } from 'vitest';
import type { Journey } from '../../analyzer/index.ts';
import { append } from '../data/journeys.ts';
import { indexJourneys, journeyLines } from './journey-lines.ts';
import type { LaneBox } from './lanes-layout.ts';
import { linearScale } from './scale.ts';

const LANES: LaneBox[] = [0, 1, 2].map((vantage) => ({
  lane: `v${vantage}.f.c`,
  vantage,
  from: 'client',
  y: 100 * vantage,
  height: 40,
}));
const linesOf = (journeys: Journey[]) => journeyLines(indexJourneys(journeys), LANES, SCALE);
const SCALE = linearScale({ from: 0, to: 1000 }, 1000);

function journey(time: number, seen: ('seen' | 'missing' | 'unknown')[], label = ''): Journey {
  return {
    from: 'client',
    time,
    seq: 1,
    ack: 1,
    length: 10,
    flags: 'ACK',
    label,
    stops: seen.map((what, vantage) =>
      what === 'seen'
        ? { vantage, seen: what, time: time + vantage, frame: { capture: `c${vantage}`, frame: time + 1 } }
        : { vantage, seen: what },
    ),
  };
}

describe('packets on their way', () => {
  it('are lines from lane to lane', () => {
    const { lines } = linesOf([journey(10, ['seen', 'seen', 'seen'])]);
    expect(lines.map(({ x0, y0, x1, y1, end }) => [x0, y0, x1, y1, end])).toEqual([
      [10, 30, 11, 130, 'seen'],
      [11, 130, 12, 230, 'seen'],
    ]);
  });

  it('end where they were not seen again', () => {
    const { lines } = linesOf([journey(10, ['seen', 'missing', 'missing'])]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ x0: 10, y0: 30, end: 'missing', notable: true });
    expect(lines[0]!.y1).toBeLessThan(100);
    expect(linesOf([journey(10, ['seen', 'unknown', 'seen'])]).lines).toHaveLength(1);
  });

  it('leave ordinary packets out where they are too many, never the others', () => {
    const many = Array.from({ length: 900 }, (_, i) => journey(i, ['seen', 'seen', 'seen']));
    const odd = journey(500, ['seen', 'missing', 'missing'], 'retransmission 1');
    const { lines, left } = linesOf([...many, odd].sort((a, b) => a.time - b.time));
    expect(left).toBe(900);
    expect(lines.map(({ end }) => end)).toEqual(['missing']);
  });

  it('share a line in one pixel', () => {
    const many = Array.from({ length: 3000 }, () => journey(500, ['seen', 'seen', 'seen']));
    expect(linesOf(many).lines).toHaveLength(2);
  });
});

describe('pages of packets', () => {
  it('join where several share the time at which a page ends', () => {
    const all = [1, 2, 2, 2, 3].map((time) => journey(time, ['seen', 'seen', 'seen']));
    const list = all.slice(0, 3);
    append(list, all.slice(1));
    expect(list).toEqual(all);
  });
});
