/**
 * Mutated journals and logs: parsing never throws, what it returns is bounded and
 * of the shape that rules rely on, and a report with them is one.
 * More: `STALLSCOPE_FUZZ_INPUTS=100000 npx vitest run test/fuzz/journal.test.ts`.
 */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Faults } from './faults.ts';
import { checkJournalText, makeJournal, readBaseJournals } from './journals.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/captures', import.meta.url));
const INPUTS = Number(process.env.STALLSCOPE_FUZZ_INPUTS ?? 600);
const FIRST_SEED = Number(process.env.STALLSCOPE_FUZZ_SEED ?? 1);
/** A log of a few KB takes less than a ms. */
const LONGEST_MS = 1000;
test(`${INPUTS} mutated journals: no throw, no hang, bounded, and of use where they can be`, {
  timeout: 60_000 + INPUTS * 50,
}, () => {
  const faults = new Faults();
  const bases = readBaseJournals(FIXTURES);
  let understood = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + INPUTS; seed++) {
    const { story, text } = makeJournal(seed, bases);
    const start = performance.now();
    try {
      const journal = checkJournalText(text, seed % 10 === 0);
      if (journal.understood) understood += 1;
      for (const fault of journal.broken) faults.add(seed, story, fault);
    } catch (error) {
      faults.add(seed, story, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const took = performance.now() - start;
    if (took > LONGEST_MS) faults.add(seed, story, `takes ${Math.round(took)} ms`);
  }
  expect(String(faults)).toBe('');
  // Most mutations leave some lines whole: those must still count.
  expect(understood).toBeGreaterThan(INPUTS / 2);
});
