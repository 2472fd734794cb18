// Field by field against tshark: all client captures and cooked node captures of
// the fixtures, and built frames of every kind, whole and cut at every length.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { mergeCaptures, UNCHANGED } from '../../test/merge-captures.ts';
import { formatAddress } from '../address.ts';
import type { PacketRecord } from '../file/record.ts';
import type { LinkName, TcpFrame, Tunnel } from './build.ts';
import { buildArp, buildIcmp, buildTcp, buildUdp, buildVrrp, recordOf } from './build.ts';
import { decodeFrame } from './decode.ts';
import { Frame, FrameKind } from './frame.ts';

const FIELDS = [
  'frame.number',
  'icmp.type',
  'icmpv6.type',
  'tcp.stream',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'ip.ttl',
  'ip.id',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.len',
  'tcp.window_size_value',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
] as const;
type Field = (typeof FIELDS)[number];

// Fragments one by one; and port 8472, which tshark does not take for VXLAN unless told.
const SETTINGS = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', '-d', 'udp.port==8472,vxlan'];

const tsharkIsMissing = spawnSync('tshark', ['--version']).status !== 0;
const folder = mkdtempSync(join(tmpdir(), 'stallscope-wire-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A line a frame, the last value of each field: that of the innermost header. */
function tshark(file: string): string[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const args = ['-n', '-r', file, ...SETTINGS, '-T', 'fields', '-E', 'occurrence=l', ...fields];
  const out = execFileSync('tshark', args, { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
  return out.toString().split('\n').slice(0, -1);
}

function valuesOf(line: string): Record<Field, string> {
  const values = line.split('\t');
  return Object.fromEntries(FIELDS.map((field, index) => [field, values[index]])) as Record<Field, string>;
}

/** Where we differ from what tshark says of a frame: `field: ours, theirs`. */
function differences(frame: Frame, theirs: Record<Field, string>): string[] {
  const isQuote = theirs['icmp.type'] !== '' || theirs['icmpv6.type'] !== '';
  const isTcp = theirs['tcp.stream'] !== '' && !isQuote;
  if (isTcp !== (frame.kind === FrameKind.Tcp)) return [`TCP: ${frame.kind}, ${isTcp}`];
  if (!isTcp) return [];
  const version = frame.ipVersion === 4 ? 4 : 6;
  const ip = version === 4 ? 'ip' : 'ipv6';
  const ours: Partial<Record<Field, string | number>> = {
    'frame.number': frame.number,
    [`${ip}.src`]: formatAddress(frame.address, 0, version),
    [`${ip}.dst`]: formatAddress(frame.address, 4, version),
    'tcp.srcport': frame.sourcePort,
    'tcp.dstport': frame.destinationPort,
    'tcp.seq_raw': frame.seq,
    'tcp.ack_raw': frame.ack,
    'tcp.flags': frame.flags,
    'tcp.window_size_value': frame.window,
  };
  if (version === 4) Object.assign(ours, { 'ip.ttl': frame.ttl, 'ip.id': frame.ipId });
  // tshark tells no length of a fragment's segment.
  if (!frame.isFragment) ours['tcp.len'] = frame.payloadLength;
  // Half a timestamp option, cut by the capture, is half told by tshark and not at all by us.
  if (frame.hasTimestamps || !frame.tcpHeaderCut) {
    ours['tcp.options.timestamp.tsval'] = frame.hasTimestamps ? frame.tsVal : '';
    ours['tcp.options.timestamp.tsecr'] = frame.hasTimestamps ? frame.tsEcr : '';
  }
  return Object.entries(ours).flatMap(([field, our]) => {
    const their = theirs[field as Field];
    const same = typeof our === 'number' ? their !== '' && Number(their) === our : their === our;
    return same ? [] : [`${field}: ${our}, ${their}`];
  });
}

/** Decodes all records and compares; returns the first few differences. */
function compare(file: string, records: Iterable<PacketRecord>): string[] {
  const theirs = tshark(file);
  const frame = new Frame();
  const wrong: string[] = [];
  let frames = 0;
  for (const record of records) {
    decodeFrame(record, frame);
    const found = differences(frame, valuesOf(theirs[frames++] ?? ''));
    if (found.length > 0) wrong.push(`frame ${frames}: ${found.join('; ')}`);
  }
  expect(theirs).toHaveLength(frames);
  return wrong.slice(0, 5);
}

/** The records of a pcap file, one at a time in the same object. */
function* walk(bytes: Uint8Array): Generator<PacketRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = [0xa1b2c3d4, 0xa1b23c4d].includes(view.getUint32(0, true));
  const record = recordOf(bytes, { linkType: view.getUint32(20, little) & 0xffff, frame: 0, view });
  for (let at = 24; at < bytes.length; at += 16 + record.capturedLength) {
    record.frame++;
    record.offset = at + 16;
    record.capturedLength = view.getUint32(at + 8, little);
    record.originalLength = view.getUint32(at + 12, little);
    yield record;
  }
}

function writePcap(name: string, records: PacketRecord[]): string {
  const head = Buffer.alloc(24);
  for (const [index, word] of [0xa1b2c3d4, 0x00040002, 0, 0, 262144, records[0]!.linkType].entries()) {
    head.writeUInt32LE(word, 4 * index);
  }
  const parts = records.flatMap((record) => {
    const { view, offset, capturedLength, originalLength } = record;
    const lengths = Buffer.alloc(16);
    lengths.writeUInt32LE(record.frame, 0);
    lengths.writeUInt32LE(capturedLength, 8);
    lengths.writeUInt32LE(originalLength, 12);
    return [lengths, Buffer.from(view.buffer, view.byteOffset + offset, capturedLength)];
  });
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat([head, ...parts]));
  return file;
}

const OPTIONS = { timestamps: { value: 0xf0000001, echo: 7 } };
const TUNNELS: Tunnel[] = [
  { type: 'vxlan' },
  { type: 'vxlan', port: 8472 },
  { type: 'geneve' },
  { type: 'geneve', ethernet: true, options: new Uint8Array(8) },
  { type: 'gre' },
  { type: 'gre', ethernet: true, key: 5 },
  { type: 'gre', key: 1, sequence: 2, checksum: true },
  { type: 'erspan2' },
  { type: 'erspan3' },
  { type: 'ipip' },
];

/** Built frames of every kind that Ethernet carries. */
function overEthernet(): Uint8Array[] {
  const common: TcpFrame = { payload: 37, seq: 0x90000001, ack: 0x80000002, ipId: 77, options: OPTIONS };
  const sack = [{ left: 1, right: 2 }];
  const variants: TcpFrame[] = [
    {},
    { padTo: 120 },
    { vlans: [5] },
    { vlans: [{ id: 7, type: 0x88a8 }, 9] },
    { vlans: [{ id: 7, type: 0x9100 }, 9] },
    { snap: true, vlans: [3] },
    { mpls: [100, 200] },
    { pppoe: 7 },
    { fragment: { offset: 0, length: 40 } },
    { fragment: { offset: 40, length: 400 } },
    { flags: 'SYN', payload: 0, options: { ...OPTIONS, mss: 1460, sackPermitted: true, windowScale: 7 } },
    { flags: 'AE CWR ECE URG FIN', options: { sack } },
    ...TUNNELS.map((tunnel) => ({ tunnels: [tunnel] })),
    ...TUNNELS.map((tunnel) => ({ tunnels: [{ ...tunnel, source: '2001:db8:9::1' }] })),
    { tunnels: TUNNELS.slice(0, 4) },
    { tunnels: TUNNELS.slice(6) },
  ];
  const sixes: TcpFrame[] = [
    { extensions: ['hop-by-hop', 'destination-options', 'routing', 'authentication'] },
    { fragment: { offset: 0, length: 400 } },
  ];
  const v6 = { source: '2001:db8::1', destination: '::ffff:10.0.0.1' };
  return [
    ...variants.map((variant) => buildTcp({ ...common, ...variant })),
    ...[...variants, ...sixes].map((variant) => buildTcp({ ...common, ...v6, ...variant })),
    buildTcp({ ...common, ipLength: 0 }),
    buildUdp({ payload: 20 }),
    buildArp({ senderAddress: '10.0.0.1' }),
    buildVrrp(),
    buildIcmp({ type: 3, code: 4, mtu: 1280, body: buildTcp({ link: 'raw' }) }),
  ];
}

describe.skipIf(tsharkIsMissing)('as tshark (skipped where tshark is not installed)', () => {
  const captures = new URL('../../test/fixtures/captures/', import.meta.url).pathname;
  const files = readdirSync(captures, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(client|node-[ab])\.pcap\.gz$/.test(file))
    .sort();

  // tshark takes longer to start than to read one of them.
  const read = files.map((name) => ({ name, bytes: gunzipSync(readFileSync(join(captures, name))) }));
  const merged = mergeCaptures(read, UNCHANGED).map((all, i) => ({ ...all, name: `captures${i}.pcap` }));
  test('there are captures', () => expect(files.length).toBeGreaterThan(50));
  test.each(merged.map((all) => ({ ...all, last: all.parts.at(-1)?.name })))(
    '$parts.0.name … $last',
    { timeout: 240_000 },
    ({ name, bytes, parts }) => {
      const file = join(folder, name);
      writeFileSync(file, bytes);
      const first = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.frames, 0));
      const found = compare(file, walk(bytes));
      expect(
        found,
        `captures begin behind frame ${parts.map((part, i) => `${first[i]}: ${part.name}`).join(', ')}`,
      ).toEqual([]);
    },
  );

  const links: LinkName[] = ['sll', 'sll2', 'null', 'null-swapped', 'loop', 'raw'];
  test.each(links)('built frames over %s, cut at every length', (link) => {
    const ends = [{}, { source: '2001:db8::1' }];
    const bytes = ends.map((end) => buildTcp({ ...end, link, payload: 30, options: OPTIONS }));
    const records = cutEverywhere(bytes, link);
    expect(compare(writePcap(`${link}.pcap`, records), records)).toEqual([]);
  });

  test('built frames over Ethernet, cut at every length', { timeout: 120_000 }, () => {
    const records = cutEverywhere(overEthernet(), 'ethernet');
    expect(records.length).toBeGreaterThan(5000);
    expect(compare(writePcap('ethernet.pcap', records), records)).toEqual([]);
  });
});

function cutEverywhere(frames: Uint8Array[], link: LinkName): PacketRecord[] {
  let frame = 0;
  return frames.flatMap((bytes) =>
    Array.from({ length: bytes.length }, (_, cut) =>
      recordOf(bytes, { link, frame: ++frame, capturedLength: cut + 1 }),
    ),
  );
}
