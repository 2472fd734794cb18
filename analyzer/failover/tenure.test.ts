import { describe, expect, it } from 'vitest';
import { correlated, readAll, type Taken, Trip, taken, takenOnAny } from '../test-path.ts';
import { type Busy, forwarding, passedThroughout, receiving, type TenureSource } from './tenure.ts';

/** `a>client 0.6..0.7`: node, way, seconds. */
const said = (list: readonly Busy[]): string[] =>
  list.map((b) => `${'ab'[b.node]}>${b.toward} ${(b.from / 1e9).toFixed(1)}..${(b.to / 1e9).toFixed(1)}`);

function of(captures: readonly Taken[]): { forwarded: string[]; received: string[] } {
  const { stations, clocks, vantages } = correlated(captures);
  const sources = readAll(captures).map(
    ({ arrivals, departures, resets }, i): TenureSource => ({
      station: stations[i] as TenureSource['station'],
      clock: clocks[i] as TenureSource['clock'],
      shift: vantages[i]?.shift ?? 0,
      arrivals,
      departures,
      resets,
    }),
  );
  return { forwarded: said(forwarding(sources)), received: said(receiving(sources)) };
}

const trip = (): Trip =>
  new Trip()
    .handshake(0)
    .client(0.5, { payload: 10 })
    .server(0.6, { payload: 10 })
    .client(5, { payload: 10, to: 'a.in' })
    .through('b')
    .server(9, { payload: 10, to: 'b.out' })
    .client(10, { payload: 10 })
    .server(10.1, { payload: 10 });

describe('what a node passed on', () => {
  it('is what left it: its inner link toward clients, its outer one toward servers', () => {
    expect(of(taken([trip()])).forwarded).toEqual([
      'a>server 0.0..0.5',
      'a>client 0.0..0.6',
      'b>server 10.0..10.0',
      'b>client 10.1..10.1',
    ]);
  });

  it('is the same from a capture of the whole node', () => {
    expect(of(takenOnAny([trip()])).forwarded).toEqual(of(taken([trip()])).forwarded);
  });

  it('does not hold its own RSTs: who refuses carries nothing', () => {
    const refused = trip().server(12, { from: 'b.in', flags: 'RST' });
    expect(of(taken([refused])).forwarded).toEqual(of(taken([trip()])).forwarded);
    expect(of(takenOnAny([refused])).forwarded).toEqual(of(taken([trip()])).forwarded);
  });

  it('falls apart at every pause of a second', () => {
    const paused = trip()
      .client(12, { payload: 10 })
      .client(12.9, { payload: 10 })
      .client(14, { payload: 10 });
    expect(of(taken([paused])).forwarded.filter((t) => t.startsWith('b>server'))).toEqual([
      'b>server 10.0..10.0',
      'b>server 12.0..12.9',
      'b>server 14.0..14.0',
    ]);
  });
});

describe('what came to a node', () => {
  it('is what ends had sent, passed on or not', () => {
    expect(of(taken([trip()])).received).toEqual([
      'a>server 0.0..0.5',
      'a>client 0.0..0.6',
      'a>server 5.0..5.0',
      'b>client 9.0..9.0',
      'b>server 10.0..10.0',
      'b>client 10.1..10.1',
    ]);
  });

  it('is the same from a capture of the whole node', () => {
    expect(of(takenOnAny([trip()])).received).toEqual(of(taken([trip()])).received);
  });
});

it('ends are no nodes', () => {
  expect(of(taken([trip()], ['client', 'server']))).toEqual({ forwarded: [], received: [] });
});

it('times are by the reference’s clock, from the first frame of any capture on', () => {
  const ahead = { 'b.in': 100, 'b.out': 100, 'a.out': -3 };
  expect(of(taken([trip()], undefined, { ahead })).forwarded).toEqual([
    'a>server 3.0..3.5',
    'a>client 3.0..3.6',
    'b>server 13.0..13.0',
    'b>client 13.1..13.1',
  ]);
});

describe('what was passed on throughout', () => {
  const busy = (toward: Busy['toward'], from: number, to: number): Busy => ({
    node: 0,
    toward,
    vantage: 0,
    anchor: 0,
    from: from * 1e9,
    to: to * 1e9,
    firstFrame: 1,
    lastFrame: 2,
  });
  const both = [busy('client', 0, 9), busy('server', 0, 4), busy('server', 4.5, 9)];

  it('has no second without either direction', () => {
    expect(passedThroughout(both, 2e9, 8e9)).toBe(true);
    expect(passedThroughout(both, 2e9, 12e9)).toBe(false);
  });

  it('takes both directions', () => {
    expect(passedThroughout([busy('client', 0, 9)], 2e9, 8e9)).toBe(false);
    expect(passedThroughout([busy('client', 0, 9), busy('server', 0, 3)], 2e9, 8e9)).toBe(false);
  });
});
