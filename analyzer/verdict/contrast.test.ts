import { describe, expect, it } from 'vitest';
import type { Outcome } from '../report/report.ts';
import { HTTP_GET, judge, Talk } from '../test-frames.ts';
import { contrastOf } from './contrast.ts';
import type { JudgedFlow } from './judge.ts';
import type { Lived } from './members.ts';

const FAILOVER = { lost: 100e9, restored: 110e9 };

interface Life {
  age: number;
  outcome: Outcome;
  port?: number;
  to?: number;
  owed?: boolean;
}

/** A connection of some age at 100 s. */
function lived({ age, outcome, port = 80, to = 150, owed = true }: Life): Lived {
  const t = new Talk({ server: `10.2.0.10 ${port}` }).handshake(1).client(2, { payload: HTTP_GET });
  const [judged] = judge([t], { until: 60 }) as [JudgedFlow];
  const main = owed ? judged.case.main : null;
  return {
    judged: { ...judged, case: { ...judged.case, outcome, main } },
    from: (100 - age) * 1e9,
    to: to * 1e9,
  };
}

const some = (ages: readonly number[], outcome: Outcome, more: Partial<Life> = {}): Lived[] =>
  ages.map((age) => lived({ age, outcome, ...more }));

describe('what tells the broken from the others', () => {
  it('is their age, in either direction, with the counts of both', () => {
    const young = [1, 2, 3, 4, 5];
    const old = [30, 40, 50, 60];
    expect(contrastOf([...some(young, 'hung'), ...some(old, 'resumed')], FAILOVER)).toEqual([
      {
        trait: 'age',
        affected: 'at most 5.0 s old',
        others: 'at least 30.0 s old',
        counts: { affected: 5, others: 4 },
      },
    ]);
    expect(contrastOf([...some(young, 'unaffected'), ...some(old, 'reset')], FAILOVER)).toEqual([
      {
        trait: 'age',
        affected: 'at least 30.0 s old',
        others: 'at most 5.0 s old',
        counts: { affected: 4, others: 5 },
      },
    ]);
  });

  it('is the port, or whether anything was outstanding, where no age parts them', () => {
    const ages = [1, 20, 30, 40];
    const others = some(ages, 'unaffected', { port: 443, owed: false });
    expect(
      contrastOf([...some(ages, 'hung'), ...others], FAILOVER).map((s) => [s.affected, s.others]),
    ).toEqual([
      ['to port 80', 'to port 443'],
      ['with bytes outstanding', 'with nothing outstanding'],
    ]);
  });

  it('is nothing of few, of those that do not differ, nor of one exception', () => {
    expect(contrastOf([...some([1, 2, 3], 'hung'), ...some([30, 40, 50], 'resumed')], FAILOVER)).toEqual([]);
    const mixed = [...some([1, 2, 3, 35], 'hung'), ...some([30, 40, 50, 60], 'resumed')];
    expect(contrastOf(mixed, FAILOVER)).toEqual([]);
  });

  it('is about those that were there: not who came after, nor who had ended or said nothing since', () => {
    const hung = some([1, 2, 3, 4], 'hung');
    expect(contrastOf([...hung, ...some([-1, -2, -3, -4], 'unaffected')], FAILOVER)).toEqual([]);
    expect(contrastOf([...hung, ...some([30, 40, 50, 60], 'unaffected', { to: 105 })], FAILOVER)).toEqual([]);
  });
});
