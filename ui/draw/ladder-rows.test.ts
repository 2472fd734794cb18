/** Ordinary packets fold, nothing else does; every packet is in one row; arrows back in time are known as such. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Journey } from '../../analyzer/index.ts';
import type { BandEdge } from './band.ts';
import { hopsOf, isOrdinary, ladderRows, rowAt, rowOfJourney } from './ladder-rows.ts';

const MS = 1e6;

function journey(time: number, label = '', flags = 'ACK', lost = false): Journey {
  return {
    from: 'client',
    time,
    seq: 1,
    ack: 1,
    length: 10,
    flags,
    label,
    stops: [
      { vantage: 0, seen: 'seen', time, frame: { capture: 'c1', frame: 1 } },
      lost
        ? { vantage: 1, seen: 'missing' }
        : { vantage: 1, seen: 'seen', time: time + 1, frame: { capture: 'c2', frame: 1 } },
    ],
  };
}

const edge = (time: number): BandEdge => ({ time, from: time, to: time, label: 'e', claims: [], main: true });
const NOTHING = { expanded: new Set<number>(), kept: new Set<number>() };
const ordinary = (count: number): Journey[] => Array.from({ length: count }, (_, i) => journey(i * MS));

describe('rows of the ladder', () => {
  it('fold a run of ordinary packets, not a short one', () => {
    expect(ladderRows(ordinary(14), [], NOTHING).rows).toEqual([{ kind: 'fold', first: 0, count: 14 }]);
    expect(ladderRows(ordinary(3), [], NOTHING).rows.map(({ kind }) => kind)).toEqual(
      Array(3).fill('journey'),
    );
  });

  it('unfold what is expanded, and never hide what is kept', () => {
    const list = ordinary(14);
    expect(ladderRows(list, [], { ...NOTHING, expanded: new Set([0]) }).rows).toHaveLength(14);
    expect(ladderRows(list, [], { ...NOTHING, kept: new Set([6]) }).rows).toEqual([
      { kind: 'fold', first: 0, count: 6 },
      { kind: 'journey', index: 6 },
      { kind: 'fold', first: 7, count: 7 },
    ]);
  });

  it('fold no retransmission, no loss, no SYN, FIN or RST', () => {
    for (const odd of [
      journey(5 * MS, 'retransmission 1'),
      journey(5 * MS, '', 'RST'),
      journey(5 * MS, '', 'ACK', true),
    ])
      expect(isOrdinary(odd)).toBe(false);
    const rows = ladderRows([...ordinary(5), journey(5 * MS, 'probe'), ...ordinary(0)], [], NOTHING).rows;
    expect(rows.map(({ kind }) => kind)).toEqual(['fold', 'journey']);
  });

  it('break at pauses and at edges of the failover', () => {
    const late = ordinary(5).map((one) => ({ ...one, time: one.time + 400 * MS }));
    const { rows } = ladderRows([...ordinary(5), ...late], [edge(200 * MS)], NOTHING);
    expect(rows.map(({ kind }) => kind)).toEqual(['fold', 'pause', 'edge', 'fold']);
    const split = ladderRows(ordinary(10), [edge(4.5 * MS)], NOTHING).rows;
    expect(split.map(({ kind }) => kind)).toEqual(['fold', 'edge', 'fold']);
  });

  it('have every packet once, in order, whatever is kept and expanded', () => {
    const lists = fc.array(
      fc.record({
        pause: fc.integer({ min: 0, max: 200 }),
        odd: fc.boolean(),
        kept: fc.boolean(),
        open: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(lists, (list) => {
        let time = 0;
        const journeys = list.map(({ pause, odd }) => {
          time += pause * MS;
          return journey(time, odd ? 'probe' : '');
        });
        const all = list.map((_, i) => i);
        const folding = {
          kept: new Set(all.filter((i) => list[i]!.kept)),
          expanded: new Set(all.filter((i) => list[i]!.open)),
        };
        const rows = ladderRows(journeys, [edge(time / 2)], folding);
        const shown = rows.rows.flatMap((row) =>
          row.kind === 'journey'
            ? [row.index]
            : row.kind === 'fold'
              ? Array.from({ length: row.count }, (_, k) => row.first + k)
              : [],
        );
        expect(shown).toEqual(all);
        for (const [at] of rows.rows.entries()) {
          expect(rowAt(rows, rows.tops[at]!)).toBe(at);
          expect(rowAt(rows, rows.tops[at + 1]! - 0.5)).toBe(at);
        }
        for (const index of folding.kept) expect(rows.rows[rowOfJourney(rows, index)]?.kind).toBe('journey');
      }),
    );
  });
});

describe('hops', () => {
  it('go back in time only by the clocks', () => {
    const odd = journey(100);
    const [, second] = odd.stops;
    const back: Journey = { ...odd, stops: [odd.stops[0]!, { ...second!, time: 40 }] };
    expect(hopsOf(back, () => 200)).toMatchObject([{ backward: true, within: 400 }]);
    expect(hopsOf(back, (vantage) => (vantage === 0 ? 200 : null))).toMatchObject([{ within: null }]);
    expect(hopsOf(odd, () => 200)).toMatchObject([{ backward: false }]);
  });

  it('end at the first point where a packet is lost for good', () => {
    const { stops, ...rest } = journey(0);
    const lost: Journey = {
      ...rest,
      stops: [stops[0]!, { vantage: 1, seen: 'missing' }, { vantage: 2, seen: 'missing' }],
    };
    expect(hopsOf(lost, () => 0).map(({ end, to }) => [end, to.vantage])).toEqual([['missing', 1]]);
    const around: Journey = { ...rest, stops: [stops[0]!, { vantage: 2, seen: 'unknown' }, stops[1]!] };
    expect(hopsOf(around, () => 0).map(({ end, to }) => [end, to.vantage])).toEqual([['seen', 1]]);
  });
});
