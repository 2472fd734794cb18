/**
 * What a long run tries, by name: each makes input number `seed`, and tells what it breaks. Bases are the
 * captures of `test/fixtures/` and, where `npm run fuzz -- foreign` fetched them, small ones of other people.
 */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ApiSession } from '../api-session.ts';
import { readBaseCaptures } from '../base-captures.ts';
import { checkCompressed } from '../compressed.ts';
import { makeInput, VANTAGES } from '../inputs.ts';
import { checkJournalText, makeJournal, readBaseJournals } from '../journals.ts';
import { checkLaws } from '../laws.ts';
import { BYTE_MUTATIONS, pick } from '../mutations.ts';
import { baseFiles, baseFrames, decoderInput, mutated, randomOf, readerInput, type Tried } from './bases.ts';

const FIXTURES = 'test/fixtures/captures';
const FOREIGN = '.cache/foreign/packages';
const WORKER = '.cache/fuzz/analysis-worker.mjs';

export interface Target {
  readonly name: string;
  /** Inputs of one batch: about a second's worth. */
  readonly batch: number;
  /** Made once a process, when it is first needed. */
  start(): Promise<(seed: number) => Tried | Promise<Tried>>;
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
      const frames = baseFrames(baseFiles(FIXTURES, FOREIGN));
      return (seed) => decoderInput(seed, frames);
    },
  },
  {
    name: 'reader',
    batch: 300,
    async start() {
      const files = baseFiles(FIXTURES, FOREIGN);
      return (seed) => readerInput(seed, files);
    },
  },
  {
    name: 'compressed',
    batch: 400,
    async start() {
      const files = packed(baseFiles(FIXTURES, FOREIGN));
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
      const files = baseFiles(FIXTURES, FOREIGN);
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
      const files = baseFiles(FIXTURES, FOREIGN);
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
