/** What clients of the server bench upload: captures in every form in which they come, and what is none. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface BenchUpload {
  /** Of its row. */
  readonly what: string;
  readonly bytes: Buffer;
  /** What it must be answered. */
  readonly status: number;
  /** Whether the analysis must go well; undefined: there is nothing to analyse. */
  readonly becomes?: 'ready' | 'either';
}

const CAPTURES = 'test/fixtures/captures';
const read = (file: string): Buffer => readFileSync(path.join(CAPTURES, file));

/** @throws where a program that compresses is not installed: a bench with half of its uploads would pass for a whole one */
export function makeUploads(): { whole: BenchUpload[]; broken: BenchUpload[] } {
  const gzip = read('rto-7/client.pcap.gz');
  const plain = gunzipSync(gzip);
  const whole = (form: string, bytes: Buffer): BenchUpload => {
    return { what: `upload, ${form}`, bytes, status: 201, becomes: 'ready' };
  };
  return {
    whole: [
      whole('plain', plain),
      whole('gzip', gzip),
      whole('gzip', read('mixed-24/client.pcap.gz')),
      whole('gzip', read('controls/control-clean/client.pcap.gz')),
      whole('zstd', filtered('zstd', plain)),
      whole('lz4', filtered('lz4', plain)),
    ],
    broken: [
      {
        what: 'upload, no capture',
        bytes: Buffer.from('no capture at all, but some text that is long enough to be sure of that'),
        status: 415,
      },
      { what: 'upload, empty', bytes: Buffer.alloc(0), status: 415 },
      {
        what: 'upload, cut short',
        bytes: gzip.subarray(0, gzip.length / 2),
        status: 201,
        becomes: 'either',
      },
    ],
  };
}

function filtered(program: 'zstd' | 'lz4', input: Buffer): Buffer {
  const { status, stdout, error } = spawnSync(program, ['-c'], { input, maxBuffer: 2 ** 30 });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} does not run (apt-get install ${program}): ${error?.message ?? status}`);
  return stdout;
}
