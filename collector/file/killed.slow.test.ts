/** A collector that is killed at any moment, and the one that comes after it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GapNote } from '../../packet/file/collector-note.ts';
import { type ReadFile, readCaptures } from './test-recording.ts';

const ROUNDS = 6;
let folder = '';
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stallscope-killed-'));
  await build({
    entryPoints: [path.join(import.meta.dirname, 'test-recorder.ts')],
    outfile: path.join(folder, 'recorder.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  if (folder !== '') fs.rmSync(folder, { recursive: true, force: true });
});

interface Run {
  /** The last number that it said must be on the disk; -1 before. */
  flushed(): number;
  end(signal: NodeJS.Signals): Promise<void>;
}

function record(into: string, first: number): Run {
  const args = [path.join(folder, 'recorder.mjs'), into, String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  return {
    flushed: () =>
      Number(
        said
          .slice(0, said.lastIndexOf('\n') + 1)
          .trim()
          .split('\n')
          .at(-1) || -1,
      ),
    async end(signal) {
      child.kill(signal);
      await once(child, 'close');
      running.delete(child);
    },
  };
}

const numbersOf = (files: readonly ReadFile[]): number[] =>
  files.flatMap(({ listing }) =>
    listing.packets.map(({ data }) => Buffer.from(data.slice(0, 4), 'latin1').readUInt32BE(0)),
  );

const gapsIn = (file: ReadFile | undefined): GapNote[] =>
  file?.notes.flatMap(({ note }) => (note.note === 'gap' ? [note] : [])) ?? [];

/** The process that was killed left a gap at the end of its last file; the first file of the next one says how long. */
function checkRestart(files: readonly ReadFile[], first: number): void {
  const index = files.findIndex((file) => numbersOf([file]).some((number) => number >= first));
  const cut = gapsIn(files[index - 1]).at(-1);
  expect(cut).toMatchObject({ to: null, why: 'the collector was ended' });
  const gap = gapsIn(files[index]).find(({ to }) => to !== null);
  expect(gap).toMatchObject({ from: cut?.from, why: 'the collector was ended' });
  const before = files.slice(0, index).flatMap(({ listing }) => listing.packets);
  expect(BigInt(gap?.from ?? 0)).toBeGreaterThanOrEqual(before.at(-1)?.epoch ?? 0n);
  expect(BigInt(gap?.to ?? 0)).toBeLessThanOrEqual(files[index]?.listing.packets[0]?.epoch ?? 0n);
}

it('what a killed collector had flushed is readable at once, and the next one closes its file and notes the gap', async () => {
  const into = path.join(folder, 'data');
  const ring = path.join(into, 'ring');
  const starts: number[] = [];
  const ends: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const first = round * 1_000_000;
    const run = record(into, first);
    await expect.poll(run.flushed).toBeGreaterThan(first);
    await new Promise((resolve) => setTimeout(resolve, 137 * round));
    const flushed = run.flushed();
    await run.end('SIGKILL');
    const numbers = numbersOf(readCaptures(ring)).filter((number) => number >= first);
    expect(numbers).toEqual(numbers.map((_, i) => first + i));
    expect(numbers.at(-1)).toBeGreaterThanOrEqual(flushed);
    starts.push(first);
    ends.push(numbers.at(-1)!);
  }
  const last = record(into, ROUNDS * 1_000_000);
  await expect.poll(last.flushed).toBeGreaterThan(0);
  await last.end('SIGTERM');

  const files = readCaptures(ring);
  expect(fs.readdirSync(ring).filter((name) => !name.endsWith('.pcapng'))).toEqual([]);
  expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
  const numbers = files.map(({ name }) => Number(/(\d+)\.pcapng$/.exec(name)?.[1]));
  expect(files.map(({ notes }) => notes[0]?.note)).toMatchObject(
    numbers.map((number) => ({ note: 'file', number })),
  );
  for (const [round, first] of starts.entries()) {
    const own = numbersOf(files).filter((number) => number >= first && number < first + 1_000_000);
    expect(own).toEqual(Array.from({ length: ends[round]! - first + 1 }, (_, i) => first + i));
    checkRestart(files, first + 1_000_000);
  }
  checkPins(path.join(into, 'pins'), files);
});

/** Each start pinned; those whose end was past when the process was killed are completed by a later one. */
function checkPins(folderOfPins: string, files: readonly ReadFile[]): void {
  const pins = fs.readdirSync(folderOfPins).map((id) => path.join(folderOfPins, id));
  expect(pins.length).toBeGreaterThan(0);
  for (const pin of pins.slice(0, -1)) {
    const { state } = JSON.parse(fs.readFileSync(path.join(pin, 'pin.json'), 'utf8')) as { state: string };
    expect(state).toBe('complete');
  }
  const pinned = new Set(pins.flatMap((pin) => fs.readdirSync(pin)));
  expect(files.map(({ name }) => name).filter((name) => !pinned.has(name)).length).toBeLessThanOrEqual(
    files.length / 2,
  );
}
