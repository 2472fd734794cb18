import { describe, expect, test } from 'vitest';
import { formatAddress } from '../address.ts';
import type { Tunnel } from './build.ts';
import { buildTcp, buildUdp, recordOf } from './build.ts';
import type { DecodeOptions } from './decode.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind } from './frame.ts';

const KINDS: [string, Tunnel, boolean][] = [
  ['VXLAN', { type: 'vxlan' }, true],
  ['VXLAN on 8472', { type: 'vxlan', port: 8472 }, true],
  ['GENEVE with IP', { type: 'geneve' }, false],
  ['GENEVE with Ethernet and options', { type: 'geneve', ethernet: true, options: new Uint8Array(32) }, true],
  ['GRE with IP', { type: 'gre' }, false],
  ['GRE with Ethernet and key', { type: 'gre', ethernet: true, key: 9 }, true],
  ['GRE with everything', { type: 'gre', key: 9, sequence: 1, checksum: true }, false],
  ['ERSPAN II', { type: 'erspan2' }, true],
  ['ERSPAN III', { type: 'erspan3' }, true],
  ['IP in IP', { type: 'ipip' }, false],
];

function decoded(bytes: Uint8Array, options?: DecodeOptions): Frame {
  const frame = new Frame();
  decodeFrame(recordOf(bytes), frame, options);
  return frame;
}

describe.each(KINDS)('%s', (_, tunnel, hasEthernet) => {
  test.each([
    ['10.0.0.1', '192.0.2.1'],
    ['10.0.0.1', '2001:db8::1'],
    ['fd00::1', '192.0.2.1'],
    ['fd00::1', '2001:db8::1'],
  ])('%s inside %s: the fields are the inner ones', (source, outer) => {
    const macs = { sourceMac: '02:00:00:00:00:aa', destinationMac: '02:00:00:00:00:ab' };
    const bytes = buildTcp({
      source,
      ...macs,
      ttl: 9,
      payload: 11,
      vlans: [33],
      padTo: 300,
      tunnels: [{ ...tunnel, source: outer, sourceMac: '02:00:00:00:00:ba' }],
    });
    const frame = decoded(bytes);
    expect(frame).toMatchObject({
      kind: FrameKind.Tcp,
      tunnelDepth: 1,
      ttl: 9,
      sourcePort: 40000,
      payloadLength: 11,
      vlan: 33,
      macSource: hasEthernet ? 0x0200000000aa : 0x0200000000ba,
      outerIpVersion: outer.includes(':') ? 6 : 4,
    });
    const version = (text: string) => (text.includes(':') ? 6 : 4);
    expect(formatAddress(frame.address, 0, version(source))).toBe(source);
    expect(formatAddress(frame.outerAddress, 0, version(outer))).toBe(outer);
  });
});

test('ERSPAN I has no header of its own', () => {
  const bytes = buildTcp({ tunnels: [{ type: 'gre', ethernet: true }] });
  bytes.set([0x88, 0xbe], 36);
  expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Tcp, tunnelDepth: 1 });
});

describe('depth', () => {
  const tunnels = KINDS.slice(0, 5).map(([, tunnel]) => tunnel);

  test('four tunnels are followed, the outermost addresses kept', () => {
    const first = { ...tunnels[0]!, source: '198.51.100.1' };
    const frame = decoded(buildTcp({ payload: 2, tunnels: [first, ...tunnels.slice(1, 4)] }));
    expect(frame).toMatchObject({ kind: FrameKind.Tcp, tunnelDepth: 4, payloadLength: 2 });
    expect(formatAddress(frame.outerAddress, 0, 4)).toBe('198.51.100.1');
  });

  test('the fifth is not: the carrier is what is told', () => {
    const frame = decoded(buildTcp({ tunnels: [...tunnels.slice(1), tunnels[0]!] }));
    expect(frame).toMatchObject({ kind: FrameKind.Udp, tunnelDepth: 4, destinationPort: 4789 });
  });

  test('the limit is an option', () => {
    const bytes = buildTcp({ tunnels: [{ type: 'vxlan' }] });
    expect(decoded(bytes, { maxTunnelDepth: 0 })).toMatchObject({ kind: FrameKind.Udp, tunnelDepth: 0 });
  });
});

describe('not guessed', () => {
  test('VXLAN without its flag, GENEVE of another version, other ports', () => {
    expect(decoded(buildUdp({ destinationPort: 4789, payload: 100 }))).toMatchObject({
      kind: FrameKind.Udp,
      tunnelDepth: 0,
    });
    const geneve = buildTcp({ tunnels: [{ type: 'geneve' }] });
    geneve[42] = 0x40;
    expect(decoded(geneve)).toMatchObject({ kind: FrameKind.Udp, tunnelDepth: 0 });
    const other = buildTcp({ tunnels: [{ type: 'vxlan', port: 4788 }] });
    expect(decoded(other)).toMatchObject({ kind: FrameKind.Udp, destinationPort: 4788 });
  });

  test('GRE version 1 and unknown protocols', () => {
    const bytes = buildTcp({ tunnels: [{ type: 'gre' }] });
    bytes[35] = 1;
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Other, tunnelDepth: 0, ipVersion: 4 });
    bytes.set([0, 0x88, 0x0b], 35);
    expect(decoded(bytes).kind).toBe(FrameKind.Other);
  });
});
