/**
 * Which files of a folder are captures: by their first bytes, also behind a compression, or by their name.
 * A name alone is taken too: what a capture of an unknown format gets as an answer is of interest.
 */
import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const NAMES = /\.(?:n?pcap(?:ng)?|pcapng|cap|dmp|ntar|trc\d*|erf|snoop|pkt)(?:\.(?:gz|zst|lz4|xz))?$/i;
const MAGICS = /^(?:d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|34cdb2a1|a1b2cd34|0a0d0d0a)/;
const HEAD = 64 * 1024;

/** Sorted paths below `folder`. */
export function findCaptures(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => isCapture(join(folder, name)))
    .sort();
}

function isCapture(path: string): boolean {
  const stat = lstatSync(path);
  if (!stat.isFile() || stat.size === 0) return false;
  return NAMES.test(path) || MAGICS.test(headOf(path).toString('hex', 0, 4));
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD);
  const file = openSync(path, 'r');
  const length = readSync(file, head, 0, HEAD, 0);
  closeSync(file);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  try {
    return gunzipSync(head.subarray(0, length), { finishFlush: 2 });
  } catch {
    return head;
  }
}
