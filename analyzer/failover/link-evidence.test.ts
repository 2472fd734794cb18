import { describe, expect, it } from 'vitest';
import { parseMac } from '../../packet/address.ts';
import { buildArp } from '../../packet/wire/build.ts';
import type { Packet } from '../test-frames.ts';
import { correlated, MAC, PLACES, type Place, readAll, Trip, taken } from '../test-path.ts';
import { buildLinkFacts } from './link-evidence.ts';
import type { LinkFacts } from './link-facts.ts';

const A = 0;
const B = 1;
const mac = (place: Place): number => parseMac(MAC[place]);

const arp = (at: number, fields: Parameters<typeof buildArp>[0]): Packet => ({ at, data: buildArp(fields) });
/** `place` says that the gateway's inner address is at its MAC. */
const announces = (at: number, place: Place): Packet =>
  arp(at, { operation: 1, senderMac: MAC[place], sourceMac: MAC[place], senderAddress: '10.1.0.1' });
/** The client asks whether the gateway is still at A's MAC. */
const asks = (at: number): Packet =>
  arp(at, {
    operation: 1,
    senderMac: MAC.client,
    sourceMac: MAC.client,
    destinationMac: MAC['a.in'],
    senderAddress: '10.1.0.10',
    targetAddress: '10.1.0.1',
  });
const answers = (at: number): Packet =>
  arp(at, {
    operation: 2,
    senderMac: MAC['b.in'],
    sourceMac: MAC['b.in'],
    destinationMac: MAC.client,
    senderAddress: '10.1.0.1',
    targetAddress: '10.1.0.10',
  });

/** Through A; then B only hears what the client still sends to A's MAC. */
function trip(): Trip {
  const t = new Trip().handshake(0).client(1, { payload: 10 }).server(1.1, { payload: 10 });
  return t.client(5, { payload: 10, via: 'b', to: 'b.in', destinationMac: MAC['a.in'] });
}

function facts(more: Partial<Record<Place, Packet[]>> = {}, t = trip()): LinkFacts {
  const captures = taken([t], PLACES, { more });
  return buildLinkFacts(readAll(captures), correlated(captures).vantages);
}

describe('the MACs of a node', () => {
  it('are those that what it passed on came from, by side', () => {
    const { ownMacs } = facts();
    expect([ownMacs(A, 'in'), ownMacs(A, 'out')]).toEqual([new Set([mac('a.in')]), new Set([mac('a.out')])]);
  });

  it('are not known of a node that passed nothing on: what came to it names the sender', () => {
    expect(facts().ownMacs(B, 'in')).toEqual(new Set());
  });

  it('are those that it announces', () => {
    expect(facts({ 'b.in': [announces(4, 'b.in')] }).ownMacs(B, 'in')).toEqual(new Set([mac('b.in')]));
  });

  it('are not those that the other node announces on the same link', () => {
    const heard = announces(0.5, 'a.in');
    const { ownMacs } = facts({ 'a.in': [heard], 'b.in': [heard] });
    expect(ownMacs(A, 'in')).toEqual(new Set([mac('a.in')]));
    expect(ownMacs(B, 'in')).toEqual(new Set());
  });

  it('are one where the MAC moves with the role', () => {
    const t = trip().through('b').server(9, { payload: 10, sourceMac: MAC['a.in'] });
    expect(facts({}, t).ownMacs(B, 'in')).toEqual(new Set([mac('a.in')]));
  });

  it('are named by sightings through their index', () => {
    const captures = taken([trip()]);
    const analyses = readAll(captures);
    const { macAt } = buildLinkFacts(analyses, correlated(captures).vantages);
    const row = analyses[3]!.trails.of(0)[0]!;
    expect([macAt(3, row.macSource), macAt(3, row.macDestination)]).toEqual([mac('client'), mac('a.in')]);
    expect(macAt(3, -1)).toBe(-1);
  });
});

describe('questions that nobody answered', () => {
  const seconds = (n: number): number => n * 1e9;

  it('are those without an answer within a second, with whom they were put to', () => {
    const { unanswered } = facts({ 'b.in': [asks(6), asks(7), asks(8), answers(8.001)] });
    const found = unanswered(B, 'in', 0, seconds(60));
    expect(found.map((q) => [q.about, q.to])).toEqual([
      ['10.1.0.1', mac('a.in')],
      ['10.1.0.1', mac('a.in')],
    ]);
  });

  it('count in the time that was asked about, on the side that was asked about', () => {
    const { unanswered } = facts({ 'b.in': [asks(6), asks(20)] });
    expect(unanswered(B, 'in', seconds(10), seconds(30)).length).toBe(1);
    expect(unanswered(B, 'out', 0, seconds(60))).toEqual([]);
    expect(unanswered(A, 'in', 0, seconds(60))).toEqual([]);
  });

  it('are not announcements, which ask nobody', () => {
    expect(facts({ 'b.in': [announces(6, 'b.in')] }).unanswered(B, 'in', 0, seconds(60))).toEqual([]);
  });
});

it('announcements of a node in a time are known by their frames', () => {
  const { announced } = facts({ 'b.in': [announces(6, 'b.in'), announces(20, 'b.in')] });
  expect(announced(B, 0, 10e9).length).toBe(1);
  expect(announced(B, 0, 30e9).length).toBe(2);
  expect(announced(A, 0, 30e9)).toEqual([]);
});
