/**
 * A few seconds of what `npm run fuzz -- long` does for hours: mutated frames through every decoder, and mutated
 * records and blocks through the reader, in chunks. What breaks is saved, and its path printed.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listCapture } from '../../packet/file/test-listing.ts';
import { checkDecoders } from './decoders.ts';
import { Faults } from './faults.ts';
import { baseFiles, baseFrames, decoderInput, readerInput } from './long/bases.ts';
import { splitCapture } from './structure.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/captures', import.meta.url));
const files = baseFiles(FIXTURES, null);
const frames = baseFrames(files);

function run(
  inputs: number,
  attempt: (seed: number) => { story: string; bytes: Uint8Array; broken: readonly string[] },
): string {
  const faults = new Faults();
  let saved = '';
  for (let seed = 1; seed <= inputs; seed++) {
    const { story, bytes, broken } = attempt(seed);
    for (const fault of broken) faults.add(seed, story, fault);
    if (broken.length > 0 && saved === '') {
      saved = join(mkdtempSync(join(tmpdir(), 'stallscope-fuzz-')), `input-${seed}.bin`);
      writeFileSync(saved, bytes);
    }
  }
  return saved === '' ? '' : `${String(faults)}\nthe first is in ${saved}`;
}

test('3000 mutated frames: no decoder throws, or reads beyond its frame', () => {
  expect(run(3000, (seed) => decoderInput(seed, frames))).toBe('');
});

test('300 mutated files: no throw, and the same in chunks of a few bytes', () => {
  expect(run(300, (seed) => readerInput(seed, files))).toBe('');
});

test('files are taken apart into what they are made of', () => {
  for (const bytes of files) {
    const units = splitCapture(bytes);
    // The head of the file, too.
    expect(units.length).toBeGreaterThan(listCapture(bytes).reader.frames);
    expect(Buffer.concat(units).equals(Buffer.from(bytes))).toBe(true);
  }
});

test('a frame that was not captured to its end is decoded as far as it goes', () => {
  const whole = frames.find(({ data }) => data.length > 60);
  for (let length = 0; length <= (whole?.data.length ?? 0); length++) {
    expect(checkDecoders({ ...whole!, data: whole!.data.subarray(0, length) })).toEqual([]);
  }
});
