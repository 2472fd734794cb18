/** Runs batches of a target for `long.ts`. Before each input its number is written down: a hang tells nothing else. */
import { openSync, writeSync } from 'node:fs';
import type { Tried } from './bases.ts';
import { TARGETS } from './targets.ts';

export interface LongJob {
  readonly target: string;
  readonly firstSeed: number;
  readonly count: number;
  /** Gets the number of the input that is being tried. */
  readonly progress: string;
}

export interface LongReply {
  readonly found: readonly {
    readonly seed: number;
    readonly story: string;
    readonly fault: string;
    readonly bytes: Uint8Array;
  }[];
}

const MOST_FOUND = 20;
const started = new Map<string, (seed: number) => Tried | Promise<Tried>>();

async function run({ target, firstSeed, count, progress }: LongJob): Promise<LongReply> {
  const file = openSync(progress, 'w');
  let attempt = started.get(target);
  if (attempt === undefined) {
    attempt = await TARGETS.find(({ name }) => name === target)!.start();
    started.set(target, attempt);
  }
  const found: LongReply['found'][number][] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    writeSync(file, String(seed).padEnd(16), 0);
    const { story, bytes, broken } = await safely(attempt, seed);
    for (const fault of broken) if (found.length < MOST_FOUND) found.push({ seed, story, fault, bytes });
  }
  return { found };
}

async function safely(attempt: (seed: number) => Tried | Promise<Tried>, seed: number): Promise<Tried> {
  try {
    return await attempt(seed);
  } catch (error) {
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { story: '', bytes: new Uint8Array(), broken: [fault] };
  }
}

process.on('message', (job: LongJob) => {
  run(job).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      process.stderr.write(String(error));
      process.exit(1);
    },
  );
});
