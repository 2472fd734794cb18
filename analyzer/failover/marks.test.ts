import { describe, expect, it } from 'vitest';
import { buildArp, buildNeighbour, buildVrrp, type VrrpFrame } from '../../packet/wire/build.ts';
import { decoded, HTTP_GET, Talk, watch } from '../test-frames.ts';
import { type Mark, Marks } from './marks.ts';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';

/** Frames 1, 2, … at seconds 1, 2, …; what they mark. */
function marksOf(...frames: Uint8Array[]): readonly Mark[] {
  const marks = new Marks();
  frames.forEach((bytes, i) => {
    marks.observe(decoded(bytes, i + 1), i + 1);
  });
  return marks.found;
}

const gratuitous = (senderMac: string, senderAddress = '10.0.0.254') =>
  buildArp({ senderMac, senderAddress });

describe('an address that is announced', () => {
  it('by the MAC that had it marks nothing', () => {
    expect(marksOf(gratuitous(A), gratuitous(A))).toEqual([]);
  });

  it('by another MAC has moved', () => {
    expect(marksOf(gratuitous(A), gratuitous(B))).toEqual([
      {
        kind: 'address-moved',
        time: 2e9,
        frame: 2,
        text: '10.0.0.254 moved from 02:00:00:00:00:0a to 02:00:00:00:00:0b',
        strong: true,
        flow: null,
      },
    ]);
  });

  it('moves again when it goes back', () => {
    expect(marksOf(gratuitous(A), gratuitous(B), gratuitous(B), gratuitous(A)).map((m) => m.frame)).toEqual([
      2, 4,
    ]);
  });

  it('is told by a reply and by a request for something else as well', () => {
    const reply = buildArp({
      operation: 2,
      senderMac: B,
      senderAddress: '10.0.0.254',
      targetAddress: '10.0.0.1',
    });
    const request = buildArp({ senderMac: B, senderAddress: '10.0.0.254', targetAddress: '10.0.0.1' });
    expect(marksOf(gratuitous(A), reply).map((m) => m.kind)).toEqual(['address-moved']);
    expect(marksOf(gratuitous(A), request).map((m) => m.kind)).toEqual(['address-moved']);
  });

  it('is not 0.0.0.0, from which many ask whether an address is free', () => {
    const asks = (senderMac: string) =>
      buildArp({ senderMac, senderAddress: '0.0.0.0', targetAddress: '10.0.0.9' });
    expect(marksOf(asks(A), asks(B))).toEqual([]);
  });

  it('moves apart from others', () => {
    expect(marksOf(gratuitous(A, '10.0.0.1'), gratuitous(B, '10.0.0.2'))).toEqual([]);
  });
});

describe('neighbour advertisements', () => {
  const advertised = (mac: string) => buildNeighbour({ target: 'fd00::fe', mac });

  it('from another MAC mark a move, from the same one nothing', () => {
    expect(marksOf(advertised(A), advertised(A), advertised(B)).map((m) => [m.frame, m.text])).toEqual([
      [3, 'fd00::fe moved from 02:00:00:00:00:0a to 02:00:00:00:00:0b'],
    ]);
  });

  it('are not solicitations, which name what they ask for', () => {
    const asked = (mac: string) => buildNeighbour({ operation: 1, target: 'fd00::fe', mac });
    expect(marksOf(asked(A), asked(B))).toEqual([]);
  });
});

describe('VRRP', () => {
  const from = (source: string, fields: VrrpFrame = {}) => buildVrrp({ source, ...fields });

  it('from another master is a mark, with its group and priority', () => {
    const found = marksOf(from('10.0.0.3'), from('10.0.0.3'), from('10.0.0.4', { priority: 90 }));
    expect(found).toEqual([
      {
        kind: 'vrrp-master',
        time: 3e9,
        frame: 3,
        text: 'VRRP group 1: 10.0.0.4 advertises (priority 90), before 10.0.0.3',
        strong: true,
        flow: null,
      },
    ]);
  });

  it('keeps groups apart, and IPv4 from IPv6', () => {
    expect(marksOf(from('10.0.0.3'), from('10.0.0.4', { id: 2 }), from('fe80::4'))).toEqual([]);
  });
});

describe('a flow whose peer changes', () => {
  const marked = (fields: { sourceMac?: string; ttl?: number; flags?: string }) => {
    const talk = new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.02, { payload: 500 });
    talk.server(2, { payload: 500, ...fields }).server(3, { payload: 500, ...fields });
    return watch([talk]).marks.found.map((m) => [m.kind, m.strong, m.frame, m.text]);
  };

  it('MAC is a strong mark, once', () => {
    expect(marked({ sourceMac: B })).toEqual([
      [
        'mac-changed',
        true,
        6,
        'frames of 10.0.0.2 come from 02:00:00:00:00:0b, before from 02:00:00:00:00:0a',
      ],
    ]);
  });

  it('TTL is a weak one', () => {
    expect(marked({ ttl: 62 })).toEqual([
      ['ttl-changed', false, 6, 'segments of 10.0.0.2 arrive with TTL 62, before with 63'],
    ]);
  });

  it('only for an RST is none: another machine may have made it', () => {
    expect(marked({ ttl: 64, sourceMac: B, flags: 'RST' })).toEqual([]);
  });

  it('is told once for a hundred flows', () => {
    const talks = [0, 1, 2].map((i) => {
      const talk = new Talk({ client: `10.0.0.1 ${40000 + i}` }).handshake(i / 10);
      return talk.client(1, { payload: HTTP_GET }).server(2 + i / 10, { payload: 500, sourceMac: B });
    });
    expect(watch(talks).marks.found.map((m) => m.kind)).toEqual(['mac-changed']);
  });
});

describe('Marks', () => {
  it('keeps no more than 256', () => {
    const frames = Array.from({ length: 400 }, (_, i) => gratuitous(i % 2 === 0 ? A : B));
    expect(marksOf(...frames).length).toBe(256);
  });
});
