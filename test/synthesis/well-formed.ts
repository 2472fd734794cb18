/**
 * What tshark says of synthesised captures: frames that are malformed, or whose checksum is wrong though the whole
 * packet was kept. It starts once for many captures of one link type.
 * The trap: frames are numbered in what was joined, and named here by their own capture.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CaptureFile } from './gateway.ts';

const run = promisify(execFile);
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Bytes: what one tshark reads, which remembers all of it. */
const ENOUGH = 12_000_000;
const CHECKS = ['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE'].flatMap((option) => ['-o', option]);
const WRONG = '_ws.malformed || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad"';

/** Captures that wait to be read, by link type. */
export class WellFormed {
  /** Captures read, and frames in them. */
  readonly read = { captures: 0, frames: 0 };
  private readonly waiting = new Map<number, { name: string; bytes: Uint8Array }[]>();
  private readonly wrong: string[] = [];

  /** Captures of Ethernet or SLL2, as `createPcapWriter` makes them. `of`: whose they are. */
  async add(of: string, files: readonly CaptureFile[]): Promise<void> {
    for (const { name, bytes } of files) {
      const kind = bytes[20] ?? -1;
      const all = [...(this.waiting.get(kind) ?? []), { name: `${of}: ${name}`, bytes }];
      this.waiting.set(kind, all);
      if (all.reduce((sum, one) => sum + one.bytes.length, 0) > ENOUGH) await this.ask(kind);
    }
  }

  /** A sentence for each frame that is not as it should be, in everything that was added. */
  async finish(): Promise<readonly string[]> {
    for (const kind of this.waiting.keys()) await this.ask(kind);
    return this.wrong;
  }

  private async ask(kind: number): Promise<void> {
    const captures = this.waiting.get(kind) ?? [];
    this.waiting.delete(kind);
    const folder = mkdtempSync(join(tmpdir(), 'stallscope-synthesis-'));
    try {
      const file = join(folder, 'joined.pcap');
      const parts = captures.map(({ bytes }, i) => (i === 0 ? bytes : bytes.subarray(FILE_HEADER)));
      writeFileSync(file, Buffer.concat(parts));
      const fields = ['-T', 'fields', '-e', 'frame.number', '-e', 'frame.protocols'];
      const { stdout } = await run('tshark', ['-n', '-r', file, ...CHECKS, '-Y', WRONG, ...fields]);
      const counts = captures.map(({ name, bytes }) => ({ name, frames: framesIn(bytes) }));
      this.read.captures += counts.length;
      this.read.frames += counts.reduce((sum, { frames }) => sum + frames, 0);
      for (const line of stdout.split('\n').filter((text) => text !== '')) {
        const [number = '', protocols = ''] = line.split('\t');
        this.wrong.push(`${frameOf(Number(number), counts)} (${protocols})`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function framesIn(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frames = 0;
  for (let at = FILE_HEADER; at < bytes.length; frames += 1)
    at += RECORD_HEADER + view.getUint32(at + 8, true);
  return frames;
}

function frameOf(number: number, captures: readonly { name: string; frames: number }[]): string {
  let before = 0;
  for (const { name, frames } of captures) {
    if (number <= before + frames) return `${name}, frame ${number - before}`;
    before += frames;
  }
  return `frame ${number} of all`;
}
