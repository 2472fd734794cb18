import { describe, expect, test } from 'vitest';
import { formatAddress } from '../address.ts';
import type { TcpFrame } from './build.ts';
import { buildTcp, buildUdp, recordOf } from './build.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind } from './frame.ts';

const V6 = { source: '2001:db8::1', destination: '2001:db8:1::2' };

function decoded(bytes: Uint8Array): Frame {
  const frame = new Frame();
  decodeFrame(recordOf(bytes), frame);
  return frame;
}
const tcp = (fields: TcpFrame) => decoded(buildTcp(fields));

describe('IPv4', () => {
  test('fields', () => {
    const frame = tcp({
      source: '10.0.1.10',
      destination: '10.0.2.10',
      ttl: 63,
      ipId: 0xbeef,
      dontFragment: false,
    });
    expect(frame).toMatchObject({ ipVersion: 4, ttl: 63, ipId: 0xbeef, dontFragment: false, ipLength: 40 });
    expect(formatAddress(frame.address, 0, 4)).toBe('10.0.1.10');
    expect(formatAddress(frame.address, 4, 4)).toBe('10.0.2.10');
  });

  test('a total length of 0 is TSO: the frame tells', () => {
    expect(tcp({ payload: 20000, ipLength: 0 })).toMatchObject({ ipLength: 20040, payloadLength: 20000 });
  });

  test('options are skipped', () => {
    const plain = buildTcp({ payload: 3 });
    const bytes = new Uint8Array(plain.length + 4);
    bytes.set(plain.subarray(0, 34));
    bytes.set([1, 1, 1, 0], 34);
    bytes.set(plain.subarray(34), 38);
    bytes[14] = 0x46;
    bytes[17] = plain[17]! + 4;
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Tcp, sourcePort: 40000, payloadLength: 3 });
  });

  test.each([
    ['a header below 20 bytes', 14, 0x44],
    ['version 5', 14, 0x55],
    ['a total length below the header', 17, 19],
  ])('%s is not decoded', (_, at, value) => {
    const bytes = buildTcp({});
    bytes[at] = value;
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Other, ipVersion: 0, sourcePort: 0 });
  });

  test('a total length beyond the frame ends with the frame', () => {
    const frame = tcp({ payload: 10, ipLength: 5000 });
    expect(frame).toMatchObject({ ipLength: 5000, payloadLength: 10 });
  });
});

describe.each([
  ['IPv4', {}],
  ['IPv6', V6],
])('fragments of %s', (_, ends) => {
  test('the first has ports', () => {
    expect(tcp({ ...ends, payload: 100, fragment: { offset: 0, length: 48 } })).toMatchObject({
      kind: FrameKind.Tcp,
      isFragment: true,
      sourcePort: 40000,
      payloadLength: 28,
    });
  });

  test('a later one has none', () => {
    expect(tcp({ ...ends, payload: 100, fragment: { offset: 48, length: 200 } })).toMatchObject({
      kind: FrameKind.Fragment,
      isFragment: true,
      sourcePort: 0,
      payloadLength: 0,
    });
  });

  test('a first one without room for a TCP header is just a fragment', () => {
    expect(tcp({ ...ends, payload: 100, fragment: { offset: 0, length: 8 } })).toMatchObject({
      kind: FrameKind.Fragment,
      isFragment: true,
      sourcePort: 0,
    });
  });
});

describe('IPv6', () => {
  test('fields', () => {
    const frame = tcp({ ...V6, ttl: 7, payload: 5 });
    expect(frame).toMatchObject({
      kind: FrameKind.Tcp,
      ipVersion: 6,
      ttl: 7,
      ipId: -1,
      ipLength: 65,
      payloadLength: 5,
    });
    expect(formatAddress(frame.address, 0, 6)).toBe('2001:db8::1');
    expect(formatAddress(frame.address, 4, 6)).toBe('2001:db8:1::2');
  });

  test('extension headers are skipped', () => {
    const extensions = ['hop-by-hop', 'destination-options', 'routing', 'authentication'] as const;
    expect(tcp({ ...V6, extensions, payload: 5 })).toMatchObject({ kind: FrameKind.Tcp, payloadLength: 5 });
    expect(tcp({ ...V6, extensions, payload: 9, fragment: { offset: 0, length: 24 } })).toMatchObject({
      kind: FrameKind.Tcp,
      isFragment: true,
      payloadLength: 4,
    });
  });

  test('an atomic fragment is a whole packet', () => {
    const frame = tcp({ ...V6, payload: 5, fragment: { offset: 0, length: 999 } });
    expect(frame).toMatchObject({ kind: FrameKind.Tcp, isFragment: false, payloadLength: 5 });
  });

  test('a payload length of 0 is BIG TCP: the frame tells', () => {
    expect(tcp({ ...V6, payload: 100_000, ipLength: 0 })).toMatchObject({
      ipLength: 100_060,
      payloadLength: 100_000,
    });
  });

  test('the number of extension headers is bounded', () => {
    const many = new Array(200).fill('destination-options');
    expect(tcp({ ...V6, extensions: many })).toMatchObject({
      kind: FrameKind.Other,
      ipVersion: 6,
      sourcePort: 0,
    });
  });
});

describe('UDP', () => {
  test('fields', () => {
    expect(decoded(buildUdp({ sourcePort: 5, destinationPort: 6, payload: 'hello' }))).toMatchObject({
      kind: FrameKind.Udp,
      sourcePort: 5,
      destinationPort: 6,
      headerLength: 8,
      payloadLength: 5,
      capturedPayload: 5,
    });
  });

  test.each([
    [0, 5],
    [3, 0],
    [10, 2],
    [9999, 5],
  ])('length %i leaves %i bytes', (length, payload) => {
    const bytes = buildUdp({ payload: 'hello' });
    new DataView(bytes.buffer).setUint16(38, length);
    expect(decoded(bytes)).toMatchObject({ kind: FrameKind.Udp, payloadLength: payload });
  });

  test('seven bytes have no ports', () => {
    const frame = new Frame();
    decodeFrame(recordOf(buildUdp({}), { capturedLength: 41 }), frame);
    expect(frame).toMatchObject({ kind: FrameKind.Other, sourcePort: 0 });
  });
});
