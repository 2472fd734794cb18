/**
 * Captures that lack something: every frame cut to 64 bytes, or every second
 * frame not there. They may leave open what whole ones decide, and may not make
 * the answer a wrong one that is sure of itself.
 * The trap: a frame that a capture lost looks like one that a node kept.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { oneInTurn } from './sample.ts';
import { allScenarios, type Scenario } from './scenario.ts';
import { cutTo, diagnoseInputs, type Input, labelled, labelOf, rewritten, whyWrong } from './together.ts';
import { findFlows } from './truth-flow.ts';

/** Ethernet, IPv4 and TCP without options, and ten bytes. */
const SHORT_SNAPLEN = 64;

/** Captures of which every second frame is left out; `start` is the first that is kept. */
function thinned(scenario: Scenario, name: string, start: number): Input[] {
  return labelled(scenario).map((input) => {
    if (!input.file.startsWith(name)) return input;
    const everySecond = rewritten(scenario, input.file, ({ records }) =>
      records.filter((_, i) => i % 2 === start),
    );
    return { ...input, bytes: everySecond };
  });
}

/** The frames of one place that are left out: every second, from this one on. */
interface Thinned {
  readonly name: string;
  readonly start: number;
}

const PLACES = ['node-a', 'node-b', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out'];
/** One in so many of them, in turn. */
const STEP = 4;

/** What captures say; each made once, when it is first asked for. */
function reportsOf(scenario: Scenario): { whole: () => Report; thinnedAt: (which: Thinned) => Report } {
  const made = new Map<string, Report>();
  const once = (key: string, inputs: () => Input[]): Report => {
    const report = made.get(key) ?? diagnoseInputs(inputs());
    made.set(key, report);
    return report;
  };
  return {
    whole: () => once('whole', () => labelled(scenario)),
    thinnedAt: ({ name, start }) => once(`${name} from ${start}`, () => thinned(scenario, name, start)),
  };
}

describe.each(allScenarios().map((scenario, at) => ({ ...scenario, scenario, at })))(
  '$name',
  ({ scenario, at }) => {
    const { whole, thinnedAt } = reportsOf(scenario);

    // Of a proxied flow little is left: its legs are known by what they carry, which is not there.
    test('cut to 64 bytes: not wrong', () => {
      const inputs = scenario.captures.map((file) => ({
        file,
        vantage: labelOf(file),
        bytes: rewritten(scenario, file, cutTo(SHORT_SNAPLEN)),
      }));
      expect(whyWrong(diagnoseInputs(inputs), scenario)).toBeNull();
    });

    const all = PLACES.filter((name) => scenario.captures.some((file) => file.startsWith(name))).flatMap(
      (name) => [0, 1].map((start): Thinned => ({ name, start })),
    );
    const some = oneInTurn(all, at, STEP);

    test.each(some)('every second frame of $name lost, from $start on: nothing wrong is sure', (which) => {
      const report = thinnedAt(which);
      const isSure = findFlows(report, scenario)[0]?.confidence === 'high';
      expect(isSure ? whyWrong(report, scenario) : null).toBeNull();
    });

    test.each(some)(
      'every second frame of $name lost, from $start on: no node is sure to have kept what it passed on',
      (which) => {
        const kept = thinnedAt(which).flows.filter(
          (f) =>
            f.confidence === 'high' && f.claims.some((c) => /did not leave|none of them left/.test(c.text)),
        );
        const causes = new Map(whole().flows.map((f) => [f.id, f.cause]));
        const more = kept.filter((f) => causes.has(f.id) && causes.get(f.id) !== f.cause);
        expect(more.map((f) => `${f.id}: ${f.cause}, was ${causes.get(f.id)}`)).toEqual([]);
      },
    );
  },
);
