import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../../packet/wire/build.ts';
import { decodeFrame } from '../../../packet/wire/decode.ts';
import { Frame, TcpFlag } from '../../../packet/wire/frame.ts';
import { legsOf } from './legs.ts';
import { probeNumber, probePacket } from './probe.ts';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** RFC 9293, section 3.10.7.4, for a segment without data. */
const isAcceptable = (seq: number, next: number, window: number): boolean =>
  window === 0 ? seq === next : (seq - next) >>> 0 < window;

describe('the numbers of probes', () => {
  it('two attempts in a row are never both inside a window, wherever it stands', () => {
    fc.assert(
      fc.property(
        u32,
        u32,
        fc.integer({ min: 0, max: 2 ** 30 }),
        fc.nat(5),
        (first, next, window, attempt) => {
          const inside = [attempt, attempt + 1].map((i) => isAcceptable(probeNumber(first, i), next, window));
          return !(inside[0] && inside[1]);
        },
      ),
    );
  });

  it('at the edges of the widest window too', () => {
    const window = 2 ** 30;
    for (const next of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      for (const offset of [0, 1, window - 1, window]) {
        const first = (next + offset) >>> 0;
        const inside = [0, 1].filter((i) => isAcceptable(probeNumber(first, i), next, window));
        expect(inside.length, `${next} ${offset}`).toBe(offset < window ? 1 : 0);
      }
    }
  });
});

describe('a probe', () => {
  it.each([
    ['10.0.1.10', '10.0.2.10'],
    ['fd00::10', 'fd00::20'],
  ])('is a bare acknowledgment in the other end\u2019s name: %s', (client, server) => {
    const [leg] = legsOf([
      { client: { address: client, port: 4000 }, server: { address: server, port: 80 } },
    ]);
    const frame = new Frame();
    const packet = probePacket(leg!, 0xffff_fff0);
    decodeFrame(recordOf(packet, { link: 'raw' }), frame);
    expect(frame).toMatchObject({
      sourcePort: 80,
      destinationPort: 4000,
      seq: 0xffff_fff0,
      flags: TcpFlag.Ack,
      payloadLength: 0,
      headerLength: 20,
      hasTimestamps: false,
    });
  });
});

describe('the ends of lost connections', () => {
  const client = { address: 'fd00::10', port: 4000 };
  const server = { address: 'fd00::20', port: 443 };
  const tuple = '[fd00::10]:4000-[fd00::20]:443';

  it('are both, in each other\u2019s name', () => {
    expect(legsOf([{ client, server }])).toEqual([
      { end: client, inNameOf: server, toward: 'client', tuple },
      { end: server, inNameOf: client, toward: 'server', tuple },
    ]);
  });

  it('know a translated or relayed connection by its own addresses', () => {
    const outside = { client: { address: 'fd00::1', port: 31_000 }, server };
    expect(legsOf([{ client, server, outside }])[1]).toEqual({
      end: server,
      inNameOf: outside.client,
      toward: 'server',
      tuple,
    });
  });

  it('are told once, however often a connection is named', () => {
    expect(
      legsOf([
        { client, server },
        { client, server, outside: { client, server } },
      ]),
    ).toHaveLength(2);
    const spelt = { ...client, address: 'FD00:0:0::0010' };
    expect(
      legsOf([
        { client, server },
        { client: spelt, server },
      ]),
    ).toHaveLength(2);
    expect(legsOf([])).toEqual([]);
  });
});
