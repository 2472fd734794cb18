/** What mutations of files and frames begin with, and the two cheapest kinds of input made of them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createCaptureReader } from '../../../packet/file/reader.ts';
import { listCapture, listChunks, splitEvery } from '../../../packet/file/test-listing.ts';
import { createRandom } from '../../random-tcp.ts';
import { readBaseCaptures } from '../base-captures.ts';
import { checkDecoders, type FuzzFrame, mutateFrame } from '../decoders.ts';
import { toPcap, toPcapng } from '../files.ts';
import { findCaptures } from '../foreign/capture-files.ts';
import { BYTE_MUTATIONS, pick, type Random } from '../mutations.ts';
import { mutateStructure } from '../structure.ts';

const MOST_FOREIGN_BYTES = 40_000;

export interface Tried {
  /** What was done, for whoever has to understand it. */
  readonly story: string;
  /** The input, to be saved with a fault. */
  readonly bytes: Uint8Array;
  readonly broken: readonly string[];
}

/** Neighbouring seeds begin alike. */
export function randomOf(seed: number): Random {
  const random = createRandom(seed);
  for (let i = 0; i < 8; i++) random(2);
  return random;
}

/** Whole small files in both formats: our own, and those below the folder `foreign`, where there is one. */
export function baseFiles(fixtures: string, foreign: string | null): Uint8Array[] {
  const random = randomOf(1);
  const own = readBaseCaptures(fixtures).flatMap(({ packets }) => {
    const few = packets.slice(0, 40);
    return [toPcap(few, 1, random), toPcapng(few, 1, random)];
  });
  const others =
    foreign !== null && existsSync(foreign)
      ? findCaptures(foreign)
          .map((name) => join(foreign, name))
          .filter((path) => statSync(path).size < MOST_FOREIGN_BYTES)
          .map((path) => readFileSync(path))
      : [];
  return [...own, ...others];
}

/** The first frames of each. */
export function baseFrames(files: readonly Uint8Array[]): FuzzFrame[] {
  const frames: FuzzFrame[] = [];
  for (const bytes of files) {
    let taken = 0;
    const reader = createCaptureReader({
      packet({ linkType, view, offset, capturedLength, originalLength }) {
        if (taken++ >= 20) return;
        const data = new Uint8Array(view.buffer, view.byteOffset + offset, capturedLength).slice(0, 1600);
        frames.push({ linkType, data, originalLength });
      },
      problem() {},
    });
    reader.push(bytes);
    reader.end();
  }
  return frames;
}

/** One of the files, changed in its structure, and perhaps in its bytes. */
export function mutated(files: readonly Uint8Array[], random: Random): { story: string; bytes: Uint8Array } {
  const made = mutateStructure(pick(random, files), pick(random, files), random);
  const story = [...made.story];
  let { bytes } = made;
  if (random(3) === 0) {
    const [name, mutate] = pick(random, Object.entries(BYTE_MUTATIONS));
    story.push(name);
    bytes = mutate(bytes, random);
  }
  return { story: story.join(', '), bytes };
}

const describe = ({ packets, problems, reader }: ReturnType<typeof listCapture>): string =>
  JSON.stringify(
    [packets, problems, reader.interfaces, reader.notes.comments, reader.frames, reader.truncated],
    (_, v) => (typeof v === 'bigint' ? `${v}n` : v),
  );

function checkReader(bytes: Uint8Array, random: Random): string[] {
  try {
    const whole = describe(listCapture(bytes, bytes.length || 1));
    const size = bytes.length < 3000 ? 1 + random(16) : 1 + random(500);
    const again = describe(listChunks(splitEvery(bytes, size)));
    return whole === again ? [] : [`chunks of a few bytes give another reading`];
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/** Input number `seed` of the decoders. */
export function decoderInput(seed: number, frames: readonly FuzzFrame[]): Tried {
  const random = randomOf(seed);
  const frame = mutateFrame(pick(random, frames), pick(random, frames), random);
  const story = `link type ${frame.linkType}, ${frame.originalLength} bytes on the wire`;
  return { story, bytes: frame.data, broken: checkDecoders(frame) };
}

/** Input number `seed` of the reader. */
export function readerInput(seed: number, files: readonly Uint8Array[]): Tried {
  const random = randomOf(seed);
  const { story, bytes } = mutated(files, random);
  return { story, bytes, broken: checkReader(bytes, random) };
}
