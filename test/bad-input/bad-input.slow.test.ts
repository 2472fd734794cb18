/**
 * Bad input through the command: an error of one line with its hint and exit
 * code 2, or the result of what could be read with a note a fault; never a
 * crash, a hang, or memory beyond a bound.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { removeBundle, temporaryFolder } from '../../cli/run-cli.ts';
import { concat } from '../../packet/wire/bytes.ts';
import { checkReport } from '../report-shape.ts';
import {
  type BombKind,
  backwards,
  bomb,
  contradicting,
  exchange,
  notIp,
  overwritten,
  pcap,
  pcapng,
  recordAt,
  withLie,
} from './bad-files.ts';
import { bundleCommand, type CommandOptions, type Ran, runCommand } from './command.ts';

/** Node itself needs 50 MiB, and chunks of 4 MiB wait for its collector. */
const MOST_MIB = 300;
const WINDOWS = process.platform === 'win32';
const ROOT_USER = process.getuid?.() === 0;

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
let bundle = '';

const file = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(at(name), bytes);
  return at(name);
};
const run = (args: readonly string[], options?: CommandOptions): Promise<Ran> =>
  runCommand(bundle, args, options);

beforeAll(async () => {
  bundle = await bundleCommand();
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

/** Exit code 2, nothing on stdout, one line of error and at most one of help. */
function expectError(ran: Ran, message: RegExp): void {
  expect(ran.stderr).toMatch(/^error: [^\n]+\n(?:help: [^\n]+\n)?$/);
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr).not.toContain('internal error');
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: '' });
  expect(ran.peakMiB ?? 0).toBeLessThan(MOST_MIB);
}

/** Exit code 0, a valid report, and a note for each problem. */
function expectReport(ran: Ran, codes: readonly string[]): Report {
  expect(ran.stderr).not.toContain('error:');
  expect(ran.code).toBe(0);
  const report = JSON.parse(ran.stdout) as Report;
  expect(checkReport(report)).toEqual([]);
  expect(report.problems.map(({ code }) => code)).toEqual(codes);
  expect(ran.stderr.split('\n').filter((line) => line.startsWith('note: '))).toHaveLength(codes.length);
  expect(ran.peakMiB ?? 0).toBeLessThan(MOST_MIB);
  return report;
}

describe('no capture: an error of one line, exit code 2', () => {
  test.each<[string, Uint8Array | string, RegExp]>([
    ['empty file', '', /the file is empty/],
    ['one byte', '\xd4', /no pcap/],
    ['text', 'The gateway failed over at 11:07.\n', /it is text/],
    ['zeros', new Uint8Array(100_000), /no pcap/],
    ['half a magic', Uint8Array.of(0xd4, 0xc3), /no pcap/],
    ['gzip of text', gzipSync('no capture'), /no pcap/],
    ['gzip of nothing', gzipSync(''), /empty/],
    ['gzip, cut in its header', gzipSync(pcap(exchange())).subarray(0, 8), /ends in the middle/],
    ['gzip inside gzip', gzipSync(gzipSync(pcap(exchange()))), /gzip/],
    ['a gzip bomb of zeros', bomb('gzip', new Uint8Array(0), 1024), /no pcap/],
    ['a zstd bomb of zeros', bomb('zstd', new Uint8Array(0), 1024), /no pcap/],
    ['an lz4 bomb of zeros', bomb('lz4', new Uint8Array(0), 1024), /no pcap/],
  ])('%s', async (name, bytes, message) => {
    expectError(await run(['--json', file(`no-${name}.pcap`, bytes)]), message);
  });

  test('a folder without captures, and one of text alone', async () => {
    mkdirSync(at('nothing'));
    expectError(await run(['--json', at('nothing')]), /no captures in/);
    file(join('nothing', 'notes.txt'), 'text');
    expectError(await run(['--json', at('nothing')]), /no captures in/);
  });

  test.skipIf(!existsSync('/dev/zero'))('devices: one that is empty, one without end', async () => {
    expectError(await run(['--json', '/dev/null']), /empty|no pcap/);
    expectError(await run(['--json', '/dev/zero']), /no pcap/);
  });

  test.skipIf(WINDOWS)('a FIFO that brings text', async () => {
    execFileSync('mkfifo', [at('text.fifo')]);
    const fifo = { path: at('text.fifo'), bytes: 'no capture\n' };
    expectError(await run(['--json', fifo.path], { fifo }), /no pcap/);
  });

  // Permissions do not hold for root, so as root there is nothing to test.
  const permitted = WINDOWS || ROOT_USER ? null : test;
  permitted?.('a file and a folder without permission', async () => {
    chmodSync(file('secret.pcap', pcap(exchange())), 0);
    expectError(await run(['--json', at('secret.pcap')]), /no permission to read it/);
    mkdirSync(at('secret'), { mode: 0 });
    expectError(await run(['--json', at('secret')]), /no permission to read it/);
  });
});

describe('a bad capture: what could be read, with a note for each fault', () => {
  const packets = exchange();
  const whole = pcap(packets);
  const compressed = gzipSync(pcap(exchange(3000)), { level: 1 });
  const middle = recordAt(packets, 10);

  test.each<[string, Uint8Array, string[], number]>([
    ['cut in a packet', whole.subarray(0, middle + 30), ['record-cut'], 10],
    ['cut in a record header', whole.subarray(0, middle + 3), ['record-cut'], 10],
    ['cut between two packets', whole.subarray(0, middle), [], 10],
    ['the header of a pcap alone', whole.subarray(0, 24), [], 0],
    ['half the header of a pcap', whole.subarray(0, 11), ['record-cut'], 0],
    ['a section header alone', pcapng([]).subarray(0, 28), [], 0],
    ['interfaces without packets', pcapng([], 3), [], 0],
    ['a record that claims 3 GB', overwritten(whole, middle + 8, 3_000_000_000), ['record-too-long'], 10],
    ['a block that claims 3 GB', overwritten(pcapng(packets), 28 + 4, 3_000_000_000), ['block-too-long'], 0],
    ['time that runs backwards', pcap(backwards()), ['time-backwards'], 44],
    ['more captured than there was', overwritten(whole, middle + 12, 7), ['captured-exceeds-original'], 44],
    ['a huge snap length', overwritten(whole, 16, 0xffffffff), [], 44],
    ['a snap length of 0', overwritten(whole, 16, 0), [], 44],
    ['10,000 interfaces', pcapng(packets, 10_000), [], 44],
    ['an unknown link type', overwritten(whole, 20, 147), [], 44],
    ['no IP at all', pcap(notIp()), [], 50],
  ])('%s', async (name, bytes, codes, frames) => {
    const report = expectReport(await run(['--json', file(`bad-${name}.pcap`, bytes)]), codes);
    expect(report.captures.map((c) => c.frames)).toEqual([frames]);
    const strict = await run(['--strict', '--json', at(`bad-${name}.pcap`)]);
    if (codes.length > 0) expectError(strict, /^error: .*\nhelp: without --strict/);
    else expect(strict.code).toBe(0);
  });

  test('lengths that contradict each other: the frames are left out, and the rest is one flow', async () => {
    const { stdout, code } = await run(['--json', file('lengths.pcap', pcap(contradicting()))]);
    const report = JSON.parse(stdout) as Report;
    expect(code).toBe(0);
    expect(checkReport(report)).toEqual([]);
    expect(report.captures.map((c) => c.frames)).toEqual([44]);
    expect(report.flows.map((f) => f.client.port)).toEqual([40_000]);
  });

  test.each(['gzip', 'zstd', 'lz4'])('%s, whole: the command has its decoder', async (program) => {
    const plain = pcap(exchange(3000));
    const bytes = execFileSync(program, ['-c'], { input: plain, maxBuffer: plain.length });
    const report = expectReport(await run(['--json', file(`whole.${program}`, bytes)]), []);
    expect(report.captures[0]!.frames).toBe(6004);
  });

  test('gzip, cut in the middle', async () => {
    const ran = await run(['--json', file('cut.pcap.gz', compressed.subarray(0, compressed.length / 2))]);
    const report = expectReport(ran, ['compressed-file-truncated', 'record-cut']);
    expect(report.captures[0]!.frames).toBeGreaterThan(1000);
  });

  test('what says nothing about TCP is said so', async () => {
    const { stdout } = await run([file('arp.pcap', pcap(notIp()))]);
    expect(stdout).toMatch(/^No TCP connection in the capture/);
    expect((await run([file('header.pcap', whole.subarray(0, 24))])).stdout).toMatch(/no frames/);
  });

  test('a capture among files that are none, in a folder', async () => {
    mkdirSync(at('mixed'));
    file(join('mixed', 'a.pcap'), whole);
    file(join('mixed', 'b.pcap'), 'text');
    file(join('mixed', 'c.txt'), 'text');
    const ran = await run(['--json', at('mixed')]);
    expect(ran.stderr).toMatch(/^note: [^\n]*b\.pcap: skipped, [^\n]*\n$/);
    expect((JSON.parse(ran.stdout) as Report).captures.map((c) => c.frames)).toEqual([44]);
  });

  test.skipIf(WINDOWS)('a FIFO that brings a capture, and one in a folder', async () => {
    execFileSync('mkfifo', [at('capture.fifo')]);
    const fifo = { path: at('capture.fifo'), bytes: whole };
    const report = expectReport(await run(['--json', fifo.path], { fifo }), []);
    expect(report.captures[0]!.frames).toBe(44);
    mkdirSync(at('pipes'));
    execFileSync('mkfifo', [at('pipes', 'a.pcap')]);
    expectError(await run(['--json', at('pipes')]), /no captures in/);
  });

  test('a file that is replaced while it is read', async () => {
    const large = pcap(exchange(20_000));
    file('replaced.pcap', concat(large));
    file('other.pcap', whole);
    const meanwhile = (): void => renameSync(at('other.pcap'), at('replaced.pcap'));
    const report = JSON.parse((await run(['--json', at('replaced.pcap')], { meanwhile })).stdout) as Report;
    expect(checkReport(report)).toEqual([]);
    // One or the other, never a mixture of both.
    expect([44, 40_004]).toContain(report.captures[0]!.frames);
  });

  test('a file that is cut while it is read', async () => {
    const name = file('shrinking.pcap', pcap(exchange(20_000)));
    const ran = await run(['--json', name], { meanwhile: () => truncateSync(name, 1_000_000) });
    expect(ran.code).toBe(0);
    expect(checkReport(JSON.parse(ran.stdout))).toEqual([]);
  });
});

describe('memory is bounded', () => {
  const head = pcap(exchange());

  test.each<[BombKind, number]>([
    ['gzip', 256],
    ['zstd', 128],
    ['lz4', 128],
  ])('a %s bomb of %i MiB behind a few packets: millions of empty ones', async (kind, mebibytes) => {
    const ran = await run(['--json', file(`bomb.${kind}`, bomb(kind, head, mebibytes))]);
    // Zeros are records without a byte, which is no fault of the format; their time is 1970.
    const report = expectReport(ran, ['time-backwards']);
    expect(report.captures[0]!.frames).toBe(44 + (mebibytes * 1024 * 1024) / 16);
  });

  test.each<BombKind>(['gzip', 'zstd', 'lz4'])(
    'a %s bomb of 4 GiB behind a length that cannot be true',
    async (kind) => {
      const ran = await run(['--json', file(`stopped.${kind}`, bomb(kind, withLie(head), 4096))]);
      expectReport(ran, ['record-too-long']);
    },
  );

  test('a journal with a line of 50 MB, and one with a line of 100 MB', async () => {
    const capture = file('beside.pcap', head);
    const journal = (name: string, megabytes: number): string => {
      const line = '{"time":"1790000000000000001","node":"node-a","event":"address-up"}';
      return file(name, `${line}\n${'x'.repeat(megabytes * 1_000_000)}\n${line}\n`);
    };
    const long = await run(['--json', '--journal', journal('long.jsonl', 50), capture]);
    expect(long.stderr).toMatch(/^note: [^\n]*long\.jsonl: line 2: longer than 65536 characters: skipped\n/);
    expect({ code: long.code, error: /error/.test(long.stderr) }).toEqual({ code: 0, error: false });
    expect(long.peakMiB ?? 0).toBeLessThan(MOST_MIB);
    const longer = await run(['--json', '--journal', journal('longer.jsonl', 100), capture]);
    expectError(longer, /longer\.jsonl: more than 64 MiB of text\nhelp: cut it to the time of the incident/);
  });

  test('a packet block that claims 3 GB, and a custom block of almost 1 GiB that is not there', async () => {
    const section = pcapng([]);
    const block = (type: number, length: number): Uint8Array => {
      const bytes = overwritten(new Uint8Array(2_000_000), 0, type);
      return concat(section, overwritten(bytes, 4, length));
    };
    expectReport(await run(['--json', file('packet.pcapng', block(6, 3_000_000_000))]), ['block-too-long']);
    expectReport(await run(['--json', file('custom.pcapng', block(0x0bad, 1_000_000_000))]), ['record-cut']);
  });
});
