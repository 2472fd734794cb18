/**
 * What fuzzing found, cut down to the few frames that show it. Every one of them
 * broke a law once.
 */
import { expect, test } from 'vitest';
import { createAnalysis, type Report } from '../../analyzer/index.ts';
import type { WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { createPcapngWriter, type InterfaceOptions } from '../../packet/file/pcapng-writer.ts';
import { buildTcp, type TcpFrame } from '../../packet/wire/build.ts';
import { concat } from '../../packet/wire/bytes.ts';
import { writePcap } from '../tcp-segment.ts';
import { checkLaws } from './laws.ts';

const SECOND = 1_000_000_000n;
const START = 1_790_000_000n * SECOND;
const client: TcpFrame = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  sourcePort: 40_000,
  destinationPort: 80,
};
const server: TcpFrame = {
  source: '10.0.0.2',
  destination: '10.0.0.1',
  sourcePort: 80,
  destinationPort: 40_000,
};

/** `at`: seconds after the first. */
function packet(at: number, fields: TcpFrame): WrittenPacket {
  const data = buildTcp(fields);
  const nanos = BigInt(Math.floor(at)) * SECOND + BigInt(Math.round((at % 1) * 1e9));
  return { time: START + nanos, data, originalLength: data.length };
}

/** A request that is sent again and again, without an answer. */
const hung: readonly WrittenPacket[] = [
  packet(0, { ...client, flags: 'SYN', seq: 100 }),
  packet(0.01, { ...server, flags: 'SYN ACK', seq: 500, ack: 101 }),
  packet(0.02, { ...client, seq: 101, ack: 501 }),
  ...[0.03, 0.23, 0.63, 1.43, 3.03, 6.23].map((at, i) =>
    packet(at, {
      ...client,
      flags: 'PSH ACK',
      seq: 101,
      ack: 501,
      ipId: i,
      payload: 'GET / HTTP/1.1\r\n\r\n',
    }),
  ),
];

function pcapng(packets: readonly WrittenPacket[], options: InterfaceOptions): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  writer.addInterface(options);
  for (const each of packets) writer.packet(each);
  return concat(...chunks);
}

function reportOf(bytes: Uint8Array): Report {
  const analysis = createAnalysis({ tool: { name: 'test', version: '0' } });
  const feed = analysis.addCapture({ file: 'x.pcap' });
  feed.push(bytes);
  feed.end();
  return analysis.finish();
}

test('times that no calendar holds: the headline threw a RangeError', () => {
  const packets = hung.map((p) => ({ ...p, time: p.time + 10n ** 13n * SECOND }));
  const bytes = pcapng(packets, { resolution: 6 });
  expect(checkLaws(bytes, { seed: 1 })).toEqual([]);
  expect(reportOf(bytes).headline).toMatch(/\d{20,} ns/);
});

test('centuries between two frames: the parts of a stall fell below 0', () => {
  const other = { sourcePort: 40_001, destinationPort: 80 };
  // Which of them rounds to less than it should is a matter of luck.
  for (let luck = 0; luck < 20; luck++) {
    const back = 10 ** 12 + luck * 0.0371;
    const packets = [
      ...hung,
      packet(back, { ...client, ...other, flags: 'SYN', seq: 100 }),
      packet(back, {
        ...server,
        sourcePort: 80,
        destinationPort: 40_001,
        flags: 'SYN ACK',
        seq: 500,
        ack: 101,
      }),
      packet(back + 0.0335 * luck, {
        ...server,
        seq: 501,
        ack: 119,
        payload: 'HTTP/1.1 204 No Content\r\n\r\n',
      }),
    ];
    expect(checkLaws(pcapng(packets, { resolution: 6 }), { seed: 1 })).toEqual([]);
  }
});

test('time that runs backwards: the flow ended before it started', () => {
  const back = hung.map((p, i) => ({ ...p, time: START - BigInt(i) * SECOND }));
  expect(checkLaws(writePcap(back), { seed: 1 })).toEqual([]);
  const [flow] = reportOf(writePcap(back)).flows;
  expect(BigInt(flow!.end) - BigInt(flow!.start)).toBe(0n);
});

test('a FIN, then a SYN-ACK with another number: the flow had -1 bytes', () => {
  const packets = [
    packet(0, { ...client, flags: 'SYN', seq: 100 }),
    packet(0.1, { ...server, flags: 'FIN ACK', seq: 700, ack: 101 }),
    packet(0.2, { ...server, flags: 'SYN ACK', seq: 900, ack: 101 }),
  ];
  expect(checkLaws(writePcap(packets), { seed: 1 })).toEqual([]);
  expect(reportOf(writePcap(packets)).flows.map((f) => f.bytesToClient)).toEqual([0]);
});
