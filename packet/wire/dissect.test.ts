import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildArp, buildIcmp, buildTcp, buildUdp, buildVrrp, recordOf, type TcpFrame } from './build.ts';
import { payloadBytes } from './bytes.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { dissectFrame } from './dissect.ts';
import { CUT } from './field-reader.ts';

const dissected = (bytes: Uint8Array, cut = bytes.length): DecodedLayer[] =>
  dissectFrame(recordOf(bytes.slice(0, cut), { originalLength: bytes.length }));

const names = (layers: readonly DecodedLayer[]): string[] => layers.map((l) => l.name);

/** Fields of a layer as an object. */
function layer(layers: readonly DecodedLayer[], name: string): Record<string, string> {
  const found = layers.find((l) => l.name === name);
  if (found === undefined) throw new Error(`no ${name} in ${names(layers).join(', ')}`);
  return Object.fromEntries(found.fields.map((f) => [f.name, f.value]));
}

describe('a TCP segment', () => {
  const layers = dissected(
    buildTcp({
      source: '10.0.0.1',
      destination: '10.0.0.2',
      sourcePort: 40000,
      destinationPort: 80,
      seq: 4_000_000_000,
      ack: 7,
      flags: 'PSH ACK',
      window: 502,
      ttl: 63,
      ipId: 4660,
      sourceMac: '02:00:00:00:00:01',
      options: { timestamps: { value: 11, echo: 12 }, sack: [{ left: 4_294_967_290, right: 4 }] },
      payload: 'GET / HTTP/1.1\r\n\u001b[2J\u00e9',
    }),
  );

  it('is shown layer by layer', () => {
    expect(names(layers)).toEqual(['Ethernet', 'IPv4', 'TCP', 'Payload']);
    expect(layer(layers, 'Ethernet')).toMatchObject({ Source: '02:00:00:00:00:01', Type: '0x0800 (IPv4)' });
    expect(layer(layers, 'IPv4')).toMatchObject({
      TTL: '63',
      Identification: '0x1234 (4660)',
      Flags: "don't fragment",
      DSCP: '0',
      ECN: '0 (not capable)',
      Protocol: '6 (TCP)',
      Source: '10.0.0.1',
      Destination: '10.0.0.2',
    });
    expect(layer(layers, 'TCP')).toMatchObject({
      'Sequence number': '4000000000',
      'Acknowledgement number': '7',
      Flags: '0x018 (PSH ACK)',
      Window: '502 (not scaled)',
      'Timestamp value': '11',
      'Timestamp echo': '12',
      'SACK block 1': '4294967290 to 4 (10 B)',
    });
  });

  it('shows its payload with everything escaped that a terminal would act on', () => {
    const payload = layer(layers, 'Payload') as { Text?: string; Bytes?: string; Length?: string };
    expect(payload.Text).toBe('GET / HTTP/1.1\\r\\n\\x1b[2J\\xc3\\xa9');
    expect(payload.Bytes?.startsWith('47 45 54 20')).toBe(true);
    expect(payload.Length).toBe('22 B');
  });

  it('shows what a SYN offers', () => {
    const options = { mss: 1460, windowScale: 7, sackPermitted: true };
    expect(layer(dissected(buildTcp({ flags: 'SYN', options })), 'TCP')).toMatchObject({
      MSS: '1,460 B',
      'Window scale': '7 (times 128)',
      'SACK permitted': 'yes',
    });
  });

  it('cut by the snap length shows what is there, and says so once a layer', () => {
    const bytes = buildTcp({ seq: 5, payload: 100, options: { timestamps: { value: 1, echo: 2 } } });
    const tcp = layer(dissected(bytes, 14 + 20 + 10), 'TCP');
    expect(tcp).toMatchObject({ 'Sequence number': '5', 'Acknowledgement number': CUT });
    expect(Object.values(tcp).filter((v) => v === CUT).length).toBe(1);
    expect(layer(dissected(bytes, 14 + 20 + 24), 'TCP')).toMatchObject({
      Options: CUT,
      'Payload length': '100 B',
    });
    expect(layer(dissected(bytes, 14 + 20 + 32 + 40), 'Payload')).toMatchObject({
      Length: '100 B',
      Captured: `40 B, then ${CUT}`,
    });
    expect(layer(dissected(bytes, 14 + 20 + 32), 'Payload')).toMatchObject({
      Length: '100 B',
      Captured: CUT,
    });
  });

  it('padding of a short frame is no payload', () => {
    const bytes = buildTcp({});
    const padded = new Uint8Array(60);
    padded.set(bytes);
    expect(names(dissected(padded))).toEqual(['Ethernet', 'IPv4', 'TCP', 'Trailer']);
  });
});

it.each<[string, TcpFrame, string[]]>([
  ['IPv6', { source: 'fd00::1' }, ['Ethernet', 'IPv6', 'TCP']],
  ['a cooked capture', { link: 'sll' }, ['Linux cooked', 'IPv4', 'TCP']],
  ['a cooked capture, version 2', { link: 'sll2' }, ['Linux cooked v2', 'IPv4', 'TCP']],
  ['BSD loopback', { link: 'null' }, ['Loopback', 'IPv4', 'TCP']],
  ['raw IP', { link: 'raw' }, ['IPv4', 'TCP']],
  [
    'VXLAN',
    { tunnels: [{ type: 'vxlan', network: 77 }] },
    ['Ethernet', 'IPv4', 'UDP', 'VXLAN', 'Ethernet', 'IPv4', 'TCP'],
  ],
  ['GENEVE', { tunnels: [{ type: 'geneve' }] }, ['Ethernet', 'IPv4', 'UDP', 'GENEVE', 'IPv4', 'TCP']],
  ['GRE', { tunnels: [{ type: 'gre', key: 5 }] }, ['Ethernet', 'IPv4', 'GRE', 'IPv4', 'TCP']],
  ['IP in IP', { tunnels: [{ type: 'ipip' }] }, ['Ethernet', 'IPv4', 'IPv4', 'TCP']],
  [
    'IPv6 extension headers',
    { source: 'fd00::1', extensions: ['hop-by-hop', 'authentication'] },
    ['Ethernet', 'IPv6', 'IPv6 extension header', 'Authentication header', 'TCP'],
  ],
  ['a later fragment', { fragment: { offset: 24, length: 8 }, payload: 80 }, ['Ethernet', 'IPv4', 'Data']],
])('%s', (_, fields, expected) => {
  const { link = 'ethernet' } = fields;
  expect(names(dissectFrame(recordOf(buildTcp(fields), { link })))).toEqual(expected);
});

describe('what is no TCP', () => {
  it('an ICMP error shows the packet that it quotes', () => {
    const quoted = buildTcp({ link: 'raw', seq: 99, payload: 500, source: '10.9.9.9' }).subarray(0, 28);
    const layers = dissected(buildIcmp({ type: 3, code: 4, mtu: 1280, body: quoted }));
    expect(names(layers)).toEqual(['Ethernet', 'IPv4', 'ICMP', 'Quoted IPv4', 'Quoted TCP']);
    expect(layer(layers, 'ICMP')).toMatchObject({ Code: '4 (fragmentation needed)', 'Next-hop MTU': '1280' });
    expect(layer(layers, 'Quoted IPv4')).toMatchObject({ Source: '10.9.9.9' });
    expect(layer(layers, 'Quoted TCP')).toMatchObject({
      'Sequence number': '99',
      'Acknowledgement number': 'not quoted',
    });
  });

  it('ARP that announces an address says so', () => {
    const layers = dissected(
      buildArp({
        operation: 1,
        senderAddress: '10.0.0.1',
        targetAddress: '10.0.0.1',
        senderMac: '02:00:00:00:00:09',
      }),
    );
    expect(layer(layers, 'ARP')).toMatchObject({
      Operation: '1 (request)',
      'Sender MAC': '02:00:00:00:00:09',
      'Target address': '10.0.0.1',
      Note: 'gratuitous: it announces its own address',
    });
  });

  it('VRRP and UDP', () => {
    expect(layer(dissected(buildVrrp({ id: 51, priority: 0 })), 'VRRP')).toMatchObject({
      'Virtual router': '51',
      Priority: '0 (the master leaves)',
    });
    const udp = dissected(buildUdp({ destinationPort: 53, payload: 'abc' }));
    expect(layer(udp, 'UDP')).toMatchObject({ 'Destination port': '53', Length: '11 B' });
    expect(layer(udp, 'Payload')).toMatchObject({ Text: 'abc' });
  });

  it('a header of another kind than is decoded is shown with its bytes', () => {
    const spanningTree = new Uint8Array(60);
    spanningTree.set([1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 38, 0x42, 0x42, 3]);
    const layers = dissected(spanningTree);
    expect(names(layers)).toEqual(['Ethernet', 'LLC', 'Data', 'Trailer']);
    expect(layer(layers, 'LLC')).toMatchObject({ DSAP: '0x42', Control: '0x03' });
    expect(layer(layers, 'Data')).toMatchObject({ Length: '38 B' });
  });

  it('a link type that nobody decodes is bytes', () => {
    const bytes = payloadBytes('hello');
    expect(dissectFrame(recordOf(bytes, { linkType: 147 }))).toEqual([
      {
        name: 'Data',
        fields: [
          { name: 'Length', value: '5 B' },
          { name: 'Bytes', value: '68 65 6c 6c 6f' },
          { name: 'Text', value: 'hello' },
        ],
      },
    ]);
  });
});

describe('any bytes', () => {
  const frames = [
    buildTcp({ payload: 40, options: { mss: 1460, sack: [{ left: 1, right: 2 }] } }),
    buildTcp({ source: 'fd00::1', extensions: ['routing'], tunnels: [{ type: 'vxlan' }, { type: 'gre' }] }),
    buildTcp({
      link: 'sll2',
      tunnels: [{ type: 'erspan3' }, { type: 'geneve', options: new Uint8Array(8) }],
    }),
    buildIcmp({ type: 3, code: 1, body: buildTcp({ link: 'raw' }) }),
    buildArp({ operation: 2, senderAddress: '10.0.0.1' }),
    buildVrrp({}),
  ];
  const linkTypes = fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 276, 9999);

  it('never throw, and every value is text', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...frames),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 12 }),
        fc.nat(200),
      )
      .map(([frame, changes, cut]) => {
        const bytes = frame.slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes.subarray(0, Math.max(0, bytes.length - cut));
      });
    const any = fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged);
    fc.assert(
      fc.property(any, linkTypes, fc.nat(3000), (bytes, linkType, originalLength) => {
        const layers = dissectFrame(recordOf(bytes, { linkType, originalLength }));
        for (const { name, fields } of layers) {
          expect(name).not.toBe('');
          for (const f of fields) {
            expect(`${f.name}: ${f.value}`).not.toMatch(/undefined|NaN|\[object/);
            expect(f.value).not.toMatch(/\p{Cc}/u);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('a frame cut anywhere shows a part of the whole', () => {
    for (const frame of frames) {
      const whole = names(dissected(frame));
      for (let cut = 0; cut < frame.length; cut++) {
        const part = names(dissected(frame, cut)).filter(
          (n) => n !== 'Data' && n !== 'Payload' && n !== 'Trailer',
        );
        expect(part).toEqual(whole.slice(0, part.length));
      }
    }
  });
});
