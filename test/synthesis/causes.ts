/**
 * Every synthesised failover with six captures: two settings a cause, so that
 * no rule can be fitted to one picture, and controls without any failover.
 */
import { CLASS_SCENARIOS } from './causes/classes.ts';
import { END_SCENARIOS } from './causes/ends.ts';
import { INNOCENT_SCENARIOS } from './causes/innocent.ts';
import { PATH_SCENARIOS } from './causes/path.ts';
import type { SynthesisedScenario } from './causes/scenario.ts';
import { STATE_SCENARIOS } from './causes/state.ts';
import { STEERING_SCENARIOS } from './causes/steering.ts';
import { TRANSLATION_SCENARIOS } from './causes/translation.ts';

export type { FlowTruth, SynthesisedScenario, Truth } from './causes/scenario.ts';

/** In the order of the files; the controls are last. */
export const CAUSE_SCENARIOS: readonly SynthesisedScenario[] = [
  ...STATE_SCENARIOS,
  ...TRANSLATION_SCENARIOS,
  ...CLASS_SCENARIOS,
  ...STEERING_SCENARIOS,
  ...PATH_SCENARIOS,
  ...END_SCENARIOS,
  ...INNOCENT_SCENARIOS,
];
