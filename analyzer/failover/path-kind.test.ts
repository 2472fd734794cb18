import { describe, expect, it } from 'vitest';
import type { PathKind } from '../report/report.ts';
import { HTTP_GET } from '../test-frames.ts';
import { correlated, PLACES, type Place, Trip, type TripOptions, taken, takenOnAny } from '../test-path.ts';
import type { JoinedFlow } from '../vantage/legs.ts';
import { pathKindOf, sideOf } from './path-kind.ts';

const request = (options: TripOptions = {}): Trip =>
  new Trip(options).handshake(0).client(1, { payload: HTTP_GET }).server(1.1, { payload: 1448 }).client(1.2);

function kind(options: TripOptions = {}, places: readonly Place[] = PLACES): PathKind {
  const { flows, vantages } = correlated(taken([request(options)], places));
  return pathKindOf(flows[0] as JoinedFlow, vantages);
}

const outside = { a: '10.2.0.1 61000' };

describe('what lies between', () => {
  it('forwards, where the same connection is on both sides', () => {
    expect(kind()).toBe('forwarded');
    expect(kind({}, ['client', 'server'])).toBe('forwarded');
    expect(kind({}, ['a.in', 'a.out'])).toBe('forwarded');
  });

  it('translates, where it has another tuple', () => {
    expect(kind({ outside })).toBe('translated');
    expect(kind({ outside: { a: '10.1.0.10 61000' } })).toBe('translated');
  });

  it('shifts, where it has other numbers, translated or not', () => {
    expect(kind({ shift: [700_000_000, 3_000_000_000] })).toBe('sequence-shifted');
    expect(kind({ shift: [0, 3_000_000_000] })).toBe('sequence-shifted');
    expect(kind({ shift: [700_000_000, 3_000_000_000], outside })).toBe('sequence-shifted');
  });

  it('ends it, where there are two legs', () => {
    const { flows, vantages } = correlated(taken([request()], ['client']));
    const leg = flows[0]?.legs[0] as JoinedFlow['legs'][number];
    expect(pathKindOf({ legs: [leg, leg], pairedBy: 'payload' }, vantages)).toBe('terminated');
  });

  it('is unknown from one side', () => {
    expect(kind({}, ['client', 'a.in', 'b.in'])).toBe('unknown');
    expect(kind({ outside }, ['a.out', 'server'])).toBe('unknown');
  });

  it('is the same from a capture of a whole node', () => {
    const of = (options: TripOptions): PathKind => {
      const { flows, vantages } = correlated(takenOnAny([request(options)]).slice(1, 2));
      return pathKindOf(flows[0] as JoinedFlow, vantages);
    };
    expect([of({}), of({ outside })]).toEqual(['forwarded', 'translated']);
  });
});

it('a station is on its own side of the gateway', () => {
  const at = { host: 'x', node: 0, inferred: true };
  expect([
    sideOf({ ...at, place: 'client' }),
    sideOf({ ...at, place: 'server' }),
    sideOf({ ...at, place: 'node', side: 'in' }),
    sideOf({ ...at, place: 'node', side: 'out' }),
    sideOf({ ...at, place: 'node' }),
    sideOf({ ...at, place: 'unknown' }),
    sideOf(undefined),
  ]).toEqual(['client', 'server', 'client', 'server', 'both', 'unknown', 'unknown']);
});
