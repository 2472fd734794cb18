/** Real captures against other readers: pcap-parser for what it knows, Wireshark's tools for all other forms. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type PacketHeader, parse } from 'pcap-parser';
import { afterAll, describe, expect, test } from 'vitest';
import { mergeCaptures, UNCHANGED } from '../../test/merge-captures.ts';
import { decompressed } from './compression.ts';
import { createPcapngWriter } from './pcapng-writer.ts';
import { createCaptureReader } from './reader.ts';
import { listChunks, splitEvery } from './test-listing.ts';

const root = new URL('../../test/fixtures/captures/', import.meta.url).pathname;
const captures = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pcap.gz'))
  .sort();
/** One of each scenario. */
const oneEach = captures.filter((name) => name.endsWith('client.pcap.gz'));

const folder = mkdtempSync(path.join(tmpdir(), 'captures-'));
afterAll(() => rmSync(folder, { recursive: true }));

const load = (name: string): Uint8Array => gunzipSync(readFileSync(path.join(root, name)));

/** Four numbers a packet: µs since the epoch, captured and original length, and a hash of the bytes. */
function walk(bytes: Uint8Array, chunkBytes = bytes.length): { numbers: number[]; codes: string[] } {
  const numbers: number[] = [];
  const codes: string[] = [];
  const reader = createCaptureReader({
    packet({ time, capturedLength, originalLength, view, offset }) {
      let hash = 0;
      for (let i = 0; i < capturedLength; i++) hash = (hash * 31 + view.getUint8(offset + i)) | 0;
      numbers.push(Number(reader.origin / 1000n) + time / 1000, capturedLength, originalLength, hash);
    },
    problem: ({ code }) => codes.push(code),
  });
  for (const chunk of splitEvery(bytes, chunkBytes)) reader.push(chunk);
  reader.end();
  return { numbers, codes };
}

function pcapParser(bytes: Uint8Array): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const numbers: number[] = [];
    parse(Readable.from([Buffer.from(bytes)]))
      .on('packet', ({ header, data }: { header: PacketHeader; data: Buffer }) => {
        const { timestampSeconds, timestampMicroseconds, capturedLength, originalLength } = header;
        let hash = 0;
        for (const byte of data) hash = (hash * 31 + byte) | 0;
        numbers.push(timestampSeconds * 1e6 + timestampMicroseconds, capturedLength, originalLength, hash);
      })
      .on('end', () => resolve(numbers))
      .on('error', reject);
  });
}

test('there are captures', () => {
  expect(captures.length).toBeGreaterThan(100);
});

test('every capture reads as pcap-parser reads it, also in small chunks', async () => {
  for (const name of captures) {
    const bytes = load(name);
    const ours = walk(bytes);
    expect(ours.codes, name).toEqual([]);
    // Compared as one: a diff of a hundred thousand numbers helps nobody.
    expect(isEqual(ours.numbers, await pcapParser(bytes)), name).toBe(true);
    expect(isEqual(ours.numbers, walk(bytes, 997).numbers), name).toBe(true);
  }
}, 120_000);

function hasTool(...command: [string, ...string[]]): boolean {
  try {
    execFileSync(command[0], command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function convert(
  bytes: Uint8Array,
  suffix: string,
  tool: string,
  args: (from: string, to: string) => string[],
): Uint8Array {
  const from = path.join(folder, 'from.pcap');
  const to = path.join(folder, `to.${suffix}`);
  writeFileSync(from, bytes);
  rmSync(to, { force: true });
  execFileSync(tool, args(from, to), { stdio: 'ignore' });
  return readFileSync(to);
}

describe.skipIf(!hasTool('editcap', '--version'))('as Wireshark writes it (skipped without editcap)', () => {
  test.each(['pcapng', 'nsecpcap', 'pcap', 'modpcap', 'suse6_3pcap'])(
    '%s',
    (form) => {
      // editcap takes longer to start than to write one of them.
      const each = oneEach.map((name) => ({ name, bytes: load(name) }));
      for (const { bytes, parts } of mergeCaptures(each, UNCHANGED)) {
        const written = convert(bytes, form, 'editcap', (from, to) => ['-F', form, from, to]);
        const names = parts.map(({ name }) => name).join(', ');
        expect(isEqual(walk(written, 65_536).numbers, walk(bytes).numbers), names).toBe(true);
      }
    },
    120_000,
  );

  test('pcapng of two captures, merged: two interfaces, in order', () => {
    const [a, b] = oneEach.slice(0, 2).map((name, i) => {
      const file = path.join(folder, `merge${i}.pcap`);
      writeFileSync(file, load(name));
      return file;
    });
    const to = path.join(folder, 'merged.pcapng');
    execFileSync('mergecap', ['-a', '-I', 'none', '-w', to, a!, b!], { stdio: 'ignore' });
    const both = oneEach.slice(0, 2).flatMap((name) => walk(load(name)).numbers);
    expect(isEqual(walk(readFileSync(to)).numbers, both)).toBe(true);
  });
});

describe.skipIf(!hasTool('capinfos', '--version'))(
  "Kuznetzov's magic number (skipped without capinfos)",
  () => {
    /** Of a file of little-endian µs: with his number, and so many bytes more in the header of each of its first records. */
    function modified(bytes: Uint8Array, more: number, records = Number.POSITIVE_INFINITY): Uint8Array {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const parts = [Uint8Array.of(0x34, 0xcd, 0xb2, 0xa1), bytes.subarray(4, 24)];
      for (let at = 24, i = 0; at < bytes.length && i < records; i++) {
        const next = at + 16 + view.getUint32(at + 8, true);
        parts.push(bytes.subarray(at, at + 16), new Uint8Array(more), bytes.subarray(at + 16, next));
        at = next;
      }
      return Buffer.concat(parts);
    }

    /** Frames, by Wireshark; where it ends in the middle of one, those before it. */
    function counted(bytes: Uint8Array): number {
      const file = path.join(folder, 'counted.pcap');
      writeFileSync(file, bytes);
      const { stdout, stderr } = spawnSync('capinfos', ['-Mc', '-T', '-r', file], { encoding: 'utf8' });
      const count = /\t(\d+)\s*$/.exec(stdout)?.[1] ?? /after reading (\d+) packets/.exec(stderr)?.[1];
      return Number(count);
    }

    const [small = ''] = oneEach;
    const bytes = load(small);

    test.each([8, 12])('with %i bytes more, cut anywhere: the same number of frames', (more) => {
      const whole = modified(bytes, more, 6);
      const lengths = Array.from({ length: 40 }, (_, i) => 24 + Math.floor(((whole.length - 24) * i) / 39));
      const ours = lengths.map((length) => walk(whole.subarray(0, length), 13).numbers.length / 4);
      expect(ours).toEqual(lengths.map((length) => counted(whole.subarray(0, length))));
      expect(ours.at(-1)).toBe(6);
    });

    test('with plain records: all frames, of which Wireshark reads the first, and damage', () => {
      const plain = modified(bytes, 0);
      const { numbers, codes } = walk(plain);
      expect(isEqual(numbers, walk(bytes).numbers)).toBe(true);
      expect(codes).toEqual(['records-plain']);
      expect(counted(plain)).toBeLessThan(10);
    });
  },
);

describe.skipIf(!hasTool('tshark', '--version'))('frame numbers (skipped without tshark)', () => {
  test('blocks that are no packets take a number where Wireshark gives them one', () => {
    const chunks: Uint8Array[] = [];
    const writer = createPcapngWriter((chunk) => chunks.push(chunk));
    writer.addInterface();
    // Every packet is known by its length; the other blocks are all longer.
    const others = [9, 0x204, 0x216, 0x221, 0x0bad, 0x4000_0bad, 10, 0x12345, 0x205, 0x208, 0x4000_0123];
    others.forEach((type, i) => {
      // Secrets (10) have a length inside, which has to be true; a journal entry may not begin with zeros.
      writer.block(type, new Uint8Array(60).fill(type === 10 ? 0 : 65));
      writer.packet({ time: 1_700_000_000_000_000_000n, data: new Uint8Array(i + 1) });
      writer.simplePacket({ data: new Uint8Array(20 + i) });
    });
    const file = path.join(folder, 'numbered.pcapng');
    writeFileSync(file, Buffer.concat(chunks));
    const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'frame.cap_len'];
    const lines = execFileSync('tshark', ['-r', file, ...fields], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const theirs = new Set(lines.trim().split('\n'));
    const ours = listChunks(chunks).packets.map(({ frame, data }) => `${frame}\t${data.length}`);
    expect(ours).toHaveLength(2 * others.length);
    expect(ours.filter((line) => !theirs.has(line))).toEqual([]);
  });
});

async function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  const source = Readable.from(splitEvery(bytes, 10_007));
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(source, (problem) => expect.fail(problem.message)))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('compressed', () => {
  const some = oneEach.filter((_, i) => i % 8 === 0);
  test.each([
    ['gzip', ['-k', '-9']],
    ['zstd', ['-q', '-1']],
    ['zstd', ['-q', '-19']],
    ['zstd', ['-q', '--ultra', '-22', '--long=27', '--check']],
    ['lz4', ['-q']],
    ['lz4', ['-q', '-9', '-B4', '-BD', '-BX', '--content-size']],
    ['lz4', ['-q', '-l']],
  ])(
    '%s %s (skipped without that command)',
    async (tool, options) => {
      for (const name of hasTool(tool, '--version') ? some : []) {
        const write = (from: string, to: string) =>
          tool === 'gzip'
            ? ['-c', `gzip ${options.join(' ')} -c ${from} > ${to}`]
            : [...options, from, '-o', to];
        const args = tool === 'lz4' ? (from: string, to: string) => [...options, from, to] : write;
        const bytes = convert(load(name), tool, tool === 'gzip' ? 'sh' : tool, args);
        expect(isEqual(await decompress(bytes), load(name)), name).toBe(true);
      }
    },
    60_000,
  );
});

test('mutated captures: no throw, and what is read is bounded by what is there', () => {
  const sources = oneEach.slice(0, 4).map((name) => load(name).subarray(0, 20_000));
  const change = fc.record({ at: fc.nat(19_999), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.nat(3), fc.array(change, { maxLength: 20 }), fc.nat(20_000), (which, changes, length) => {
      const bytes = sources[which]!.slice(0, length);
      for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
      const { numbers, codes } = walk(bytes);
      expect(numbers.length / 4).toBeLessThanOrEqual(bytes.length / 16);
      expect(codes.length).toBeLessThan(10);
    }),
    { numRuns: 300 },
  );
});

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
