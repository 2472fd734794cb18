/**
 * The law of gaps: for a hole in any one capture, noted by its collector, the answer is what it was without, or open
 * with the true cause among the candidates; never another, and no claim of absence rests on the hole.
 */
import { describe, expect, test } from 'vitest';
import { absentIn, diagnoseWith, type Hole, holesOf, whyWrongWith } from './holes.ts';
import { allScenarios } from './scenario.ts';
import { diagnoseInputs, labelled } from './together.ts';

const VIEWS: Readonly<Record<string, (file: string) => boolean>> = {
  'all captures': () => true,
  'the client alone': (file) => file.startsWith('client'),
  'both ends': (file) => !file.startsWith('node'),
  'the client and node B': (file) => /^client|^node-b/.test(file),
};
/** Of the holes of a capture every third, another one in each: all of them take minutes. */
const STEP = 3;

describe.each(allScenarios())('$name', (scenario) => {
  test.each(Object.entries(VIEWS))('%s, one of them with a hole', (_, isGiven) => {
    const given = labelled(scenario).filter(({ file }) => isGiven(file));
    const whole = diagnoseInputs(given);
    const wrong = given.flatMap(({ file }) =>
      holesOf(scenario, file)
        .filter((_hole, i) => (i + file.length) % STEP === 0)
        .flatMap((hole) => {
          const report = diagnoseWith(scenario, hole, isGiven);
          const why = [whyWrongWith(scenario, whole, report), ...absentIn(report, hole)];
          return why.flatMap((w) => (w === null ? [] : [`${nameOf(hole)}: ${w}`]));
        }),
    );
    expect(wrong).toEqual([]);
  });
});

const nameOf = ({ source, from, to }: Hole): string => `${source}, ${from} to ${to}`;
