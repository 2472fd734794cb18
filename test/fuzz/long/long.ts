/**
 * `npm run fuzz -- long`: batch after batch of mutated inputs, every target in its turn, in one child at
 * the lowest priority. What was tried is counted in `.cache/fuzz/long.json`, and the next run goes on there.
 * Inputs that break something are saved in `.cache/fuzz/found/`, each kind once. Exit code 1 where there is one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { kindOf } from '../faults.ts';
import { SupervisedChild } from '../supervised.ts';
import type { LongJob, LongReply } from './child.ts';
import { TARGETS, type Target } from './targets.ts';

const FOLDER = '.cache/fuzz';
const FOUND = join(FOLDER, 'found');
const STATE = join(FOLDER, 'long.json');
const PROGRESS = join(FOLDER, 'input-number');
const LIMITS = { ms: 180_000, heapMiB: 1024 };
/** Of memory held by the child; what it keeps between batches is the same ones again. */
const MOST_MIB = 1500;

export interface LongOptions {
  readonly seconds: number;
  readonly only: string | undefined;
  /** This input alone. */
  readonly seed?: number;
}

interface State {
  /** By target: inputs tried, which is also the next one's number. */
  readonly tried: Record<string, number>;
  /** By kind: how often, and where the first was saved. */
  readonly found: Record<string, { count: number; readonly file: string; readonly fault: string }>;
}

type Child = SupervisedChild<LongJob, LongReply>;

/** Exit code. */
export async function runLong({ seconds, only, seed }: LongOptions): Promise<number> {
  const targets = TARGETS.filter(({ name }) => only === undefined || name === only);
  if (targets.length === 0 || !(seconds > 0)) {
    process.stderr.write(`no such target or time; targets: ${TARGETS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  mkdirSync(FOUND, { recursive: true });
  setPriority(constants.priority.PRIORITY_LOW);
  const state = readState();
  const foundBefore = Object.keys(state.found).length;
  const child: Child = new SupervisedChild(join(FOLDER, 'long-child.mjs'), LIMITS);
  if (seed !== undefined) await runBatch(child, targets[0]!, seed, 1, state);
  else {
    const end = performance.now() + seconds * 1000;
    for (let turn = 0; performance.now() < end; turn++) {
      const target = targets[turn % targets.length]!;
      const first = state.tried[target.name] ?? 1;
      state.tried[target.name] = await runBatch(child, target, first, target.batch, state);
      writeState(state);
    }
  }
  child.end();
  process.stdout.write(summaryOf(state));
  return Object.keys(state.found).length > foundBefore ? 1 : 0;
}

/** The next input's number. */
async function runBatch(
  child: Child,
  target: Target,
  first: number,
  count: number,
  state: State,
): Promise<number> {
  const job = { target: target.name, firstSeed: first, count, progress: PROGRESS };
  const outcome = await child.ask(job);
  if (outcome.kind === 'done') {
    for (const { seed, story, fault, bytes } of outcome.reply.found)
      note(state, target.name, seed, story, fault, bytes);
    if ((outcome.peakMiB ?? 0) > MOST_MIB) {
      note(
        state,
        target.name,
        first,
        '',
        `memory: ${Math.round(outcome.peakMiB ?? 0)} MiB`,
        new Uint8Array(),
      );
      child.end();
    }
    return first + count;
  }
  const at = inputReached(first, count);
  // A busy machine may not let a batch end in time; an input that hangs does so alone as well.
  if (outcome.kind === 'hung' && count > 1) return runBatch(child, target, at, 1, state);
  const fault =
    outcome.kind === 'hung' ? `no end after ${Math.round(outcome.ms)} ms` : `crash: ${outcome.how}`;
  note(state, target.name, at, '', fault, new Uint8Array());
  return at + 1;
}

/** By the child's own word, which is of an earlier batch where it got no further than to its start. */
function inputReached(first: number, count: number): number {
  const at = existsSync(PROGRESS) ? Number(readFileSync(PROGRESS, 'utf8')) : first;
  return at >= first && at < first + count ? at : first;
}

function note(
  state: State,
  target: string,
  seed: number,
  story: string,
  fault: string,
  bytes: Uint8Array,
): void {
  const kind = `${target}: ${kindOf(fault)}`;
  const known = state.found[kind];
  if (known !== undefined) {
    known.count++;
    return;
  }
  const file = join(FOUND, `${target}-${seed}`);
  state.found[kind] = { count: 1, file, fault };
  writeFileSync(`${file}.bin`, bytes);
  writeFileSync(`${file}.txt`, `target ${target}, input ${seed}\n${story}\n${fault}\n`);
  process.stdout.write(
    `FOUND ${target} ${seed} (${story})\n  ${fault.split('\n').slice(0, 6).join('\n  ')}\n`,
  );
}

function readState(): State {
  if (!existsSync(STATE)) return { tried: {}, found: {} };
  return JSON.parse(readFileSync(STATE, 'utf8')) as State;
}

function writeState(state: State): void {
  writeFileSync(`${STATE}.new`, JSON.stringify(state, null, 1));
  renameSync(`${STATE}.new`, STATE);
}

function summaryOf({ tried, found }: State): string {
  const counts = Object.entries(tried).map(([name, next]) => [name, next - 1] as const);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return [
    ...counts.map(
      ([name, count]) => `${name.padEnd(20)}${count.toLocaleString('en-US').padStart(12)} inputs\n`,
    ),
    `${'all'.padEnd(20)}${all.toLocaleString('en-US').padStart(12)} inputs, ${Object.keys(found).length} kinds of faults\n`,
  ].join('');
}
