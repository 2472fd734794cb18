/**
 * Captures over IPv6 read with the project's decoder, frame by frame beside
 * those over IPv4: what a segment says stays, announcements stay announcements,
 * and an ICMP error still quotes the flow.
 */
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../packet/address.ts';
import { recordOf } from '../../packet/wire/build.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { Frame, FrameKind } from '../../packet/wire/frame.ts';
import { recordsOf } from './capture-cache.ts';
import { snaplenOver6, toIpv6 } from './ipv6-rewrite.ts';
import { type PcapFile, readPcap, type WrittenRecord, writeCapture } from './pcap-records.ts';
import { readSegment } from './raw-segment.ts';
import { allScenarios, type Scenario } from './scenario.ts';

const LINKS: Readonly<Record<number, 'ethernet' | 'sll2'>> = { 1: 'ethernet', 276: 'sll2' };

function capture(name: string, file: string): PcapFile {
  return recordsOf(allScenarios().find((s) => s.name === name) as Scenario, file);
}

function decode(record: WrittenRecord, linkType: number): Frame {
  const frame = new Frame();
  const link = LINKS[linkType] ?? 'ethernet';
  decodeFrame(recordOf(record.data, { link, originalLength: record.originalLength }), frame);
  return frame;
}

describe.each([
  ['c-reject', 'client.pcap.gz'],
  ['mtu-1280', 'node-b.pcap.gz'],
])('%s %s', (name, file) => {
  test('every segment says the same', () => {
    const pcap = capture(name, file);
    const segments = pcap.records.flatMap((r) => readSegment(r, pcap.linkType) ?? []);
    const over6 = toIpv6(pcap).filter((r) => decode(r, pcap.linkType).kind === FrameKind.Tcp);
    expect(over6).toHaveLength(segments.length);
    for (const [i, s] of segments.entries()) {
      const record = over6[i] as WrittenRecord;
      const frame = decode(record, pcap.linkType);
      expect([frame.ipVersion, frame.sourcePort, frame.destinationPort, frame.ttl]).toEqual([
        6,
        s.sourcePort,
        s.destinationPort,
        s.ttl,
      ]);
      expect([frame.seq, frame.ack, frame.flags, frame.window, frame.payloadLength]).toEqual([
        s.seq,
        s.ack,
        s.flags,
        s.window,
        s.length,
      ]);
      expect([record.time, formatAddress(frame.address, 0, 6)]).toEqual([
        s.record.time,
        `fd00::${s.source.replaceAll('.', ':')}`,
      ]);
    }
  });
});

test('ARP becomes neighbour discovery: requests ask, announcements announce', () => {
  const pcap = capture('i-arp-garp', 'client.pcap.gz');
  const told = toIpv6(pcap)
    .map((r) => decode(r, pcap.linkType))
    .filter((f) => f.arpOperation !== 0)
    .map((f) => `${f.arpOperation} ${formatAddress(f.arpAddress, 0, 6)} ${f.arpSenderMac.toString(16)}`);
  const [client, gateway] = ['fd00::10:0:1:10', 'fd00::10:0:1:1'];
  expect(told.slice(0, 3)).toEqual([
    `1 ${client} 20000000010`,
    `2 ${gateway} 20000000101`,
    `2 ${gateway} 2000000010b`,
  ]);
});

test('an ICMP error becomes one of ICMPv6 and quotes the same ports', () => {
  const pcap = capture('j-asym', 'server.pcap.gz');
  const errors = toIpv6(pcap)
    .map((r) => decode(r, pcap.linkType))
    .filter((f) => f.kind === FrameKind.Icmp && f.arpOperation === 0);
  expect(errors).toHaveLength(18);
  const told = errors.map((f) =>
    [f.icmpType, f.icmpCode, f.quotedSourcePort, f.quotedDestinationPort].join(' '),
  );
  // Host unreachable is address unreachable (RFC 4443, section 3.1).
  expect([...new Set(told)]).toEqual(['1 3 80 44160']);
});

test('as much of a segment is captured as before, and its length on the wire grows by the header', () => {
  const before = capture('c-reject', 'client.pcap.gz');
  const written = writeCapture(toIpv6(before), { ...before, snaplen: snaplenOver6(before.snaplen) });
  const lengths = (file: PcapFile, grown: number): number[][] =>
    file.records.map((r) => [r.data.length - grown, r.originalLength - grown]);
  expect(lengths(readPcap(written), 20)).toEqual(lengths(before, 0));
});
