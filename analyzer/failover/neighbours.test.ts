import { describe, expect, it } from 'vitest';
import { isGroup, parseMac } from '../../packet/address.ts';
import { buildArp, buildNeighbour, buildTcp, buildVrrp } from '../../packet/wire/build.ts';
import { decoded } from '../test-frames.ts';
import { type NeighbourEvent, Neighbours } from './neighbours.ts';

const HOST = '02:00:00:00:00:0c';
const NODE = '02:00:00:00:00:0a';
const BROADCAST = 0xffffffffffff;

function eventOf(bytes: Uint8Array): NeighbourEvent | undefined {
  const neighbours = new Neighbours();
  neighbours.observe(decoded(bytes, 2), 7);
  return neighbours.events[0];
}

describe('ARP', () => {
  it('that asks', () => {
    const ask = { senderMac: HOST, sourceMac: HOST, senderAddress: '10.1.0.10', targetAddress: '10.1.0.1' };
    expect(eventOf(buildArp({ operation: 1, ...ask }))).toEqual({
      kind: 'asks',
      time: 2_000_000_000,
      id: 7,
      mac: parseMac(HOST),
      address: '10.1.0.10',
      about: '10.1.0.1',
      to: BROADCAST,
    });
    expect(eventOf(buildArp({ operation: 1, ...ask, destinationMac: NODE }))?.to).toBe(parseMac(NODE));
  });

  it('that answers is about its sender', () => {
    const answer = { operation: 2 as const, senderMac: NODE, sourceMac: NODE, destinationMac: HOST };
    const event = eventOf(buildArp({ ...answer, senderAddress: '10.1.0.1', targetAddress: '10.1.0.10' }));
    expect(event).toMatchObject({ kind: 'answers', mac: parseMac(NODE), about: '10.1.0.1' });
  });

  it.each([1, 2] as const)('that nobody had asked for announces (operation %i)', (operation) => {
    const event = eventOf(
      buildArp({ operation, senderMac: NODE, sourceMac: NODE, senderAddress: '10.1.0.1' }),
    );
    expect(event).toMatchObject({
      kind: 'announces',
      mac: parseMac(NODE),
      address: '10.1.0.1',
      about: '10.1.0.1',
    });
  });

  it('is named by its sender’s hardware address, not by who put it on the link', () => {
    const event = eventOf(buildArp({ senderMac: NODE, sourceMac: HOST, senderAddress: '10.1.0.1' }));
    expect(event?.mac).toBe(parseMac(NODE));
  });
});

describe('neighbour discovery', () => {
  it('asks with a solicitation', () => {
    const event = eventOf(
      buildNeighbour({ operation: 1, source: 'fd00::10', target: 'fd00::1', sourceMac: HOST }),
    );
    expect(event).toMatchObject({ kind: 'asks', address: 'fd00::10', about: 'fd00::1', mac: parseMac(HOST) });
  });

  it('announces with an advertisement to all, and answers with one to the host that asked', () => {
    const said = { operation: 2 as const, target: 'fd00::1', sourceMac: NODE };
    expect(eventOf(buildNeighbour({ ...said, destinationMac: '33:33:00:00:00:01' }))).toMatchObject({
      kind: 'announces',
      about: 'fd00::1',
      mac: parseMac(NODE),
    });
    expect(eventOf(buildNeighbour({ ...said, destinationMac: HOST }))).toMatchObject({
      kind: 'answers',
      about: 'fd00::1',
    });
  });
});

it('a VRRP advertisement is about its group, from its sender', () => {
  const event = eventOf(buildVrrp({ source: '10.1.0.2', id: 51, sourceMac: NODE }));
  expect(event).toMatchObject({ kind: 'vrrp', address: '10.1.0.2', about: 'vrrp 51', mac: parseMac(NODE) });
});

it('other frames say nothing', () => {
  expect(eventOf(buildTcp())).toBeUndefined();
});

it('of a long capture the first and the newest are kept', () => {
  const neighbours = new Neighbours();
  const frame = decoded(buildArp({ senderMac: NODE, senderAddress: '10.1.0.1' }));
  for (let i = 0; i < 20_000; i++) neighbours.observe(frame, i);
  const ids = neighbours.events.map((e) => e.id);
  expect(ids.length).toBeLessThanOrEqual(3 * 2048);
  expect(ids.slice(0, 3)).toEqual([0, 1, 2]);
  expect(ids.slice(-2)).toEqual([19_998, 19_999]);
});

it('a group MAC is broadcast or multicast', () => {
  expect([BROADCAST, 0x333300000001, 0x01005e000012, 0x02000000000a, -1].map(isGroup)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
