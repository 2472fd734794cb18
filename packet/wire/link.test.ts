import { describe, expect, test } from 'vitest';
import { parseMac } from '../address.ts';
import type { LinkName, TcpFrame } from './build.ts';
import { buildArp, buildTcp, recordOf } from './build.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind, PacketType } from './frame.ts';

const LINKS: LinkName[] = ['ethernet', 'sll', 'sll2', 'null', 'null-swapped', 'loop', 'raw'];

function decoded(fields: TcpFrame, linkType?: number): Frame {
  const frame = new Frame();
  const { link = 'ethernet' } = fields;
  decodeFrame(recordOf(buildTcp(fields), linkType === undefined ? { link } : { linkType }), frame);
  return frame;
}

describe.each(LINKS)('%s', (link) => {
  test.each(['10.0.0.1', 'fd00::1'])('carries TCP from %s', (source) => {
    const frame = decoded({ link, source, payload: 3 });
    expect(frame).toMatchObject({ kind: FrameKind.Tcp, sourcePort: 40000, payloadLength: 3, tunnelDepth: 0 });
    expect(frame.ipVersion).toBe(source.includes(':') ? 6 : 4);
  });
});

test('Ethernet: both MACs', () => {
  const frame = decoded({ sourceMac: 'fe:ff:ff:ff:ff:01', destinationMac: 'ff:ff:ff:ff:ff:ff' });
  expect(frame).toMatchObject({ macSource: 0xfeffffffff01, macDestination: 0xffffffffffff, vlan: -1 });
  expect(frame).toMatchObject({ packetType: -1, deviceIndex: -1 });
});

test('SLL: source MAC and packet type', () => {
  expect(
    decoded({ link: 'sll', sourceMac: '02:00:00:00:00:09', packetType: PacketType.Outgoing }),
  ).toMatchObject({
    macSource: parseMac('02:00:00:00:00:09'),
    macDestination: -1,
    packetType: PacketType.Outgoing,
    deviceIndex: -1,
  });
});

test('SLL2: interface index too', () => {
  expect(decoded({ link: 'sll2', deviceIndex: 70000, packetType: PacketType.OtherHost })).toMatchObject({
    macDestination: -1,
    packetType: PacketType.OtherHost,
    deviceIndex: 70000,
  });
});

test('SLL with an address that is no MAC has no MAC', () => {
  const bytes = buildTcp({ link: 'sll' });
  bytes[5] = 8;
  const frame = new Frame();
  decodeFrame(recordOf(bytes, { link: 'sll' }), frame);
  expect(frame).toMatchObject({ kind: FrameKind.Tcp, macSource: -1 });
});

test.each([12, 14, 101, 228])('raw IP is also link type %i', (linkType) => {
  expect(decoded({ link: 'raw' }, linkType).kind).toBe(FrameKind.Tcp);
});

test('link type 229 is IPv6 only', () => {
  expect(decoded({ link: 'raw', source: 'fd00::1' }, 229).kind).toBe(FrameKind.Tcp);
  expect(decoded({ link: 'raw' }, 229).kind).toBe(FrameKind.Other);
});

test.each([105, 147, -1, 1e9])('link type %i is not decoded', (linkType) => {
  expect(decoded({}, linkType)).toMatchObject({ kind: FrameKind.Other, macSource: -1 });
});

describe('between Ethernet and IP', () => {
  test('one tag, two tags, 802.1ad: the outermost id', () => {
    expect(decoded({ vlans: [100] })).toMatchObject({ kind: FrameKind.Tcp, vlan: 100 });
    expect(decoded({ vlans: [{ id: 7, type: 0x88a8 }, 9] })).toMatchObject({ kind: FrameKind.Tcp, vlan: 7 });
    expect(decoded({ vlans: [{ id: 7, type: 0x9100 }, 9] })).toMatchObject({ kind: FrameKind.Tcp, vlan: 7 });
  });

  test('priority bits are not part of the id', () => {
    expect(decoded({ vlans: [0xe000 + 5] }).vlan).toBe(5);
  });

  test('a bounded number of tags', () => {
    expect(decoded({ vlans: new Array(500).fill(1) }).kind).toBe(FrameKind.Other);
  });

  test('LLC/SNAP, also behind a tag; the 802.3 length cuts padding', () => {
    expect(decoded({ snap: true, payload: 1, padTo: 80 })).toMatchObject({
      kind: FrameKind.Tcp,
      payloadLength: 1,
    });
    expect(decoded({ snap: true, vlans: [3], source: 'fd00::1' }).kind).toBe(FrameKind.Tcp);
  });

  test('MPLS and PPPoE', () => {
    expect(decoded({ mpls: [16, 17, 18], payload: 4 })).toMatchObject({
      kind: FrameKind.Tcp,
      payloadLength: 4,
    });
    expect(decoded({ mpls: [16], source: 'fd00::1' })).toMatchObject({ kind: FrameKind.Tcp, ipVersion: 6 });
    expect(decoded({ pppoe: 9, payload: 4, padTo: 90 })).toMatchObject({
      kind: FrameKind.Tcp,
      payloadLength: 4,
    });
    expect(decoded({ pppoe: 9, source: 'fd00::1' })).toMatchObject({ kind: FrameKind.Tcp, ipVersion: 6 });
  });
});

test.each(LINKS.slice(0, 3))('ARP over %s', (link) => {
  const frame = new Frame();
  decodeFrame(recordOf(buildArp({ link, senderAddress: '10.0.0.254' }), { link }), frame);
  expect(frame.kind).toBe(FrameKind.Arp);
});
