/**
 * Mutated captures through the whole analysis. `npm test` tries 1000; a long run
 * is `STALLSCOPE_FUZZ_INPUTS=100000 npx vitest run test/fuzz/analysis.test.ts`,
 * and one input again is `STALLSCOPE_FUZZ_SEED=<seed> STALLSCOPE_FUZZ_INPUTS=1 …`.
 */
import { expect, test } from 'vitest';
import { readBaseCaptures } from './base-captures.ts';
import { Faults } from './faults.ts';
import { makeInput } from './inputs.ts';
import { checkLaws } from './laws.ts';

const INPUTS = Number(process.env.STALLSCOPE_FUZZ_INPUTS ?? 1000);
const FIRST_SEED = Number(process.env.STALLSCOPE_FUZZ_SEED ?? 1);
/** Of the heap, above where it was, for inputs of a few hundred KB. */
const MOST_GROWTH = 256 * 1024 * 1024;
const VANTAGES = [
  undefined,
  undefined,
  { host: 'client' },
  { host: 'server' },
  { host: 'node-b', side: 'out' as const },
];

test(`${INPUTS} mutated captures: no throw, no hang, a valid report`, {
  timeout: 60_000 + INPUTS * 50,
}, () => {
  const bases = readBaseCaptures();
  const faults = new Faults();
  const before = process.memoryUsage().heapUsed;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + INPUTS; seed++) {
    const { story, bytes } = makeInput(seed, bases);
    const vantage = VANTAGES[seed % VANTAGES.length];
    const broken = checkLaws(bytes, { seed, ...(vantage === undefined ? {} : { vantage }) });
    for (const fault of broken) faults.add(seed, story, fault);
  }
  expect(String(faults)).toBe('');
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(MOST_GROWTH);
});
