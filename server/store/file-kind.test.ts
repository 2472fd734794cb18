import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { detectKind, HEAD_BYTES } from './file-kind.ts';
import { CAPTURES, smallPcap } from './test-store.ts';

const text = (...lines: string[]): Uint8Array => new TextEncoder().encode(lines.join('\n'));
const head = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, HEAD_BYTES);
const kindOf = async (bytes: Uint8Array, name = 'x'): Promise<string | null> =>
  (await detectKind(head(bytes), name)).kind;

describe('a file is known by its first bytes', () => {
  it('every capture and every log of the fixtures', async () => {
    let seen = 0;
    for (const scenario of readdirSync(CAPTURES)) {
      for (const name of readdirSync(join(CAPTURES, scenario))) {
        const path = join(CAPTURES, scenario, name);
        const isCapture = /\.pcap(ng)?(\.gz)?$/.test(name);
        if (!isCapture && !name.endsWith('.log')) continue;
        // The name says nothing.
        expect(await kindOf(readFileSync(path)), path).toBe(isCapture ? 'capture' : 'journal');
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThan(100);
  });

  it('plain and compressed', async () => {
    const packed = readFileSync(join(CAPTURES, 'rto-30/client.pcap.gz'));
    const log = readFileSync(join(CAPTURES, 'rto-30/conntrackd-a.log'));
    expect(await kindOf(gunzipSync(packed))).toBe('capture');
    expect(await kindOf(gzipSync(log))).toBe('journal');
  });

  it.each(['zstd', 'lz4'])(
    'in a first block of %s that is longer than the head of others',
    async (program) => {
      // Payload that nobody can compress, as TLS has.
      const plain = Buffer.concat([smallPcap(), randomBytes(2 ** 20)]);
      const packed = execFileSync(program, ['-c'], { input: plain, maxBuffer: 2 ** 22 });
      expect(await kindOf(packed)).toBe('capture');
      expect(
        await kindOf(execFileSync(program, ['-c'], { input: randomBytes(2 ** 20), maxBuffer: 2 ** 22 })),
      ).toBe(null);
    },
  );

  it.each([
    [
      'a journal of the gateway',
      text('{"time":"1795345622601000001","node":"node-a","event":"address-up"}'),
      'journal',
    ],
    ['keepalived', text('Nov 22 10:00:00 fw1 Keepalived_vrrp[99]: (VI_1) Entering MASTER STATE'), 'journal'],
    ['a letter', text('Dear all,', 'the gateway is broken.'), null],
    ['a page', text('<!doctype html><title>x</title>'), null],
    ['other JSON', text('{"name":"stallscope","version":"1"}'), null],
    ['a program', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]), null],
    ['xz', Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), null],
    ['nothing', new Uint8Array(), null],
  ])('%s', async (_what, bytes, kind) => {
    expect(await kindOf(bytes)).toBe(kind);
  });
});

it('a log that begins with lines of other programs is known by its name', async () => {
  const other = text('Nov 22 10:00:00 fw1 sshd[1]: Accepted publickey for ann', '');
  expect(await kindOf(other, 'messages')).toBeNull();
  for (const name of ['messages.log', 'syslog.log.1', 'fw1.LOG.gz', 'a.jsonl']) {
    expect(await kindOf(other, name), name).toBe('journal');
  }
});

it('a refusal says why', async () => {
  const why = async (bytes: Uint8Array): Promise<unknown> => detectKind(bytes, 'x');
  expect(await why(new Uint8Array())).toMatchObject({ why: 'the file is empty' });
  expect(await why(text('hello'))).toMatchObject({ why: expect.stringContaining('neither a capture nor') });
  expect(await why(Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]))).toMatchObject({
    why: expect.stringContaining('xz'),
  });
});
