import { describe, expect, it } from 'vitest';
import type { JoinedLeg } from './correlate.ts';
import { nodesSeen } from './nodes-seen.ts';
import { HTTP_GET } from './test-frames.ts';
import {
  correlated,
  PLACES,
  type Place,
  type Taken,
  Trip,
  type TripOptions,
  taken,
  takenOnAny,
} from './test-path.ts';
import type { NodeSeen } from './verdict/hops.ts';

function moved(options: TripOptions = {}): Trip {
  const t = new Trip(options).handshake(0).client(0.5, { payload: HTTP_GET }).server(1, { payload: 1448 });
  return t.client(1.001).through('b').server(12, { payload: 1448 }).client(12.001);
}

function seen(captures: readonly Taken[]): NodeSeen[] {
  const c = correlated(captures);
  const flow = c.flows.find((f) =>
    f.legs[0]?.views.some((v) => v.watch.connection.flow.port.includes(40_000)),
  );
  return nodesSeen(flow?.legs[0] as JoinedLeg, c, { from: 0, to: 0 });
}

const of = (
  options: TripOptions,
  places: readonly Place[] = PLACES,
  more: readonly Trip[] = [],
): NodeSeen[] => seen(taken([moved(options), ...more], places));

const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 62000' };

describe('what is seen of the nodes', () => {
  it('is both, by the order in which they were active, with the sides that were captured', () => {
    expect(of({}).map((n) => [n.node, n.host, n.in, n.out])).toEqual([
      [0, 'node-a', true, true],
      [1, 'node-b', true, true],
    ]);
    expect(of({}, ['client', 'a.out', 'b.in']).map((n) => [n.host, n.in, n.out])).toEqual([
      ['node-a', false, true],
      ['node-b', true, false],
    ]);
    expect(seen(takenOnAny([moved()])).map((n) => [n.host, n.in, n.out])).toEqual([
      ['node-a', true, true],
      ['node-b', true, true],
    ]);
  });

  it('is the client as each of them names it outside, with the first frame of that', () => {
    const [a, b] = of({ outside });
    expect([a?.outer?.client, b?.outer?.client]).toEqual(['10.2.0.1:61000', '10.2.0.1:62000']);
    expect(a?.outer?.frame).toBe(PLACES.indexOf('a.out') * 2 ** 32 + 1);
    const [c, d] = seen(takenOnAny([moved({ outside })]));
    expect([c?.outer?.client, d?.outer?.client]).toEqual(['10.2.0.1:61000', '10.2.0.1:62000']);
  });

  it('is nothing outside of what did not come through', () => {
    const t = new Trip()
      .handshake(0)
      .client(1, { payload: HTTP_GET })
      .client(9, { via: 'b', to: 'b.in', payload: 9 });
    expect(seen(taken([t])).map((n) => n.outer?.client ?? null)).toEqual(['10.1.0.10:40000', null]);
  });

  it('is how many segments came and left, by sender', () => {
    const t = moved().client(13, { payload: 5, to: 'b.in' }).server(14, { payload: 5, to: 'b.out' });
    for (const [, b] of [seen(taken([t])), seen(taken([t], PLACES))]) {
      expect(b?.totals).toEqual({ client: { came: 2, left: 1 }, server: { came: 2, left: 1 } });
    }
    expect(seen(taken([t]))[0]?.totals).toEqual({
      client: { came: 4, left: 4 },
      server: { came: 2, left: 2 },
    });
  });

  it('is what it did to the sequence numbers', () => {
    const [a, b] = of({ shift: [700_000_000, 3_000_000_000] });
    expect(a?.shifts).toMatchObject({ shifted: true, by: 700_000_000 });
    expect(b?.shifts).toMatchObject({ shifted: true });
    expect(of({}).map((n) => n.shifts?.shifted)).toEqual([false, false]);
    expect(of({}, ['client', 'a.in', 'b.in', 'server']).map((n) => n.shifts)).toEqual([null, null]);
  });
});

describe('a translated port', () => {
  const other = (server: string): Trip =>
    new Trip({
      client: '10.1.0.20 50000',
      server,
      outside: { b: '10.2.0.1 61000' },
      isn: [9e8, 8e8],
    })
      .through('b')
      .handshake(14)
      .client(15, { payload: HTTP_GET });

  it('is taken at the new node where another connection has it', () => {
    const [, b] = of({ outside }, PLACES, [other('10.2.0.10 80')]);
    expect(b?.outerTaken('10.2.0.1:61000')).toMatchObject({ sameServer: true });
    expect(b?.outerTaken('10.2.0.1:61001')).toBeNull();
  });

  it('is not taken by the connection itself', () => {
    const [a] = of({ outside });
    expect(a?.outerTaken('10.2.0.1:61000')).toBeNull();
  });

  it('is taken by one to any server: many nodes give a port to one connection at a time', () => {
    const [, b] = of({ outside }, PLACES, [other('10.2.0.11 80')]);
    expect(b?.outerTaken('10.2.0.1:61000')).toMatchObject({ sameServer: false });
  });
});
