/**
 * Every frame of some captures, field by field, against tshark: the values that
 * people are shown are the ones that tshark reads.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createPcapWriter } from '../packet/file/pcap-writer.ts';
import { buildArp, buildIcmp, buildTcp, buildUdp, buildVrrp, type TcpFrame } from '../packet/wire/build.ts';
import { allScenarios, captureBytes } from '../test/scenarios/scenario.ts';
import { detectTshark } from '../test/tshark.ts';
import { createFrameFinder, type DecodedLayer } from './index.ts';
import { epoch } from './test-frames.ts';

/** tshark's field, ours, and how ours reads as tshark's. The innermost layer counts on both sides. */
const FIELDS: readonly { theirs: string; layer: string; ours: string; as?: (value: string) => string }[] = [
  { theirs: 'eth.src', layer: 'Ethernet', ours: 'Source' },
  { theirs: 'eth.dst', layer: 'Ethernet', ours: 'Destination' },
  { theirs: 'vlan.id', layer: 'VLAN', ours: 'VLAN id' },
  { theirs: 'sll.ifindex', layer: 'Linux cooked v2', ours: 'Interface index' },
  { theirs: 'ip.src', layer: 'IPv4', ours: 'Source' },
  { theirs: 'ip.dst', layer: 'IPv4', ours: 'Destination' },
  { theirs: 'ip.ttl', layer: 'IPv4', ours: 'TTL' },
  { theirs: 'ip.id', layer: 'IPv4', ours: 'Identification', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'ip.dsfield.dscp', layer: 'IPv4', ours: 'DSCP' },
  { theirs: 'ip.dsfield.ecn', layer: 'IPv4', ours: 'ECN', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'ip.flags.df', layer: 'IPv4', ours: 'Flags', as: (v) => (v.includes("don't") ? '1' : '0') },
  { theirs: 'ip.checksum', layer: 'IPv4', ours: 'Header checksum' },
  { theirs: 'ipv6.src', layer: 'IPv6', ours: 'Source' },
  { theirs: 'ipv6.dst', layer: 'IPv6', ours: 'Destination' },
  { theirs: 'ipv6.hlim', layer: 'IPv6', ours: 'Hop limit' },
  { theirs: 'ipv6.flow', layer: 'IPv6', ours: 'Flow label', as: (v) => v.replace('0x', '0x0') },
  { theirs: 'tcp.srcport', layer: 'TCP', ours: 'Source port' },
  { theirs: 'tcp.dstport', layer: 'TCP', ours: 'Destination port' },
  { theirs: 'tcp.seq_raw', layer: 'TCP', ours: 'Sequence number' },
  { theirs: 'tcp.ack_raw', layer: 'TCP', ours: 'Acknowledgement number' },
  { theirs: 'tcp.flags', layer: 'TCP', ours: 'Flags', as: (v) => v.replace(/^0x(\w+) .*/, '0x0$1') },
  { theirs: 'tcp.window_size_value', layer: 'TCP', ours: 'Window', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'tcp.checksum', layer: 'TCP', ours: 'Checksum' },
  { theirs: 'tcp.options.mss_val', layer: 'TCP', ours: 'MSS', as: (v) => v.replace(/[ ,B]/g, '') },
  { theirs: 'tcp.options.wscale.shift', layer: 'TCP', ours: 'Window scale', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'tcp.options.timestamp.tsval', layer: 'TCP', ours: 'Timestamp value' },
  { theirs: 'tcp.options.timestamp.tsecr', layer: 'TCP', ours: 'Timestamp echo' },
  { theirs: 'udp.srcport', layer: 'UDP', ours: 'Source port' },
  { theirs: 'udp.checksum', layer: 'UDP', ours: 'Checksum' },
  { theirs: 'icmp.type', layer: 'ICMP', ours: 'Type', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'icmp.code', layer: 'ICMP', ours: 'Code', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'icmp.mtu', layer: 'ICMP', ours: 'Next-hop MTU' },
  { theirs: 'icmpv6.type', layer: 'ICMPv6', ours: 'Type', as: (v) => v.replace(/ .*/, '') },
  { theirs: 'arp.src.proto_ipv4', layer: 'ARP', ours: 'Sender address' },
  { theirs: 'arp.src.hw_mac', layer: 'ARP', ours: 'Sender MAC' },
  { theirs: 'arp.dst.proto_ipv4', layer: 'ARP', ours: 'Target address' },
  { theirs: 'vrrp.virt_rtr_id', layer: 'VRRP', ours: 'Virtual router' },
  { theirs: 'vrrp.prio', layer: 'VRRP', ours: 'Priority', as: (v) => v.replace(/ .*/, '') },
];

const tsharkIsMissing = detectTshark() === null;
const folder = mkdtempSync(join(tmpdir(), 'stallscope-dissection-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Rows of all frames, the last value of each field: the innermost header's. */
function tshark(file: string): string[][] {
  const fields = FIELDS.flatMap(({ theirs }) => ['-e', theirs]);
  const settings = ['-o', 'ip.defragment:FALSE', '-o', 'tcp.desegment_tcp_streams:FALSE'];
  const args = ['-n', '-r', file, ...settings, '-T', 'fields', '-E', 'occurrence=l', ...fields];
  const out = execFileSync('tshark', args, { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
  return out
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

/** Our value of a field; tshark counts a quoted packet as the innermost, but gives no raw number of it. */
function ours(
  layers: readonly DecodedLayer[],
  { theirs, layer, ours: name, as }: (typeof FIELDS)[number],
): string {
  const hasQuotes = theirs !== 'tcp.seq_raw';
  const own = layers.filter((l) => l.name === layer || (hasQuotes && l.name === `Quoted ${layer}`));
  const value = own
    .reverse()
    .map((l) => l.fields.find((f) => f.name === name)?.value)
    .find((v) => v !== undefined && v !== 'not quoted');
  if (value === undefined) return '';
  return as === undefined ? value : as(value);
}

function differences(bytes: Uint8Array): { found: string[]; compared: number } {
  const file = join(folder, 'capture.pcap');
  writeFileSync(file, bytes);
  const rows = tshark(file);
  const finder = createFrameFinder(rows.map((_, i) => i + 1));
  finder.push(bytes);
  finder.end();
  expect(finder.found.length).toBe(rows.length);
  const found: string[] = [];
  let compared = 0;
  for (const [i, { layers }] of finder.found.entries()) {
    for (const [column, field] of FIELDS.entries()) {
      const theirs = rows[i]?.[column] ?? '';
      const own = ours(layers, field);
      if (theirs !== '') compared += 1;
      if (own !== theirs)
        found.push(`frame ${i + 1}, ${field.theirs}: ${own || 'nothing'}, tshark ${theirs || 'nothing'}`);
    }
  }
  return { found: found.slice(0, 20), compared };
}

const tcp = (fields: TcpFrame): Uint8Array =>
  buildTcp({ seq: 4_100_000_000, ack: 77, payload: 30, ttl: 61, ipId: 513, ...fields });

const BUILT: readonly Uint8Array[] = [
  tcp({
    options: { mss: 1460, windowScale: 9, sackPermitted: true, timestamps: { value: 5, echo: 6 } },
    flags: 'SYN',
  }),
  tcp({ flags: 'ACK', options: { sack: [{ left: 1, right: 100 }] } }),
  tcp({ source: 'fd00::1', flags: 'PSH ACK ECE' }),
  tcp({ source: 'fd00::1', extensions: ['hop-by-hop', 'destination-options'] }),
  tcp({ tunnels: [{ type: 'vxlan' }] }),
  tcp({ tunnels: [{ type: 'gre', key: 7 }] }),
  tcp({ tunnels: [{ type: 'geneve', ethernet: true }] }),
  tcp({ dontFragment: false }),
  buildUdp({ destinationPort: 9999, payload: 'abc' }),
  buildIcmp({ type: 3, code: 4, mtu: 1280, body: buildTcp({ link: 'raw', seq: 5, ttl: 3 }) }),
  buildIcmp({ type: 8, body: 'ping' }),
  buildArp({ operation: 1, senderAddress: '10.0.0.1', targetAddress: '10.0.0.2' }),
  buildVrrp({ id: 51, priority: 100 }),
];

describe.skipIf(tsharkIsMissing)('needs tshark: what a frame is shown as', () => {
  it.each([
    ['i-arp', 'client.pcap.gz'],
    ['i-arp', 'node-b.out.pcap.gz'],
    ['mtu-1280', 'client.pcap.gz'],
    ['c-reject', 'client.pcap.gz'],
    ['nat-synced', 'server.pcap.gz'],
    ['mixed-24', 'node-b.pcap.gz'],
  ])('of %s, %s', (name, file) => {
    const scenario = allScenarios().find((s) => s.name === name);
    if (scenario === undefined) throw new Error(`no scenario ${name}`);
    const { found, compared } = differences(captureBytes(scenario, file));
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(80);
  });

  it('of built frames of every kind', () => {
    const chunks: Uint8Array[] = [];
    const writer = createPcapWriter((chunk) => chunks.push(chunk), { linkType: 1 });
    for (const [i, data] of BUILT.entries()) writer.packet({ time: epoch(i), data });
    const { found, compared } = differences(Buffer.concat(chunks));
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});
