import { describe, expect, it } from 'vitest';
import { PLACES, type Place, reportOn, type Trip, taken } from '../test-path.ts';
import { BODY, download, goesOn, HEARD, lost, opened, rungs } from '../test-stories.ts';
import type { Failover } from './report.ts';

const second = (time: string | null): number | null =>
  time === null ? null : Number(BigInt(time) / 100_000_000n - 17_000_000_000n) / 10;

const failovers = (trips: readonly Trip[], places: readonly Place[] = PLACES): Failover[] =>
  reportOn(taken(trips, places), { until: 40 }).failovers;
const dates = (list: readonly Failover[]): string[] =>
  list.map(
    (f) =>
      `${f.from ?? '?'}>${f.to ?? '?'} ${second(f.pathLost)}..${second(f.pathRestored) ?? '?'} ${f.restoredBy}`,
  );

const there = () => goesOn(lost(), 5.7);

describe('one failover', () => {
  it('is one, however many captures and connections show it', () => {
    const trips = [there(), opened({ port: 42_000, at: 5.9 }), opened({ port: 42_001, at: 6 })];
    expect(dates(failovers(trips))).toEqual(['node-a>node-b 1.1..5.7 seen']);
  });

  it('has what dates it: nodes, directions, and how closely', () => {
    const [found] = failovers([there()]);
    expect(found).toMatchObject({ id: 'failover-1', outage: expect.closeTo(4.6, 2) });
    expect(found?.lostWithin).toBeCloseTo(0.1, 2);
    expect(found?.restoredWithin).toBeCloseTo(2.4, 2);
    expect(found?.directions?.map((d) => [d.toward, second(d.lost), second(d.restored)])).toEqual([
      ['client', 1.1, 5.7],
      ['server', 1.1, 5.7],
    ]);
    expect(found?.marks.map((m) => m.text)).toContain('the last that node-a passed on');
  });

  it('is implied by the ends alone, without nodes or directions', () => {
    const [found, ...more] = failovers([there()], ['client', 'server']);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ restoredBy: 'bound' });
    expect([found?.from, found?.to, found?.directions]).toEqual([undefined, undefined, undefined]);
  });

  it('that did not end has no return', () => {
    const [found] = failovers([rungs(lost(), 'server').client(4, { seq: 9, to: 'client' })]);
    expect([found?.pathRestored, found?.outage]).toEqual([null, null]);
  });

  it('is none where nothing was lost', () => {
    expect(failovers([opened({ port: 42_000 })])).toEqual([]);
  });
});

describe('several failovers', () => {
  it('are there and back, in order', () => {
    const t = lost().server(5.7, BODY).client(5.71).server(8, { payload: 2000 }).client(8.01).through('a');
    t.server(8.2, { payload: 1000, to: 'server' }).server(9, {
      seq: HEARD + 3000,
      payload: 1000,
      to: 'server',
    });
    t.server(15, { seq: HEARD + 3000, payload: 1000 }).client(15.01);
    expect(dates(failovers([t]))).toEqual(['node-a>node-b 1.1..5.7 seen', 'node-b>node-a 8..15 seen']);
  });

  it('to and fro without an outage are one event', () => {
    const t = download()
      .server(1.2, BODY)
      .client(1.21)
      .server(1.5, { payload: 500 })
      .client(1.51)
      .through('a');
    t.server(1.6, { payload: 500 }).client(1.61).server(2, { payload: 500 }).client(2.01);
    expect(failovers([t]).length).toBeLessThanOrEqual(1);
  });
});
