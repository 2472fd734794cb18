/** Mutated captures through the whole analysis: what `analysis.test.ts` does with some and `analysis.slow.test.ts` with more. */
import { expect } from 'vitest';
import { readBaseCaptures } from './base-captures.ts';
import { Faults } from './faults.ts';
import { makeInput, VANTAGES } from './inputs.ts';
import { checkLaws } from './laws.ts';

/** Of the heap, above where it was, for inputs of a few hundred KB. */
const MOST_GROWTH = 256 * 1024 * 1024;

/** No throw, no hang, a valid report, of so many inputs from this seed on. */
export function expectLaws(inputs: number, firstSeed: number): void {
  const bases = readBaseCaptures();
  const faults = new Faults();
  const before = process.memoryUsage().heapUsed;
  for (let seed = firstSeed; seed < firstSeed + inputs; seed++) {
    const { story, bytes } = makeInput(seed, bases);
    const vantage = VANTAGES[seed % VANTAGES.length];
    const broken = checkLaws(bytes, { seed, ...(vantage === undefined ? {} : { vantage }) });
    for (const fault of broken) faults.add(seed, story, fault);
  }
  expect(String(faults)).toBe('');
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(MOST_GROWTH);
}
