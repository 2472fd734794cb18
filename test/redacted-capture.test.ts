/**
 * No original is left in a redacted capture: no address and no MAC of any frame, neither as bytes nor as text, and nothing
 * of files and hosts. And of one capture, it still tells the same.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../analyzer/index.ts';
import { formatAddress, formatMac } from '../packet/address.ts';
import { createPcapngWriter } from '../packet/file/pcapng-writer.ts';
import { createCaptureReader } from '../packet/file/reader.ts';
import { listCapture } from '../packet/file/test-listing.ts';
import { buildTcp } from '../packet/wire/build.ts';
import { decodeFrame } from '../packet/wire/decode.ts';
import { Frame } from '../packet/wire/frame.ts';
import { capturesOf, diagnosed, type GivenCapture, redactedCapture } from './redacted-capture.ts';
import { allScenarios } from './scenarios/scenario.ts';

/** As text and as bytes, each address and MAC of each frame but those that say only what they are for. */
function originalsOf(files: readonly GivenCapture[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const frame = new Frame();
  const mac = (value: number): void => {
    const text = formatMac(value);
    if (value > 0 && !/^(?:ff:ff|33:33|01:00:5e)/.test(text))
      found.set(text, Buffer.from(text.replaceAll(':', ''), 'hex'));
  };
  const address = (words: Uint32Array, at: 0 | 4, version: number): void => {
    if (version !== 4 && version !== 6) return;
    const text = formatAddress(words, at, version);
    if (/^(?:0\.0\.0\.0|ff.*|::)$/.test(text)) return;
    const bytes = Buffer.alloc(version === 4 ? 4 : 16);
    for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32BE(words[at + i / 4] ?? 0, i);
    found.set(text, bytes);
  };
  for (const { bytes } of files) {
    const reader = createCaptureReader({
      packet(record) {
        decodeFrame(record, frame);
        mac(frame.macSource);
        mac(frame.macDestination);
        for (const at of [0, 4] as const) {
          address(frame.address, at, frame.ipVersion);
          if (frame.quotedProtocol !== 0) address(frame.quotedAddress, at, frame.ipVersion);
          if (frame.arpOperation > 0 && at === 0) address(frame.arpAddress, at, frame.ipVersion || 4);
        }
        if (frame.arpOperation > 0) mac(frame.arpSenderMac);
      },
      problem() {},
    });
    reader.push(bytes);
    reader.end();
  }
  return found;
}

const filesOf = (name: string, isIpv6: boolean): GivenCapture[] =>
  capturesOf(allScenarios().find((one) => one.name === name)!, { isIpv6 });

describe.each([
  { name: 'i-arp', isIpv6: false },
  { name: 'nat-synced', isIpv6: false },
  { name: 'i-arp-garp', isIpv6: true },
])('$name, IPv6: $isIpv6', async ({ name, isIpv6 }) => {
  const files = filesOf(name, isIpv6);
  const file = await redactedCapture(files);

  test('holds no original, and is a capture that can be read', () => {
    const originals = originalsOf(files);
    expect(originals.size).toBeGreaterThan(6);
    const text = file.toString('latin1');
    const given = Buffer.concat(files.map((one) => one.bytes));
    for (const [original, bytes] of originals) {
      expect(given.includes(bytes), original).toBe(true);
      expect(file.includes(bytes), original).toBe(false);
      expect(text.includes(original), original).toBe(false);
    }
    expect(text).not.toMatch(/acme/i);
    const { packets, problems } = listCapture(file);
    expect(problems.filter(({ code }) => code !== 'time-backwards')).toEqual([]);
    expect(packets.length).toBe(files.reduce((n, { bytes }) => n + listCapture(bytes).packets.length, 0));
  });
});

test('interfaces of one capture stay apart, under other names', async () => {
  const pieces: Uint8Array[] = [];
  const writer = createPcapngWriter((piece) => pieces.push(piece));
  for (const name of ['acme0', 'acme1']) writer.addInterface({ name, linkType: 1, description: 'acme' });
  for (const [i, flags] of ['SYN', 'SYN ACK'].entries()) {
    const data = buildTcp({ flags, payload: 'acme' });
    writer.packet({ time: BigInt(i), interfaceId: i, data, originalLength: 99, comments: ['acme'] });
  }
  const input = { file: 'acme.pcapng', vantage: { host: 'acmefw' } };
  const file = await redactedCapture([{ input, bytes: Buffer.concat(pieces) }]);
  const { reader, packets } = listCapture(file);
  expect(reader.interfaces.map(({ name }) => name)).toEqual(['host-1 interface-1', 'host-1 interface-2']);
  expect(packets.map(({ originalLength, data }) => [originalLength, data.length])).toEqual([
    [99, 54],
    [99, 54],
  ]);
  expect(file.includes('acme')).toBe(false);
});

test('twice the same input gives the same bytes', async () => {
  const files = filesOf('i-arp', false).slice(0, 3);
  expect((await redactedCapture(files)).equals(await redactedCapture(files))).toBe(true);
});

test('diagnosed again, a redacted capture tells of each flow what the original told', async () => {
  for (const name of ['b-strict-curl', 'nat-none-rst', 'rto-30']) {
    const client = filesOf(name, false).filter(({ input }) => input.file.includes('client'));
    expect(client.length, name).toBe(1);
    const whole = diagnosed(client);
    const again = diagnosed([{ input: { file: 'r.pcapng' }, bytes: await redactedCapture(client, whole) }]);
    const told = ({ flows }: Report): unknown =>
      flows.map(({ outcome, cause, stalls }) => ({
        outcome,
        cause,
        stalls: stalls.map(({ duration }) => duration),
      }));
    expect(told(again), name).toEqual(told(whole));
  }
});
