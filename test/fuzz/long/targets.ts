/**
 * What a long run tries, by name: each makes input number `seed`, and tells what it breaks. Bases are the
 * captures of `test/fixtures/` and, where `npm run fuzz -- foreign` fetched them, small ones of other people.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createCaptureReader } from '../../../packet/file/reader.ts';
import { listCapture, listChunks, splitEvery } from '../../../packet/file/test-listing.ts';
import { createRandom } from '../../random-tcp.ts';
import { ApiSession } from '../api-session.ts';
import { readBaseCaptures } from '../base-captures.ts';
import { checkCompressed } from '../compressed.ts';
import { checkDecoders, type FuzzFrame, mutateFrame } from '../decoders.ts';
import { toPcap, toPcapng } from '../files.ts';
import { findCaptures } from '../foreign/capture-files.ts';
import { makeInput } from '../inputs.ts';
import { checkJournalText, makeJournal, readBaseJournals } from '../journals.ts';
import { checkLaws } from '../laws.ts';
import { BYTE_MUTATIONS, pick, type Random } from '../mutations.ts';
import { mutateStructure } from '../structure.ts';

const FIXTURES = 'test/fixtures/captures';
const FOREIGN = '.cache/foreign/packages';
const WORKER = '.cache/fuzz/analysis-worker.mjs';
const MOST_FOREIGN_BYTES = 40_000;
const VANTAGES = [
  undefined,
  undefined,
  { host: 'client' },
  { host: 'server' },
  { host: 'node-b', side: 'out' as const },
];

export interface Tried {
  /** What was done, for whoever has to understand it. */
  readonly story: string;
  /** The input, to be saved with a fault. */
  readonly bytes: Uint8Array;
  readonly broken: readonly string[];
}

export interface Target {
  readonly name: string;
  /** Inputs of one batch: about a second's worth. */
  readonly batch: number;
  /** Made once a process, when it is first needed. */
  start(): Promise<(seed: number) => Tried | Promise<Tried>>;
}

/** Neighbouring seeds begin alike. */
function randomOf(seed: number): Random {
  const random = createRandom(seed);
  for (let i = 0; i < 8; i++) random(2);
  return random;
}

/** Whole small files, of other people and our own, in both formats. */
function baseFiles(): Uint8Array[] {
  const random = randomOf(1);
  const own = readBaseCaptures(FIXTURES).flatMap(({ packets }) => {
    const few = packets.slice(0, 40);
    return [toPcap(few, 1, random), toPcapng(few, 1, random)];
  });
  const foreign = existsSync(FOREIGN)
    ? findCaptures(FOREIGN)
        .map((name) => join(FOREIGN, name))
        .filter((path) => statSync(path).size < MOST_FOREIGN_BYTES)
        .map((path) => readFileSync(path))
    : [];
  return [...own, ...foreign];
}

function baseFrames(files: readonly Uint8Array[]): FuzzFrame[] {
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

function mutated(files: readonly Uint8Array[], random: Random): { story: string; bytes: Uint8Array } {
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

/** gzip is ours to make; zstd and lz4 where their commands are. */
function packed(files: readonly Uint8Array[]): Uint8Array[] {
  const few = files
    .filter((_, i) => i % Math.ceil(files.length / 30) === 0)
    .map((bytes) => bytes.subarray(0, 8000));
  const by = (command: string, ...args: string[]): Uint8Array[] =>
    few.flatMap((input) => {
      try {
        return [execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'ignore'] })];
      } catch {
        return [];
      }
    });
  return [
    ...few.map((bytes) => gzipSync(bytes)),
    ...by('zstd', '-qc', '--check'),
    ...by('zstd', '-qc', '-19'),
    ...by('lz4', '-qc', '-BD'),
    ...by('lz4', '-qc', '-l'),
  ];
}

export const TARGETS: readonly Target[] = [
  {
    name: 'decoders',
    batch: 20_000,
    async start() {
      const frames = baseFrames(baseFiles());
      return (seed) => {
        const random = randomOf(seed);
        const frame = mutateFrame(pick(random, frames), pick(random, frames), random);
        const story = `link type ${frame.linkType}, ${frame.originalLength} bytes on the wire`;
        return { story, bytes: frame.data, broken: checkDecoders(frame) };
      };
    },
  },
  {
    name: 'reader',
    batch: 300,
    async start() {
      const files = baseFiles();
      return (seed) => {
        const random = randomOf(seed);
        const { story, bytes } = mutated(files, random);
        return { story, bytes, broken: checkReader(bytes, random) };
      };
    },
  },
  {
    name: 'compressed',
    batch: 400,
    async start() {
      const files = packed(baseFiles());
      return async (seed) => {
        const random = randomOf(seed);
        const [name, mutate] = pick(random, Object.entries(BYTE_MUTATIONS));
        const bytes = mutate(pick(random, files), random);
        return { story: name, bytes, broken: await checkCompressed(bytes, seed) };
      };
    },
  },
  {
    name: 'journal',
    batch: 1000,
    async start() {
      const bases = readBaseJournals(FIXTURES);
      return (seed) => {
        const { story, text } = makeJournal(seed, bases);
        const bytes = new TextEncoder().encode(text);
        return { story, bytes, broken: checkJournalText(text, seed % 20 === 0).broken };
      };
    },
  },
  {
    name: 'analysis',
    batch: 30,
    async start() {
      const bases = readBaseCaptures(FIXTURES);
      return (seed) => {
        const { story, bytes } = makeInput(seed, bases);
        return { story, bytes, broken: lawsOf(bytes, seed) };
      };
    },
  },
  {
    name: 'foreign-analysis',
    batch: 30,
    async start() {
      const files = baseFiles();
      return (seed) => {
        const { story, bytes } = mutated(files, randomOf(seed));
        return { story, bytes, broken: lawsOf(bytes, seed) };
      };
    },
  },
  {
    name: 'api',
    batch: 150,
    async start() {
      const files = baseFiles();
      const session = await ApiSession.start(pathToFileURL(WORKER), FIXTURES);
      process.once('SIGTERM', () => void session.end().finally(() => process.exit(0)));
      return async (seed) => {
        const { bytes } = mutated(files, randomOf(seed));
        return { ...(await session.check(seed, bytes)), bytes };
      };
    },
  },
];

function lawsOf(bytes: Uint8Array, seed: number): string[] {
  const vantage = VANTAGES[seed % VANTAGES.length];
  // A busy machine, at the lowest priority.
  return checkLaws(bytes, { seed, longestMs: 10_000, ...(vantage === undefined ? {} : { vantage }) });
}
