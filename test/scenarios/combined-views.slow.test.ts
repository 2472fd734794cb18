/**
 * Views that nobody planned: some of the captures, in any order, with or
 * without names, clocks, logs. Each may say little; none may say what is wrong.
 * The trap: with so little the true cause may stand far down among the
 * candidates, and a stall may not have lasted long enough to be called a hang.
 * That is long-winded, and not wrong.
 */
import { describe, expect, test } from 'vitest';
import { combinedView } from './combined-views.ts';
import { IS_WHOLE } from './sample.ts';
import { allScenarios, type Scenario } from './scenario.ts';
import { type Cell, cellOf, wrongText } from './table.ts';
import { brokenLaws } from './view-laws.ts';

/** Views of every scenario, each with others. More: `VIEWS=200 npx vitest run test/scenarios/combined-views`. */
const COUNT = Number(process.env.VIEWS ?? (IS_WHOLE ? 12 : 3));

/** Undecided, with nothing ruled out that is true, and no cause decided that is not. */
function isOpen({ truth }: Scenario, { flow, why }: Cell): boolean {
  if (why.startsWith('the true cause is candidate')) return true;
  if (flow?.outcome !== 'undecided') return false;
  return flow.cause === null
    ? flow.candidates.some((c) => truth.cause.includes(c))
    : truth.cause.includes(flow.cause);
}

describe.each(allScenarios())('$name', (scenario) => {
  test(`no wrong answer in ${COUNT} views at random`, () => {
    const wrong = Array.from({ length: COUNT }, (_, seed) => combinedView(scenario, seed)).flatMap((view) => {
      const cell = cellOf(scenario, view);
      const isWrong = cell?.verdict === 'wrong' && !isOpen(scenario, cell);
      return [...(isWrong ? [wrongText(scenario, view, cell)] : []), ...brokenLaws(scenario, view)];
    });
    expect(wrong, wrong.join('\n')).toEqual([]);
  }, 240_000);
});
