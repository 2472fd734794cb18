import { describe, expect, it } from 'vitest';
import { TcpFlag } from '../../packet/wire/frame.ts';
import { HTTP_GET } from '../test-frames.ts';
import { type Place, readAll, Trip, type TripOptions, taken, takenOnAny } from '../test-path.ts';
import type { VantageAnalysis } from '../vantage-analysis.ts';
import { type FlowView, joinFlows } from './join.ts';
import { sharedPackets, unshifted } from './shared-packets.ts';

const request = (options: TripOptions = {}): Trip =>
  new Trip(options)
    .handshake(0)
    .client(0.1, { payload: HTTP_GET })
    .server(0.101, { payload: 1448 })
    .client(0.102);

const sharedOf = (analyses: readonly VantageAnalysis[], shifts: readonly number[] = []) =>
  sharedPackets(
    analyses.map(({ samples, trails }, i) => ({ samples, trails, shift: shifts[i] ?? 0 })),
    joinFlows(analyses),
  );

const shared = (trips: readonly Trip[], places: readonly Place[]) => sharedOf(readAll(taken(trips, places)));

describe('two captures share', () => {
  it('every packet that passed both, with the time at each and who sent it', () => {
    const [pair, ...more] = shared([request()], ['client', 'server']);
    expect(more).toEqual([]);
    expect(pair).toMatchObject({ a: 0, b: 1 });
    expect(pair?.packets.map((p) => p.dir).join('')).toBe('csccsc');
    for (const { a, b, dir } of pair?.packets ?? []) expect(b - a).toBe(dir === 'c' ? 220_000 : -220_000);
  });

  it('no retransmission with its original: without timestamps only the IP identification tells them apart', () => {
    const again = (stamped: boolean): Trip => {
      const t = new Trip({ stamped }).handshake(0).client(1, { payload: 10, to: 'a.out' });
      return t.through('b').client(9, { payload: 10, seq: 1 });
    };
    for (const stamped of [true, false]) expect(shared([again(stamped)], ['a.out', 'b.out'])).toEqual([]);
  });

  it('what a NAT has rewritten', () => {
    const [pair] = shared([request({ outside: { a: '10.2.0.1 61000' } })], ['client', 'server']);
    expect(pair?.packets.length).toBe(6);
  });

  it('what a firewall has renumbered', () => {
    const [pair] = shared([request({ shift: [700_000_000, 3_000_000_000] })], ['client', 'server']);
    expect(pair?.packets.length).toBe(6);
  });

  it('nothing where neither saw what the other did', () => {
    expect(shared([request()], ['client', 'b.in'])).toEqual([]);
  });

  it('nothing of two connections that only look alike', () => {
    const twin = new Trip({ isn: [99_000, 77_000] }).handshake(3).client(3.1, { payload: HTTP_GET });
    const analyses = readAll([...taken([request()], ['client']), ...taken([twin], ['server'])]);
    expect(sharedOf(analyses)).toEqual([]);
  });
});

describe('the pairs', () => {
  it('leave out what did not reach the other capture', () => {
    const trip = request().server(0.2, { payload: 500, to: 'a.out' });
    expect(shared([trip], ['client', 'server'])[0]?.packets.length).toBe(6);
  });

  it('leave out words that were said twice: nobody knows which is meant', () => {
    const trip = request({ stamped: false }).server(0.2, { payload: 500, to: 'server' });
    trip.server(0.6, { seq: 1449, payload: 500 });
    const [pair] = shared([trip], ['client', 'server']);
    expect(pair?.packets.map((p) => p.b).filter((t) => t > 150_000_000)).toEqual([]);
    const told = request()
      .server(0.2, { payload: 500, to: 'server' })
      .server(0.6, { seq: 1449, payload: 500 });
    expect(shared([told], ['client', 'server'])[0]?.packets.at(-1)).toMatchObject({
      dir: 's',
      b: 600_000_000,
    });
  });

  it('count a packet once that a capture of a whole node holds twice', () => {
    const [client, node] = takenOnAny([request()]);
    const [pair] = sharedOf(readAll([client!, node!]));
    expect(pair?.packets.length).toBe(6);
    for (const { a, b, dir } of pair?.packets ?? []) {
      // Of the client's as they come, of the server's as they come in outside: 20 µs before they leave.
      expect(b - a).toBe(dir === 'c' ? 100_000 : -120_000);
    }
  });

  it('are on one base, whenever the captures begin', () => {
    const late = new Trip({ client: '10.1.0.10 40001' }).handshake(50);
    const analyses = readAll([...taken([request(), late], ['client']), ...taken([late], ['server'])]);
    const origins = analyses.map((a) => Number(a.origin - analyses[0]!.origin));
    const [pair] = sharedOf(analyses, origins);
    expect(pair?.packets.map(({ a, b }) => Math.abs(b - a))).toEqual([220_000, 220_000, 220_000]);
  });

  it('know the client also where the captures sort the two ends otherwise', () => {
    const trip = request({ client: '10.1.0.10 40000', outside: { a: '10.9.0.1 40000' } });
    const [pair] = shared([trip], ['client', 'server']);
    for (const { a, b, dir } of pair?.packets ?? []) expect(Math.sign(b - a)).toBe(dir === 'c' ? 1 : -1);
  });
});

describe('unshifted', () => {
  it('gives a row the numbers of the first view, each direction by its own distance', () => {
    const trip = request({ shift: [700_000_000, 3_000_000_000] });
    const analyses = readAll(taken([trip], ['client', 'server']));
    const [leg] = joinFlows(analyses);
    const [near, far] = leg!.views;
    const numbers = (view: FlowView): string[] =>
      analyses[view.vantage]!.trails.of(view.watch.connection.flow.index)
        .filter((row) => (row.flags & TcpFlag.Ack) !== 0)
        .map((row) => unshifted(row, view))
        .map(({ seq, ack, sender }) => `${sender} ${seq} ${ack}`)
        .sort();
    expect(near!.shift).toEqual([0, 0]);
    expect(far!.shift).not.toEqual([0, 0]);
    expect(numbers(far!)).toEqual(numbers(near!));
    expect(numbers(near!).length).toBe(5);
  });
});
