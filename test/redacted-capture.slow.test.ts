/**
 * Scenarios of each kind, over IPv4 and IPv6, with tshark as the oracle: of all addresses and MACs that it finds in the captures,
 * none is in the redacted one; and every checksum that it can check there is right.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseAddress, parseMac } from '../packet/address.ts';
import { mergeCaptures, UNCHANGED } from './merge-captures.ts';
import { capturesOf, redactedCapture } from './redacted-capture.ts';
import { allScenarios } from './scenarios/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'redacted-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ADDRESSES = [
  ...['eth.addr', 'sll.src.eth', 'ip.addr', 'ipv6.addr', 'icmpv6.nd.na.target_address'],
  ...['icmpv6.nd.ns.target_address', 'icmpv6.opt.linkaddr', 'arp.src.proto_ipv4', 'arp.dst.proto_ipv4'],
  ...['arp.src.hw_mac', 'arp.dst.hw_mac'],
];
const CHECKSUMS = [
  ...['ip.checksum.status', 'tcp.checksum.status', 'icmpv6.checksum.status', 'tcp.len'],
  ...['frame.len', 'frame.cap_len'],
];
/** Of tshark's `.checksum.status`. */
const BAD = '0';
const GOOD = '1';

/** A row a frame: what tshark reads of these fields. */
function fields(bytes: Uint8Array, names: readonly string[]): string[][] {
  const path = join(folder, 'capture');
  writeFileSync(path, bytes);
  const checks = ['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
  const args = ['-n', '-r', path, ...checks, '-T', 'fields', ...names.flatMap((name) => ['-e', name])];
  const shown = execFileSync('tshark', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return shown
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split('\t'));
}

/** What says only what it is for stays. */
const STAYS =
  /^(?:0\.0\.0\.0|255\.255\.255\.255|224\.0\.0\.\d+|::|ff0.::.*|ff:ff.*|00:00:00:00:00:00|33:33.*|01:.*)$/;

function bytesOf(text: string): Buffer {
  if (parseMac(text) >= 0) return Buffer.from(text.replaceAll(':', ''), 'hex');
  const { version, words } = parseAddress(text)!;
  const all = Buffer.alloc(16);
  for (const [i, word] of words.entries()) all.writeUInt32BE(word, 4 * i);
  return all.subarray(0, version === 4 ? 4 : 16);
}

/** All 40 take a quarter of an hour: one in so many. */
const STEP = 4;
const some = allScenarios().filter((_, i) => i % STEP === 0);
const cases = some.flatMap((one) => [false, true].map((isIpv6) => ({ ...one, one, isIpv6 })));

test.each(cases)('$name, IPv6: $isIpv6', async ({ one, isIpv6 }) => {
  const files = capturesOf(one, { isIpv6 });
  const together = mergeCaptures(
    files.map(({ input, bytes }) => ({ name: input.file, bytes })),
    UNCHANGED,
  );
  const found = new Set(together.flatMap(({ bytes }) => fields(bytes, ADDRESSES).flat()));
  const originals = [...found].flatMap((value) => value.split(',')).filter((v) => v !== '' && !STAYS.test(v));
  expect(originals.length).toBeGreaterThan(3);
  const file = await redactedCapture(files);
  const rows = fields(file, [...CHECKSUMS, ...ADDRESSES]);
  const left = new Set(
    rows.flatMap((row) => row.slice(CHECKSUMS.length).flatMap((value) => value.split(','))),
  );
  for (const original of new Set(originals)) {
    expect(left.has(original), original).toBe(false);
    // Six bytes of a MAC may stand in a checksum and the options behind it by chance.
    if (parseMac(original) < 0) expect(file.includes(bytesOf(original)), original).toBe(false);
    expect(file.includes(original), original).toBe(false);
  }
  const seen = rows.map((row) => row.slice(0, CHECKSUMS.length));
  expect(seen.filter((row) => row.slice(0, 3).some((value) => value.split(',')[0] === BAD))).toEqual([]);
  // Of a header that the capture itself had cut there is no sum to check.
  const empty = seen.filter(([, , , length, all, captured]) => length === '0' && all === captured);
  expect(empty.length).toBeGreaterThan(0);
  expect(empty.every(([, tcp]) => tcp === GOOD)).toBe(true);
});
