/**
 * Property tests draw the same cases in every run, so that a run that fails here
 * fails everywhere. `FC_SEED=7 npm test` draws others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
