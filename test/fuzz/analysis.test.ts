/** The first mutated captures through the whole analysis: a fault that is not rare shows before a commit. */
import { test } from 'vitest';
import { expectLaws } from './mutated-analysis.ts';

const INPUTS = 50;

test(`${INPUTS} mutated captures: no throw, no hang, a valid report`, () => expectLaws(INPUTS, 1));
