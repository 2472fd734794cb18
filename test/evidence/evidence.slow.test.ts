/**
 * The evidence of every report, re-read with tshark: each cited frame exists,
 * belongs to whom the claim says and shows what it says, and the numbers in the
 * sentences come out the same. From the client's capture alone, from node B's,
 * from all of them, and from all of them without their names.
 */
import { describe, expect, test } from 'vitest';
import { allScenarios, captureBytes, type Scenario } from '../scenarios/scenario.ts';
import { ALL, CLIENT, diagnoseView, givenOf, NODE_B, SHUFFLED, type View } from '../scenarios/views.ts';
import { detectTshark } from '../tshark.ts';
import { checkClaims, checkMarks } from './check-claims.ts';
import { checkIncident } from './check-incident.ts';
import { recompute } from './check-numbers.ts';
import { type Frames, readWithTshark } from './tshark-reader.ts';
import { Witness } from './witness.ts';

const VIEWS: readonly View[] = [CLIENT, NODE_B, ALL, SHUFFLED];
/** tshark reads 30,000 frames a second, and the largest scenario has 350,000. */
const PATIENCE = 240_000;

const tshark = detectTshark();
const total = new Map<string, number>();

function witnessOf(scenario: Scenario, view: View, read: ReadonlyMap<string, Frames>): Witness | null {
  const diagnosis = diagnoseView(scenario, view);
  if (diagnosis === null) return null;
  const { report, given } = diagnosis;
  const frames = report.captures.map(({ id }): [string, Frames] => [
    id,
    read.get(givenOf(report, given, id)?.source ?? '') ?? new Map(),
  ]);
  return new Witness(report, new Map(frames));
}

/** What tshark does not confirm, a line each. */
function refuted(witness: Witness, view: View): string[] {
  const numbers = recompute(witness);
  const incident = checkIncident(witness);
  for (const count of [numbers.count, incident.count]) {
    for (const [kind, n] of Object.entries(count)) total.set(kind, (total.get(kind) ?? 0) + n);
  }
  const wrong = [...checkClaims(witness), ...checkMarks(witness), ...numbers.wrong, ...incident.wrong];
  return wrong.map((text) => `[${view.name}] ${text}`);
}

describe.skipIf(tshark === null)(`evidence, re-read with tshark ${tshark ?? '(which is missing)'}`, () => {
  test.each(allScenarios())(
    '$name',
    async (scenario) => {
      const captures = scenario.captures.map((name) => ({ name, bytes: captureBytes(scenario, name) }));
      const read = await readWithTshark(captures);
      const wrong = VIEWS.flatMap((view) => {
        const witness = witnessOf(scenario, view, read);
        return witness === null ? [] : refuted(witness, view);
      });
      // All of them: the message of a list is cut.
      expect(wrong, wrong.join('\n')).toEqual([]);
    },
    PATIENCE,
  );

  // Sentences may be reworded; then the patterns that find their numbers must follow.
  test.each([
    ['stall', 200],
    ['frames of a stall', 200],
    ['first and last frame', 200],
    ['captures that show it', 200],
    ['stream numbers', 200],
    ['unanswered probes', 20],
    ['stuck bytes', 10],
    ['time after the last progress', 90],
    ['coverage', 60],
    ['absence', 20],
    ['repeats', 4],
    ['segments that came to a node', 30],
    ['segments that left a node', 4],
    ['segments that an end sent', 4],
    ['segments that a node made', 8],
    ['segments that did not leave a node', 30],
    ['segments that came to no node', 4],
    ['an end that no node heard', 2],
    ['frames of a series', 38],
    ['time until it went on', 30],
    ['time from node to node', 4],
    ['port of another connection', 30],
    ['mark of a node', 100],
    ['mark of a MAC', 4],
    ['initial sequence number', 60],
    ['addresses on both sides', 8],
  ])('%s: worked out again at least %i times', (kind, least) => {
    expect(total.get(kind) ?? 0).toBeGreaterThanOrEqual(least);
  });
});
