/**
 * Mutated captures through the whole analysis. `npm test` tries 1000; a long run
 * is `STALLSCOPE_FUZZ_INPUTS=100000 npx vitest run test/fuzz/analysis.slow`,
 * and one input again is `STALLSCOPE_FUZZ_SEED=<seed> STALLSCOPE_FUZZ_INPUTS=1 …`.
 */
import { test } from 'vitest';
import { expectLaws } from './mutated-analysis.ts';

const INPUTS = Number(process.env.STALLSCOPE_FUZZ_INPUTS ?? 1000);
const FIRST_SEED = Number(process.env.STALLSCOPE_FUZZ_SEED ?? 1);

test(
  `${INPUTS} mutated captures: no throw, no hang, a valid report`,
  { timeout: 60_000 + INPUTS * 250 },
  () => expectLaws(INPUTS, FIRST_SEED),
);
