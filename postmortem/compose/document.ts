/** A postmortem from its first line to its last, as blocks; the sections are those of Google's and PagerDuty's. */
import type { Postmortem } from '../gather/gather.ts';
import { composeAppendix } from './appendix.ts';
import type { Block } from './block.ts';
import { Context } from './context.ts';
import { composeFactors } from './factors.ts';
import { composeOpen } from './open.ts';
import { composeImpact, composeSummary, composeTitle } from './overview.ts';
import { composeActions, composePeople } from './people.ts';
import { composeTimeline } from './timeline.ts';

export function* composeDocument(facts: Postmortem, context = new Context(facts)): Generator<Block> {
  yield* composeTitle(context);
  yield* composeSummary(context);
  yield* composeImpact(context);
  yield* composeTimeline(context);
  yield* composeFactors(context);
  yield* composeOpen(context);
  yield* composePeople();
  yield* composeActions(context);
  yield* composeAppendix(context);
}
