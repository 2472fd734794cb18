/**
 * The law of gaps: for a hole in any one capture, noted by its collector, the answer is what it was without, or open
 * with the true cause among the candidates; never another, and no claim of absence rests on the hole.
 */
import { describe, expect, test } from 'vitest';
import { absentIn, diagnoseWith, type Hole, holesOf, whyWrongWith } from './holes.ts';
import { oneInTurn } from './sample.ts';
import { allScenarios } from './scenario.ts';
import { diagnoseInputs, labelled } from './together.ts';

/** `npm run test:all` has a hundred of them for a scenario. */
const PATIENCE = 300_000;

const VIEWS: Readonly<Record<string, (file: string) => boolean>> = {
  'all captures': () => true,
  'the client alone': (file) => file.startsWith('client'),
  'both ends': (file) => !file.startsWith('node'),
  'the client and node B': (file) => /^client|^node-b/.test(file),
};
/** Of all holes of a scenario in a view one in so many, others in each; all of them take ten minutes. */
const STEP = 17;

describe.each(allScenarios().map((scenario, at) => ({ ...scenario, scenario, at })))(
  '$name',
  ({ scenario, at }) => {
    test.each(Object.entries(VIEWS).map(([name, isGiven], way) => ({ name, isGiven, way })))(
      '$name, one of them with a hole',
      ({ isGiven, way }) => {
        const given = labelled(scenario).filter(({ file }) => isGiven(file));
        const whole = diagnoseInputs(given);
        const holes = given.flatMap(({ file }) => holesOf(scenario, file));
        const some = oneInTurn(holes, 5 * at + way, Math.min(STEP, holes.length));
        const wrong = some.flatMap((hole) => {
          const report = diagnoseWith(scenario, hole, isGiven);
          const why = [whyWrongWith(scenario, whole, report), ...absentIn(report, hole)];
          return why.flatMap((w) => (w === null ? [] : [`${nameOf(hole)}: ${w}`]));
        });
        expect(wrong).toEqual([]);
      },
      PATIENCE,
    );
  },
);

const nameOf = ({ source, from, to }: Hole): string => `${source}, ${from} to ${to}`;
