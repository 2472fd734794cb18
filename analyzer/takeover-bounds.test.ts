import { describe, expect, it } from 'vitest';
import { crossingOf } from './correlate.ts';
import { type Bounds, boundsOf } from './takeover-bounds.ts';
import { correlated, PLACES, type Place, type Taken, Trip, taken } from './test-path.ts';

/** Lost after 2 s; B has it from 12 s on. */
const untilLoss = (port = 40_000): Trip =>
  new Trip({ client: `10.1.0.10 ${port}`, isn: [port * 50_000, port * 70_000] })
    .handshake(0)
    .client(1, { payload: 100 })
    .server(2, { payload: 1000 })
    .client(2.001);
const onB = (trip: Trip): Trip => trip.through('b').server(12, { payload: 1000 }).client(12.001);
/** The server's n-th byte from the SYN on, in vain. */
const vain = (payload = 1000) => ({ payload, to: 'server' as Place });

function boundsIn(captures: readonly Taken[]): Bounds {
  const c = correlated(captures);
  expect(c.takeovers.length).toBe(1);
  const crossings = c.flows.flatMap((f) => f.legs.map((leg) => crossingOf(leg, c)));
  return boundsOf(c.takeovers[0]!, crossings, [0, 1]);
}

/** Seconds by which the loss may be later and the return earlier. */
const within = (trips: readonly Trip[], places: readonly Place[] = PLACES): (number | null)[] => {
  const { lostWithin, restoredWithin } = boundsIn(taken(trips, places));
  return [lostWithin, restoredWithin].map((t) => (t === null ? null : Math.round(t / 1e7) / 100));
};

describe('a takeover is dated', () => {
  it('only to the whole outage where nobody tried anything in it', () => {
    expect(within([onB(untilLoss())])).toEqual([10, 10]);
  });

  it('from the first to the last segment that reached no node', () => {
    const t = untilLoss();
    for (const at of [3, 5, 9]) t.server(at, { seq: 1001, ...vain() });
    expect(within([onB(t)])).toEqual([1, 3]);
  });

  it('by what either end sent, on any connection', () => {
    const other = untilLoss(40_001)
      .client(2.5, { payload: 5, to: 'client' })
      .client(11.5, { seq: 101, payload: 5, to: 'client' });
    expect(within([onB(untilLoss()), onB(other)])).toEqual([0.5, 0.5]);
  });

  it('and names the last of them, by the capture of the end that sent it', () => {
    const t = untilLoss()
      .server(3, { seq: 1001, ...vain() })
      .server(9, { seq: 1001, ...vain() });
    const captures = taken([onB(t)]);
    const server = captures.findIndex((c) => c.file === 'server.pcap');
    // Handshake 3, exchange 3: the two in vain are frames 7 and 8 there.
    expect(boundsIn(captures).lastVain).toBe(server * 2 ** 32 + 8);
  });

  it('not by what came to a node and was kept there', () => {
    const t = untilLoss().server(3, { seq: 1001, payload: 1000, to: 'a.out' });
    expect(within([onB(t)])).toEqual([10, 10]);
  });

  it('not by what an end’s own capture does not show', () => {
    const t = untilLoss().server(3, { seq: 1001, ...vain() });
    expect(within([onB(t)], ['client', 'a.in', 'a.out', 'b.in', 'b.out'])).toEqual([10, 10]);
  });

  it('not where a node’s link was not captured: it may have come there', () => {
    const t = untilLoss().server(3, { seq: 1001, ...vain() });
    expect(within([onB(t)], ['client', 'a.in', 'a.out', 'b.in', 'server'])).toEqual([10, 10]);
  });

  it('at the end not by segments that are larger than any the new path takes', () => {
    const t = untilLoss()
      .server(3, { seq: 1001, ...vain(500) })
      .server(11, { seq: 1001, ...vain(1448) });
    t.through('b').server(12, { seq: 1001, payload: 500 }).client(12.001);
    expect(within([t])).toEqual([1, 9]);
  });
});
