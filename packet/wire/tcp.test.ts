import { describe, expect, test } from 'vitest';
import { parseAddress } from '../address.ts';
import type { TcpFrame } from './build.ts';
import { buildTcp, recordOf } from './build.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind, TcpFlag } from './frame.ts';
import { flagBits, flagText, sackBlocks } from './tcp.ts';

function decoded(fields: TcpFrame, captured?: number): Frame {
  const bytes = buildTcp(fields);
  const frame = new Frame();
  decodeFrame(recordOf(bytes, { capturedLength: captured ?? bytes.length }), frame);
  return frame;
}

describe('header', () => {
  test('from bytes', () => {
    const bytes = Uint8Array.from(
      [
        '020000000002 020000000001 0800',
        '45 00 0034 1234 4000 40 06 0000 0a00010a 0a00020a',
        'c330 0050 fffffff0 80000001 8018 01f5 0000 0000',
        '01 01 08 0a 35cf0b20 39e6a1d2',
      ]
        .join('')
        .replaceAll(' ', '')
        .match(/../g)!
        .map((hex) => Number.parseInt(hex, 16)),
    );
    const frame = new Frame();
    decodeFrame(recordOf(bytes, { frame: 7, time: 42 }), frame);
    expect(frame).toMatchObject({
      number: 7,
      time: 42,
      kind: FrameKind.Tcp,
      ipVersion: 4,
      ttl: 64,
      ipId: 0x1234,
      dontFragment: true,
      ipLength: 52,
      sourcePort: 49968,
      destinationPort: 80,
      seq: 0xfffffff0,
      ack: 0x80000001,
      flags: TcpFlag.Ack | TcpFlag.Psh,
      window: 501,
      headerLength: 32,
      payloadLength: 0,
      payloadOffset: 66,
      hasTimestamps: true,
      tsVal: 0x35cf0b20,
      tsEcr: 0x39e6a1d2,
      tcpHeaderCut: false,
    });
  });

  test.each(['10.0.0.1', 'fd00::1'])('checksum over the pseudo header, from %s', (source) => {
    const odd = buildTcp({ source, link: 'raw', payload: 'odd' });
    const at = source.includes(':') ? 40 : 20;
    const segment = odd.subarray(at);
    const destination = source.includes(':') ? 'fd00::2' : '10.0.0.2';
    const seed = pseudoHeaderSum(parseAddress(source)!, parseAddress(destination)!, 6, segment.length);
    expect(internetChecksum(segment, seed)).toBe(0);
    if (at === 20) expect(internetChecksum(odd.subarray(0, 20))).toBe(0);
  });

  test('all nine flags', () => {
    for (let flags = 0; flags < 0x200; flags++) {
      expect(decoded({ flags }).flags).toBe(flags);
      expect(flagBits(flagText(flags))).toBe(flags);
    }
    expect(flagText(0x12)).toBe('SYN ACK');
    expect(flagText(0)).toBe('');
  });
});

describe('options', () => {
  test('of a SYN', () => {
    const options = {
      mss: 1460,
      sackPermitted: true,
      timestamps: { value: 0xf0000001, echo: 0 },
      windowScale: 7,
    };
    expect(decoded({ flags: 'SYN', options })).toMatchObject({
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      hasTimestamps: true,
      tsVal: 0xf0000001,
      headerLength: 40,
    });
  });

  test('of a handshake do not count later', () => {
    const frame = decoded({ flags: 'ACK', options: { mss: 1460, sackPermitted: true, windowScale: 7 } });
    expect(frame).toMatchObject({ mss: -1, windowScale: -1, sackPermitted: false });
  });

  test('SACK blocks', () => {
    const sack = [
      { left: 0xffffff00, right: 0x100 },
      { left: 5, right: 9 },
      { left: 20, right: 21 },
    ];
    const frame = decoded({ options: { timestamps: { value: 1, echo: 2 }, sack } });
    expect(frame).toMatchObject({ sackBlockCount: 3, hasTimestamps: true, tsVal: 1, tsEcr: 2 });
    expect(sackBlocks(frame)).toEqual(sack);
    expect(sackBlocks(decoded({}))).toEqual([]);
  });

  test.each([
    ['length 0', [8, 0, 0, 0]],
    ['length 1', [8, 1, 0, 0]],
    ['past the header', [8, 10, 0, 0]],
    ['kind without length', [1, 1, 1, 8]],
    ['end before timestamps', [0, 8, 10, 0]],
  ])('%s ends the options', (_, option) => {
    const bytes = buildTcp({ flags: 'SYN', options: { mss: 1 } });
    bytes.set(option, 54);
    const frame = new Frame();
    decodeFrame(recordOf(bytes), frame);
    expect(frame).toMatchObject({ kind: FrameKind.Tcp, hasTimestamps: false, mss: -1, sackBlockCount: 0 });
  });
});

describe('lengths', () => {
  test('the IP length rules, not the capture and not the padding', () => {
    expect(decoded({ payload: 1000 }, 60)).toMatchObject({ payloadLength: 1000, capturedPayload: 6 });
    expect(decoded({ payload: 1, padTo: 60 })).toMatchObject({ payloadLength: 1, capturedPayload: 1 });
    expect(decoded({ payload: 0, padTo: 60 })).toMatchObject({ payloadLength: 0, capturedPayload: 0 });
  });

  test('a header cut by the snap length keeps its payload length', () => {
    const timestamps = { value: 1, echo: 2 };
    const frame = decoded({ payload: 500, options: { timestamps } }, 14 + 20 + 24);
    expect(frame).toMatchObject({
      kind: FrameKind.Tcp,
      tcpHeaderCut: true,
      payloadLength: 500,
      capturedPayload: 0,
      payloadOffset: 58,
      hasTimestamps: false,
    });
  });

  test('16 bytes are a segment, 15 are not', () => {
    expect(decoded({ window: 9 }, 14 + 20 + 16)).toMatchObject({ kind: FrameKind.Tcp, window: 9 });
    const cut = decoded({ window: 9 }, 14 + 20 + 15);
    expect(cut).toMatchObject({ kind: FrameKind.Other, sourcePort: 0, destinationPort: 0, seq: 0 });
  });

  test.each([
    ['below 5', 4],
    ['past the IP payload', 15],
  ])('a data offset %s is malformed: no payload', (_, offset) => {
    const bytes = buildTcp({ payload: 8 });
    bytes[46] = offset * 16;
    const frame = new Frame();
    decodeFrame(recordOf(bytes), frame);
    expect(frame).toMatchObject({
      kind: FrameKind.Tcp,
      tcpHeaderCut: true,
      payloadLength: 0,
      capturedPayload: 0,
    });
  });
});
