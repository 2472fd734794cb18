/**
 * Every real failover and every control in every view: all captures, with and
 * without their names, with other clocks, over IPv6, without one node, from one
 * place alone. A view may say less than another; none may say what is wrong.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectGolden } from './golden.ts';
import { allScenarios, type Scenario } from './scenario.ts';
import { cellOf, tableRow, tableText, wrongText } from './table.ts';
import { brokenLaws, CHAIN_LAWS, REPORT_LAWS } from './view-laws.ts';
import { ALL, CLIENT, JOURNAL, VIEWS, type View } from './views.ts';

/** A scenario has a dozen views and more, and its captures up to 37 MB. */
const PATIENCE = 240_000;

/**
 * Scenarios whose cause not even all captures decide, with the reason. All
 * others are right with all captures.
 */
const OPEN_WITH_ALL: Readonly<Record<string, string>> = {
  'b-loose-ka5':
    'the keepalive passed first, and its frames are those of rto-60perm; there is no log of node-b',
  'nat-none-rst': 'the keepalive passed first, under the same port; there is no log of node-b',
  'rto-60perm': "the keepalive passed first, and its frames are those of b-loose-ka5; node-b's log tells",
};

const scenarios = allScenarios();

describe.each(scenarios)('$name', (scenario) => {
  test.each(VIEWS)('no wrong answer: $name', (view) => expectNotWrong(scenario, view), PATIENCE);

  test(
    'with all captures the cause is given, unless there is a reason',
    () => {
      const reason = OPEN_WITH_ALL[scenario.name];
      const cell = cellOf(scenario, ALL);
      const said = `${cell?.flow?.outcome} ${cell?.flow?.candidates.join(', ')}`;
      // Open is what is between two causes, not more.
      if (reason !== undefined) expect(cell?.flow?.candidates).toEqual(['rto-backoff', 'midstream-pickup']);
      expect(cell?.verdict, `${said}; ${reason ?? 'no reason is in OPEN_WITH_ALL'}`).toBe(
        reason === undefined ? 'right' : 'open',
      );
    },
    PATIENCE,
  );

  test('with the logs of the nodes the cause is given', () => {
    expect([undefined, 'right']).toContain(cellOf(scenario, JOURNAL)?.verdict);
  });

  test.each(Object.entries(REPORT_LAWS))('%s', (_name, law) => {
    expectNone(VIEWS.flatMap((view) => brokenLaws(scenario, view, [law])));
  });

  test.each(Object.entries(CHAIN_LAWS))('%s', (_name, law) => expectNone(law(scenario)), PATIENCE);
});

function expectNotWrong(scenario: Scenario, view: View): void {
  const cell = cellOf(scenario, view);
  if (cell !== null) expect(cell.verdict, wrongText(scenario, view, cell)).not.toBe('wrong');
}

/** The message has all lines: that of a list is cut. */
const expectNone = (broken: readonly string[]): void => expect(broken, broken.join('\n')).toEqual([]);

test('the column of the client is what client-only.test.ts says', () => {
  const golden = readFileSync('test/golden/scenarios/client-only.txt', 'utf8').trimEnd().split('\n').slice(1);
  const judged = golden.map((line) => [line.split(' ')[0], line.split(' ').at(-1)]);
  expect(scenarios.map((s) => [s.name, cellOf(s, CLIENT)?.verdict])).toEqual(judged);
});

test(
  'the table is that of the golden file',
  () => {
    const rows = scenarios.map((s) => tableRow(s, VIEWS));
    expectGolden('scenarios/views.txt', tableText(rows, VIEWS));
  },
  PATIENCE,
);

test('every scenario that stays open with all captures exists', () => {
  const names = scenarios.map((s) => s.name);
  expect(Object.keys(OPEN_WITH_ALL).filter((name) => !names.includes(name))).toEqual([]);
});
