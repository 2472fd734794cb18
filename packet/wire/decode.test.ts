// Properties that hold for any bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../file/record.ts';
import { LinkType } from '../link-type.ts';
import { buildArp, buildIcmp, buildNeighbour, buildTcp, buildUdp, buildVrrp, recordOf } from './build.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind } from './frame.ts';
import { sackBlocks } from './tcp.ts';

const quoted = buildTcp({ link: 'raw' });
const SACK = { timestamps: { value: 1, echo: 2 }, sack: [{ left: 1, right: 2 }] };
/** One of everything; all over Ethernet. */
const SAMPLES: [string, Uint8Array][] = [
  ['TCP', buildTcp({ payload: 30, options: { timestamps: { value: 1, echo: 2 } } })],
  ['TCP with SACK', buildTcp({ options: SACK, vlans: [1, 2] })],
  [
    'TCP over IPv6',
    buildTcp({ source: 'fd00::1', extensions: ['hop-by-hop', 'authentication'], payload: 9 }),
  ],
  ['fragment', buildTcp({ payload: 30, fragment: { offset: 0, length: 40 } })],
  ['UDP', buildUdp({ payload: 30 })],
  ['ARP', buildArp({ senderAddress: '10.0.0.1' })],
  ['ICMP', buildIcmp({ type: 3, code: 4, mtu: 1280, body: quoted })],
  ['neighbour', buildNeighbour({ target: 'fd00::1' })],
  ['VRRP', buildVrrp()],
  ['SNAP', buildTcp({ snap: true, payload: 30 })],
  ['MPLS', buildTcp({ mpls: [1, 2], payload: 30 })],
  ['PPPoE', buildTcp({ pppoe: 1, payload: 30 })],
  [
    'tunnels',
    buildTcp({ tunnels: [{ type: 'gre', key: 1 }, { type: 'vxlan' }, { type: 'geneve' }], payload: 9 }),
  ],
  ['ERSPAN', buildTcp({ tunnels: [{ type: 'erspan3' }, { type: 'ipip' }], payload: 9 })],
];

/** What `frame.ts` promises, whatever the bytes were. */
function expectSound(frame: Frame, record: PacketRecord): void {
  const end = record.offset + record.capturedLength;
  expect(frame.payloadLength).toBeGreaterThanOrEqual(0);
  expect(frame.capturedPayload).toBeGreaterThanOrEqual(0);
  expect(frame.capturedPayload).toBeLessThanOrEqual(frame.payloadLength);
  expect(frame.payloadOffset + frame.capturedPayload).toBeLessThanOrEqual(end);
  expect(frame.ipLength).toBeGreaterThanOrEqual(0);
  expect(frame.tunnelDepth).toBeLessThanOrEqual(4);
  if (frame.sackBlockCount > 0) expect(frame.sackOffset + 8 * frame.sackBlockCount).toBeLessThanOrEqual(end);
  expect(sackBlocks(frame)).toHaveLength(frame.sackBlockCount);
  if (frame.kind !== FrameKind.Tcp && frame.kind !== FrameKind.Udp) {
    expect([frame.sourcePort, frame.destinationPort, frame.payloadLength]).toEqual([0, 0, 0]);
  }
}

/** Any bytes, or a good frame with a few bytes changed. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(
      fc.constantFrom(...SAMPLES.map(([, bytes]) => bytes)),
      fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 4 }),
    )
    .map(([sample, changes]) => {
      const bytes = sample.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    }),
);
const anyLink = fc.oneof(
  fc.constant<number>(LinkType.Ethernet),
  fc.constantFrom<number>(...Object.values(LinkType)),
);

describe('any bytes', () => {
  test('do not throw and leave a sound frame, equal to one in a fresh `Frame`', () => {
    const used = new Frame();
    fc.assert(
      fc.property(anyBytes, anyLink, fc.nat(70000), (bytes, linkType, originalLength) => {
        const record = recordOf(bytes, { linkType, originalLength });
        decodeFrame(record, used);
        expectSound(used, record);
        const fresh = new Frame();
        decodeFrame(record, fresh);
        expect(used).toEqual(fresh);
      }),
      { numRuns: 3000 },
    );
  });

  test('are read only inside the record', () => {
    fc.assert(
      fc.property(anyBytes, anyLink, fc.uint8Array({ maxLength: 99 }), (bytes, linkType, after) => {
        const longer = new Uint8Array(7 + bytes.length + after.length);
        longer.set(bytes, 7);
        longer.set(after, 7 + bytes.length);
        const [alone, inside] = [new Frame(), new Frame()];
        decodeFrame(recordOf(bytes, { linkType, originalLength: 5000 }), alone);
        const capturedLength = bytes.length;
        decodeFrame(recordOf(longer, { linkType, offset: 7, capturedLength, originalLength: 5000 }), inside);
        const { view: _, payloadOffset, sackOffset, ...fields } = inside;
        expect(alone).toMatchObject(fields);
        expect(payloadOffset).toBe(alone.payloadOffset === 0 ? 0 : alone.payloadOffset + 7);
        expect(sackOffset).toBe(alone.sackOffset === 0 ? 0 : alone.sackOffset + 7);
      }),
      { numRuns: 1000 },
    );
  });

  test('a record that claims more than its view holds', () => {
    const bytes = buildTcp({ payload: 30 });
    const frame = new Frame();
    decodeFrame(recordOf(bytes, { capturedLength: 9999 }), frame);
    expect(frame).toMatchObject({ kind: FrameKind.Tcp, payloadLength: 30 });
    decodeFrame(recordOf(bytes, { offset: 9999 }), frame);
    expect(frame.kind).toBe(FrameKind.Other);
  });
});

describe.each(SAMPLES)('%s cut anywhere', (_, bytes) => {
  test('never invents', () => {
    const whole = new Frame();
    decodeFrame(recordOf(bytes), whole);
    expect(whole.kind).not.toBe(FrameKind.Other);
    const frame = new Frame();
    for (let length = 0; length <= bytes.length; length++) {
      const record = recordOf(bytes.slice(0, length), { originalLength: bytes.length });
      decodeFrame(record, frame);
      expectSound(frame, record);
      if (frame.kind !== whole.kind || frame.tunnelDepth !== whole.tunnelDepth) continue;
      expect([frame.sourcePort, frame.destinationPort]).toEqual([whole.sourcePort, whole.destinationPort]);
      expect(frame.payloadLength).toBe(whole.payloadLength);
    }
    expect(frame).toEqual(whole);
  });
});
