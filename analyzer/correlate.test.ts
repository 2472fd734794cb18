import { describe, expect, it } from 'vitest';
import { buildArp, buildUdp, buildVrrp } from '../packet/wire/build.ts';
import { type Correlation, correlate } from './correlate.ts';
import { HTTP_GET, type Packet } from './test-frames.ts';
import {
  correlated,
  MAC,
  PLACES,
  type Place,
  readAll,
  type Taken,
  type TakeOptions,
  Trip,
  type TripOptions,
  taken,
  takenOnAny,
} from './test-path.ts';
import { guessPlace } from './vantage/vantage.ts';

/** Lives through A for 2 s; B has it from 12 s on. */
function moved(options: TripOptions = {}): Trip {
  const t = new Trip(options).handshake(0).client(0.5, { payload: HTTP_GET }).server(1, { payload: 1448 });
  t.client(1.001).server(2, { payload: 1448 }).client(2.001);
  return t
    .through('b')
    .server(12, { payload: 1448 })
    .client(12.001)
    .server(13, { payload: 500 })
    .client(13.001);
}

const correlation = (places: readonly Place[] = PLACES, options: TakeOptions = {}): Correlation =>
  correlated(taken([moved()], places, options));

/** Nobody named them: numbered files. */
const unnamed = (captures: readonly Taken[]): Correlation =>
  correlate(
    readAll(captures).map((analysis) => ({
      analysis,
      named: null,
      guess: guessPlace(analysis.watches, analysis.cooked).place,
    })),
  );

const hosts = ({ stations }: Correlation): string[] =>
  stations.map(({ host, side }) => `${host}${side === undefined ? '' : `.${side}`}`);

/** Seconds after the first frame. */
const takeovers = ({ takeovers: found }: Correlation): string[] =>
  found.map(
    (t) =>
      `${t.from}>${t.to} ${(t.lost / 1e9).toFixed(1)}..${t.restored === null ? '?' : (t.restored / 1e9).toFixed(1)}`,
  );

describe('captures of one failover', () => {
  it('are one flow, in six places, with one takeover', () => {
    const c = correlation();
    expect(c.flows.length).toBe(1);
    expect(c.flows[0]?.legs[0]?.views.length).toBe(6);
    expect(hosts(c)).toEqual(['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server']);
    expect(takeovers(c)).toEqual(['0>1 2.0..12.0']);
  });

  it('are so without names, in any order', () => {
    const files = taken([moved()]);
    expect(hosts(unnamed(files))).toEqual(hosts(correlation()));
    const back = unnamed([...files].reverse());
    expect(hosts(back)).toEqual(hosts(correlation()).reverse());
    expect(takeovers(back)).toEqual(takeovers(correlation()));
  });

  it('are so with one capture a node, translated or not, named or not', () => {
    for (const outside of [{}, { a: '10.2.0.1 61000', b: '10.2.0.1 61000' }]) {
      const files = takenOnAny([moved({ outside })]);
      for (const c of [correlated(files), unnamed(files)]) {
        expect(hosts(c)).toEqual(['client', 'node-a', 'node-b', 'server']);
        expect(takeovers(c)).toEqual(['0>1 2.0..12.0']);
        expect(c.flows.length).toBe(1);
      }
    }
  });
});

describe('clocks', () => {
  it('are tied to the client’s, however far apart', () => {
    const ahead = { server: 3600, 'a.in': 30, 'a.out': -0.5, 'b.in': 500, 'b.out': 500 };
    const c = correlation(PLACES, { ahead });
    expect(c.reference).toBe(0);
    const of = (i: number): number => Math.round((c.clocks[i]?.fits[0]?.offset ?? 0) / 1e8) / 10;
    expect(PLACES.map((_, i) => c.clocks[i]?.tied)).toEqual(PLACES.map(() => true));
    expect(PLACES.slice(1).map((_, i) => of(i + 1))).toEqual([30, -0.5, 500, 500, 3600]);
    expect(c.takeovers.map((t) => ((t.restored ?? 0) - t.lost) / 1e9)).toEqual([expect.closeTo(9.999, 2)]);
  });

  it('of the two nodes are tied through the ends', () => {
    const c = correlation(['server', 'a.out', 'b.out'], { ahead: { 'b.out': 77 } });
    expect(c.clocks[2]?.tied).toBe(true);
    expect(takeovers(c)).toEqual(['0>1 2.0..12.0']);
  });

  it('of two nodes alone are tied through the sync messages that both hear', () => {
    const sync = [0, 3, 6, 9, 12, 15].map((at, n) => ({
      at,
      data: buildUdp({
        source: '10.1.0.2',
        destination: '225.0.0.50',
        destinationPort: 3780,
        destinationMac: '01:00:5e:00:00:32',
        payload: Uint8Array.of(1, 0, 0, n),
      }),
    }));
    const alone = correlation(['a.in', 'b.in'], { ahead: { 'b.in': -40 } });
    expect(alone.clocks.map((c) => c.tied)).toEqual([true, false]);
    const c = correlation(['a.in', 'b.in'], { ahead: { 'b.in': -40 }, more: { 'a.in': sync, 'b.in': sync } });
    expect(c.clocks.map((k) => k.tied)).toEqual([true, true]);
    const [takeover] = c.takeovers;
    expect(c.stations[takeover?.to === c.stations[1]?.node ? 1 : 0]?.host).toBe('node-b');
    expect(((takeover?.restored ?? 0) - (takeover?.lost ?? 0)) / 1e9).toBeCloseTo(10, 1);
    expect(takeover?.tied).toBe(true);
  });

  it('without a client are the server’s', () => {
    expect(correlation(['b.in', 'a.out', 'server']).reference).toBe(2);
  });
});

describe('coverage', () => {
  it('of every capture is to the last frame of any: one that falls silent counts as running on', () => {
    const c = correlated(taken([moved()]), 0);
    const last = c.vantages[0]?.coveredUntil;
    expect((last ?? 0) / 1e9).toBeCloseTo(13, 1);
    expect(c.vantages.map((v) => v.coveredUntil)).toEqual(c.vantages.map(() => last));
  });

  it('an empty capture is empty, and in nobody’s way', () => {
    const files = taken([
      new Trip().handshake(0).client(0.5, { payload: HTTP_GET }).server(1, { payload: 9 }),
    ]);
    const c = correlated(files);
    expect(c.vantages.map((v) => v.empty)).toEqual([false, false, false, true, true, false]);
    expect(c.takeovers).toEqual([]);
  });
});

describe('what nodes announce', () => {
  const garp = (at: number, mac: string, address = '10.1.0.1'): Packet => ({
    at,
    data: buildArp({
      operation: 1,
      senderMac: mac,
      sourceMac: mac,
      senderAddress: address,
      targetAddress: address,
    }),
  });
  const heard = (packet: Packet, places: readonly Place[]): TakeOptions => ({
    more: Object.fromEntries(places.map((p) => [p, [packet]])),
  });

  it('is the first sign of the new one', () => {
    const c = correlation(PLACES, heard(garp(7, MAC['b.in']), ['b.in', 'client']));
    expect(takeovers(c)).toEqual(['0>1 2.0..7.0']);
    expect(c.takeovers[0]?.announced).toBe(true);
  });

  it('is none where a host announces its own address on a link of the node', () => {
    const c = correlation(PLACES, heard(garp(7, MAC.client, '10.1.0.10'), ['b.in', 'client']));
    expect(takeovers(c)).toEqual(['0>1 2.0..12.0']);
  });

  it('is a new VRRP master, heard by both nodes, and not the old one that is heard as well', () => {
    const advert = (at: number, source: string): Packet => ({ at, data: buildVrrp({ source }) });
    const adverts = [
      advert(1, '10.1.0.2'),
      advert(2.5, '10.1.0.2'),
      advert(3.5, '10.1.0.2'),
      advert(7, '10.1.0.3'),
    ];
    const more = { 'a.in': adverts.slice(0, 3), 'b.in': adverts };
    expect(takeovers(correlation(PLACES, { more }))).toEqual(['0>1 2.0..7.0']);
    // A group of either protocol, both on: nobody is new.
    const both = [0, 1, 2, 3, 4, 5, 6].flatMap((at) => [advert(at, '10.1.0.2'), advert(at + 0.1, 'fe80::2')]);
    expect(takeovers(correlation(PLACES, { more: { 'b.in': both } }))).toEqual(['0>1 2.0..12.0']);
  });

  it('is a master that comes back', () => {
    const advert = (at: number, source: string): Packet => ({ at, data: buildVrrp({ source }) });
    const old = [0, 0.1, 0.2].map((at) => advert(at, '10.1.0.3'));
    const adverts = [
      ...old,
      ...[0.5, 1, 1.5, 1.9].map((at) => advert(at, '10.1.0.2')),
      advert(8, '10.1.0.3'),
    ];
    expect(takeovers(correlation(PLACES, { more: { 'b.in': adverts } }))).toEqual(['0>1 2.0..8.0']);
  });
});

describe('a node that met the connection in mid-stream', () => {
  it('passed on nothing of what the client sent it and it kept', () => {
    const t = moved({ client: '10.1.0.10 40000', server: '10.2.0.10 9000' });
    for (const at of [20, 25, 31]) t.client(at, { payload: 10, to: 'b.in' });
    const c = correlated(taken([t]));
    const late = c.forwarded.filter((b) => b.to > 14e9);
    expect(late).toEqual([]);
    expect(c.received.filter((b) => b.to > 14e9).map((b) => [b.node, b.toward])).toEqual([
      [1, 'server'],
      [1, 'server'],
      [1, 'server'],
    ]);
  });
});

describe('a lone capture', () => {
  it('is its own reference, with its own time', () => {
    const c = correlation(['client']);
    expect(c.reference).toBe(0);
    expect(c.vantages[0]?.shift).toBe(0);
    expect(c.takeovers).toEqual([]);
    expect(c.flows.length).toBe(1);
  });

  it('of a whole node shows what it passed on', () => {
    const [, a] = takenOnAny([moved()]);
    const c = correlated([a!]);
    expect(new Set(c.forwarded.map((b) => b.toward))).toEqual(new Set(['client', 'server']));
    expect(takeovers(c)).toEqual([]);
  });
});
