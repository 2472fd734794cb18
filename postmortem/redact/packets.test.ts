/** What is kept of a packet, layer by layer; what is not understood is cut; checksums fit what is left. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMac, parseAddress, parseMac } from '../../packet/address.ts';
import { LinkType } from '../../packet/link-type.ts';
import {
  buildArp,
  buildIcmp,
  buildNeighbour,
  buildTcp,
  buildUdp,
  buildVrrp,
  recordOf,
} from '../../packet/wire/build.ts';
import { concat, viewOf } from '../../packet/wire/bytes.ts';
import { dissectFrame } from '../../packet/wire/dissect.ts';
import { packetRedaction } from './packets.ts';
import { Redaction } from './redaction.ts';

const SECRET = 'a secret that nobody may see';

interface Shown {
  readonly bytes: Uint8Array;
  readonly redaction: Redaction;
  /** `layer field=value` of each field. */
  readonly fields: string[];
}

function redact(frame: Uint8Array, linkType: number = LinkType.Ethernet): Shown {
  const redaction = new Redaction();
  redaction.addresses.learn(parseAddress('10.0.0.1')!, 'client');
  redaction.addresses.learn(parseAddress('10.0.0.2')!, 'server');
  const before = frame.slice();
  const bytes = packetRedaction(redaction)(linkType, frame, frame.length, frame.length);
  expect(frame, 'what is given is not changed').toEqual(before);
  expect(bytes.length).toBeLessThanOrEqual(frame.length);
  expect(Buffer.from(bytes).includes(SECRET.slice(0, 4))).toBe(false);
  const layers = dissectFrame(recordOf(bytes, { linkType, originalLength: frame.length }));
  const fields = layers.flatMap((one) => one.fields.map((f) => `${one.name} ${f.name}=${f.value}`));
  return { bytes, redaction, fields };
}

/** The same frame as the writers make it from what stands for its addresses: with their checksums. */
const ENDS = { source: '192.0.2.1', destination: '198.51.100.1' };
const MACS = { sourceMac: '0a:00:5e:00:00:02', destinationMac: '0a:00:5e:00:00:01' };

describe('TCP', () => {
  const options = { mss: 1400, sackPermitted: true, timestamps: { value: 7, echo: 8 }, windowScale: 9 };
  const syn = { flags: 'SYN', seq: 77, options };

  test('without payload, every byte is what a writer would have written, checksums too', () => {
    for (const more of [{}, { vlans: [7, 8] }, { link: 'raw' as const }, { snap: true }]) {
      const linkType = 'link' in more ? LinkType.Raw : LinkType.Ethernet;
      expect(redact(buildTcp({ ...syn, ...more }), linkType).bytes).toEqual(
        buildTcp({ ...syn, ...more, ...ENDS, ...MACS }),
      );
    }
    expect(redact(buildTcp({ ...syn, link: 'sll2' }), LinkType.LinuxSll2).bytes).toEqual(
      buildTcp({ ...syn, ...ENDS, link: 'sll2', sourceMac: '0a:00:5e:00:00:01' }),
    );
  });

  test('its payload is cut, and its checksum counts zeros in its place', () => {
    const whole = buildTcp({ ...ENDS, ...MACS, payload: SECRET.length });
    const { bytes } = redact(buildTcp({ payload: SECRET }));
    expect(bytes).toEqual(whole.subarray(0, whole.length - SECRET.length));
  });

  test('options that findings are not made of become NOPs', () => {
    const frame = buildTcp({ options: { timestamps: { value: 7, echo: 8 }, sack: [{ left: 5, right: 9 }] } });
    // In place of the SACK blocks: an MPTCP address; the length is that of the option that was there.
    frame[14 + 20 + 20 + 14] = 30;
    const { bytes, fields } = redact(frame);
    expect(bytes.subarray(14 + 20 + 20 + 12)).toEqual(new Uint8Array(12).fill(1));
    expect(fields.join('\n')).toContain('7');
  });

  test('a header that was captured in part is kept as far as its fields are known', () => {
    const frame = buildTcp({ seq: 0x01020304 });
    expect(redact(frame.subarray(0, 14 + 20 + 8)).bytes).toEqual(
      buildTcp({ ...ENDS, ...MACS, seq: 0x01020304 }).subarray(0, 14 + 20 + 8),
    );
  });
});

test('IPv4 options become nothing', () => {
  const frame = buildTcp({ link: 'raw' });
  const route = Uint8Array.of(7, 7, 4, 10, 0, 0, 9, 0);
  const head = concat(frame.subarray(0, 20), route);
  head[0] = 0x47;
  viewOf(head).setUint16(2, frame.length + route.length);
  const { bytes, fields } = redact(concat(head, frame.subarray(20)), LinkType.Raw);
  expect(bytes.subarray(20, 28)).toEqual(new Uint8Array(8).fill(1));
  expect(fields).toContain('TCP Destination port=80');
});

test('UDP: a checksum of none stays none, and one that sums up to 0 is told from it', () => {
  expect(redact(buildUdp({ payload: SECRET })).bytes).toEqual(
    buildUdp({ ...ENDS, ...MACS, payload: SECRET.length }).subarray(0, 42),
  );
  const none = buildUdp({ payload: SECRET });
  viewOf(none).setUint16(40, 0);
  expect(viewOf(redact(none).bytes).getUint16(40)).toBe(0);
});

test('an ICMP error keeps the quoted header, mapped alike, and nothing behind', () => {
  const quoted = { link: 'raw' as const, sourcePort: 4000, seq: 99 };
  const error = { type: 3, code: 4, mtu: 1300 };
  const { bytes } = redact(buildIcmp({ ...error, body: buildTcp({ ...quoted, payload: SECRET }) }));
  const expected = buildIcmp({
    ...error,
    ...ENDS,
    ...MACS,
    body: buildTcp({ ...quoted, ...ENDS, payload: SECRET.length }),
  });
  expect(bytes).toEqual(expected.subarray(0, expected.length - SECRET.length));
  const echo = buildIcmp({ type: 8, body: SECRET });
  expect(redact(echo).bytes.length).toBe(42);
});

test('ARP and neighbour discovery map both addresses and both MACs, as in the frame', () => {
  const arp = redact(
    buildArp({
      operation: 2,
      sourceMac: '02:00:00:00:00:01',
      senderAddress: '10.0.0.1',
      targetAddress: '10.0.0.2',
      padTo: 60,
    }),
  );
  expect(arp.bytes).toEqual(
    buildArp({
      operation: 2,
      sourceMac: '0a:00:5e:00:00:01',
      senderAddress: ENDS.source,
      targetAddress: ENDS.destination,
    }),
  );
  const { bytes, redaction } = redact(
    buildNeighbour({
      operation: 1,
      source: 'fd00::1',
      target: 'fd00::aa:bbcc',
      destination: 'ff02::1:ffaa:bbcc',
      destinationMac: '33:33:ff:aa:bb:cc',
    }),
  );
  const made = (text: string): string => redaction.text(text);
  expect(bytes).toEqual(
    buildNeighbour({
      operation: 1,
      source: made('fd00::1'),
      target: made('fd00::aa:bbcc'),
      destination: made('ff02::1:ffaa:bbcc'),
      sourceMac: made('02:00:00:00:00:01'),
      destinationMac: made('33:33:ff:aa:bb:cc'),
    }),
  );
});

test('the MAC of a group is made of the group that stands for it', () => {
  const { bytes, redaction } = redact(
    buildUdp({ destination: '239.9.8.7', destinationMac: '01:00:5e:09:08:07' }),
  );
  const [, b = 0, c = 0, d = 0] = redaction.text('239.9.8.7').split('.').map(Number);
  const made = formatMac(Number(parseMac('01:00:5e:00:00:00')) + (b & 127) * 65536 + c * 256 + d);
  expect(formatMac(viewOf(bytes).getUint16(0) * 2 ** 32 + viewOf(bytes).getUint32(2))).toBe(made);
});

test('VRRP keeps its priority, maps its addresses, and loses its password', () => {
  const frame = buildVrrp({ version: 2, addresses: ['10.0.0.2'], priority: 101 });
  frame.set(new TextEncoder().encode(SECRET.slice(0, 8)), frame.length - 8);
  const { bytes, redaction } = redact(frame);
  const written = buildVrrp({
    version: 2,
    addresses: [redaction.text('10.0.0.2')],
    priority: 101,
    source: redaction.text('10.0.0.1'),
    ...MACS,
  });
  expect(bytes).toEqual(written.subarray(0, written.length - 8));
});

test('tunnels: addresses inside are mapped too, options become zeros; what is not rewritten is cut', () => {
  for (const type of ['vxlan', 'geneve', 'gre', 'ipip'] as const) {
    const { fields } = redact(buildTcp({ tunnels: [{ type, source: '10.9.9.9' }], payload: SECRET }));
    expect(fields.filter((f) => f.includes('198.51.100.1')).length, type).toBe(1);
    expect(fields.join(' '), type).not.toContain('10.9.9.9');
    expect(fields, type).toContain('TCP Destination port=80');
  }
  const options = new TextEncoder().encode(SECRET);
  redact(buildTcp({ tunnels: [{ type: 'geneve', options }] }));
  expect(redact(buildTcp({ tunnels: [{ type: 'erspan3' }] })).bytes.length).toBe(34);
});

describe('extension headers', () => {
  test('keep their length only', () => {
    const { bytes, fields } = redact(
      buildTcp({ source: 'fd00::1', extensions: ['hop-by-hop', 'routing', 'authentication'] }),
    );
    expect(fields).toContain('TCP Destination port=80');
    expect(bytes.subarray(14 + 40 + 2, 14 + 40 + 16)).toEqual(new Uint8Array(14));
  });
});

test('what is not understood is cut', () => {
  const marked = new TextEncoder().encode(SECRET);
  for (const linkType of [LinkType.Ethernet, LinkType.Raw, LinkType.Null, 147])
    expect(redact(marked, linkType).bytes.length, String(linkType)).toBe(
      linkType === LinkType.Ethernet ? 14 : 0,
    );
});

test('any bytes are fine, and the same bytes give the same', () => {
  const link = fc.constantFrom<number>(...Object.values(LinkType));
  const base = buildIcmp({ type: 5, body: buildTcp({ link: 'raw', payload: SECRET }) });
  const changed = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 6 }).map((all) => {
    const bytes = base.slice();
    for (const [at, byte] of all) bytes[at] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(link, fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (linkType, bytes) => {
      const once = packetRedaction(new Redaction())(linkType, bytes, bytes.length, 1500);
      expect(once.length).toBeLessThanOrEqual(bytes.length);
      expect(packetRedaction(new Redaction())(linkType, bytes, bytes.length, 1500)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});
