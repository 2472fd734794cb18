// What a takeover is recognised by: ARP, neighbour discovery, VRRP, ICMP errors.
import { describe, expect, test } from 'vitest';
import { formatAddress, formatMac, parseAddress } from '../address.ts';
import { buildArp, buildIcmp, buildNeighbour, buildTcp, buildUdp, buildVrrp, recordOf } from './build.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind } from './frame.ts';

function decoded(bytes: Uint8Array, captured = bytes.length): Frame {
  const frame = new Frame();
  decodeFrame(recordOf(bytes, { capturedLength: captured }), frame);
  return frame;
}

describe('ARP', () => {
  test('a gratuitous request', () => {
    const frame = decoded(
      buildArp({ senderAddress: '10.0.0.254', sourceMac: '02:00:00:00:0b:01', padTo: 60 }),
    );
    expect(frame).toMatchObject({ kind: FrameKind.Arp, arpOperation: 1, arpTargetMac: 0, ipVersion: 0 });
    expect(formatMac(frame.arpSenderMac)).toBe('02:00:00:00:0b:01');
    expect(frame.macDestination).toBe(0xffffffffffff);
    expect([frame.arpAddress[0], frame.arpAddress[4]]).toEqual([0x0a0000fe, 0x0a0000fe]);
  });

  test('a reply', () => {
    const frame = decoded(
      buildArp({
        operation: 2,
        senderAddress: '10.0.0.1',
        targetAddress: '10.0.0.2',
        targetMac: '02:00:00:00:00:07',
      }),
    );
    expect(frame).toMatchObject({ arpOperation: 2, arpTargetMac: 0x020000000007 });
    expect([frame.arpAddress[0], frame.arpAddress[4]]).toEqual([0x0a000001, 0x0a000002]);
  });

  test.each([
    ['another hardware', 15, 6],
    ['another protocol', 16, 0x86],
    ['other address sizes', 19, 16],
    ['reverse ARP', 21, 3],
  ])('%s is not read', (_, at, value) => {
    const bytes = buildArp({ senderAddress: '10.0.0.1' });
    bytes[at] = value;
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Other, arpOperation: 0, arpSenderMac: -1 });
  });
});

describe('neighbour discovery', () => {
  test('an advertisement announces its target', () => {
    const frame = decoded(buildNeighbour({ target: 'fd00::254', mac: '02:00:00:00:0b:01' }));
    expect(frame).toMatchObject({ kind: FrameKind.Icmp, icmpType: 136, arpOperation: 2 });
    expect(formatAddress(frame.arpAddress, 0, 6)).toBe('fd00::254');
    expect(formatAddress(frame.arpAddress, 4, 6)).toBe('::');
    expect(formatMac(frame.arpSenderMac)).toBe('02:00:00:00:0b:01');
  });

  test('a solicitation announces its sender and asks for its target', () => {
    const frame = decoded(buildNeighbour({ operation: 1, source: 'fd00::1', target: 'fd00::254' }));
    expect(frame).toMatchObject({ icmpType: 135, arpOperation: 1, arpSenderMac: 0x020000000001 });
    expect(formatAddress(frame.arpAddress, 0, 6)).toBe('fd00::1');
    expect(formatAddress(frame.arpAddress, 4, 6)).toBe('fd00::254');
  });

  test('without its option there is no MAC; an option of length 0 ends the search', () => {
    const bytes = buildNeighbour({ target: 'fd00::254' });
    expect(decoded(bytes, bytes.length - 1)).toMatchObject({ arpOperation: 2, arpSenderMac: -1 });
    bytes[bytes.length - 7] = 0;
    expect(decoded(bytes).arpSenderMac).toBe(-1);
  });
});

describe('VRRP', () => {
  test.each([2, 3] as const)('version %i over IPv4', (version) => {
    const bytes = buildVrrp({ version, id: 51, priority: 0, addresses: ['10.0.0.254', '10.0.1.254'] });
    expect(decoded(bytes)).toMatchObject({
      kind: FrameKind.Vrrp,
      vrrpVersion: version,
      vrrpId: 51,
      vrrpPriority: 0,
      ttl: 255,
    });
  });

  test('version 3 over IPv6, with a checksum over the pseudo header', () => {
    const bytes = buildVrrp({ source: 'fe80::1', priority: 200 });
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Vrrp, vrrpVersion: 3, vrrpPriority: 200 });
    const message = bytes.subarray(54);
    const seed = pseudoHeaderSum(parseAddress('fe80::1')!, parseAddress('ff02::12')!, 112, message.length);
    expect(internetChecksum(message, seed)).toBe(0);
  });

  test('another version or type is not read', () => {
    const bytes = buildVrrp();
    bytes[34] = 0x41;
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Other, vrrpId: 0 });
    bytes[34] = 0x32;
    expect(decoded(bytes).kind).toBe(FrameKind.Other);
  });
});

describe('ICMP errors quote a packet', () => {
  const quoted = buildTcp({ link: 'raw', source: '10.0.1.10', destination: '10.0.2.10', seq: 0xf0000000 });

  test('fragmentation needed', () => {
    const bytes = buildIcmp({
      source: '10.0.1.1',
      type: 3,
      code: 4,
      mtu: 1280,
      body: quoted.subarray(0, 28),
    });
    const frame = decoded(bytes);
    expect(frame).toMatchObject({
      kind: FrameKind.Icmp,
      icmpType: 3,
      icmpCode: 4,
      icmpMtu: 1280,
      quotedProtocol: 6,
      quotedSourcePort: 40000,
      quotedDestinationPort: 80,
      quotedSeq: 0xf0000000,
      quotedBytes: 8,
      sourcePort: 0,
    });
    expect(formatAddress(frame.quotedAddress, 0, 4)).toBe('10.0.1.10');
    expect(formatAddress(frame.quotedAddress, 4, 4)).toBe('10.0.2.10');
    expect(internetChecksum(bytes.subarray(34))).toBe(0);
  });

  test('bytes 6 and 7 of another code are no MTU', () => {
    expect(decoded(buildIcmp({ type: 3, code: 1, mtu: 7, body: quoted }))).toMatchObject({
      icmpMtu: 0,
      quotedProtocol: 6,
    });
  });

  test('packet too big, with extension headers in the quote', () => {
    const ends = { source: 'fd00::1', destination: 'fd00::2' };
    const body = buildTcp({
      ...ends,
      link: 'raw',
      extensions: ['hop-by-hop', 'destination-options'],
      seq: 5,
    });
    const frame = decoded(buildIcmp({ source: 'fd00::9', type: 2, mtu: 1280, body }));
    expect(frame).toMatchObject({ icmpMtu: 1280, quotedProtocol: 6, quotedSourcePort: 40000, quotedSeq: 5 });
    expect(formatAddress(frame.quotedAddress, 4, 6)).toBe('fd00::2');
  });

  test('a quoted later fragment has no ports', () => {
    for (const source of ['10.0.0.1', 'fd00::1']) {
      const body = buildTcp({ link: 'raw', source, payload: 99, fragment: { offset: 24, length: 40 } });
      const frame = decoded(buildIcmp({ source, type: source.includes(':') ? 1 : 3, body }));
      expect(frame).toMatchObject({ quotedProtocol: 6, quotedSourcePort: 0, quotedDestinationPort: 0 });
    }
  });

  test('quoted UDP has ports and no sequence number', () => {
    const body = buildUdp({ link: 'raw', sourcePort: 1, destinationPort: 2 });
    expect(decoded(buildIcmp({ type: 11, body }))).toMatchObject({
      quotedProtocol: 17,
      quotedSourcePort: 1,
      quotedDestinationPort: 2,
      quotedSeq: 0,
    });
  });

  test('an echo quotes nothing', () => {
    expect(decoded(buildIcmp({ type: 8, body: quoted }))).toMatchObject({
      kind: FrameKind.Icmp,
      quotedProtocol: 0,
    });
  });
});
