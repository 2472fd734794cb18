/**
 * What a report says of the clocks against how they were set: offsets and
 * drifts within the error that is printed, and the error no more than the
 * shortest round trip leaves open.
 * The trap: fixtures are in whole µs, so a bound may be off by that much.
 */
import type { Clock, Report } from '../../analyzer/index.ts';
import { recordsOf } from './capture-cache.ts';
import { clockShows, trueTime } from './clock-rewrite.ts';
import type { Scenario } from './scenario.ts';
import { distanceOf, type Place, type Shared, sharedPackets } from './shared-packets.ts';
import { type Diagnosis, type Given, givenOf } from './views.ts';

/** Seconds that whole µs at both ends leave open. */
const ROUNDING = 2e-6;
/** Seconds that the error may exceed half a round trip. */
const ERROR_SLACK = 100e-6;
/** So many packets in each direction must bound the error. */
const ENOUGH_PAIRS = 20;

/** One clock each, where packets are shared, and right. */
export function clocksOff(scenario: Scenario, { report, given }: Diagnosis): string[] {
  const off = report.clocks.flatMap((clock) => clockOff(scenario, report, given, clock));
  const twice = report.clocks.filter((c, i) => report.clocks.findIndex((d) => d.capture === c.capture) < i);
  return [
    ...off,
    ...twice.map((c) => `clock of ${c.capture} is given twice`),
    ...unnamed(scenario, report, given),
  ];
}

function clockOff(scenario: Scenario, report: Report, given: readonly Given[], clock: Clock): string[] {
  const capture = givenOf(report, given, clock.capture);
  const reference = givenOf(report, given, clock.reference);
  if (capture === undefined || reference === undefined) return ['a clock names a capture that is not there'];
  const name = `clock of ${capture.source} by ${reference.source}`;
  const shared = sharedOf(scenario, capture, reference);
  const start = momentOf(scenario, clock, capture);
  const places = [start, shared.firstTime ?? start, shared.lastTime ?? start];
  const { error } = clock;
  const off = places.flatMap((time) => {
    const set = Number(clockShows(capture.clock, time) - clockShows(reference.clock, time)) / 1e9;
    const after = Number(time - start) / 1e9;
    const by = Math.abs(clock.offset + after * clock.skewPpm * 1e-6 - set);
    if (error === null || by <= errorOn(clock, capture.clock, time) + ROUNDING) return [];
    return [`${name}: off by ${toMicros(by)} ${after.toFixed(1)} s on, and the error is ${toMicros(error)}`];
  });
  const bound = largestError(shared);
  if (bound !== null && !(error !== null && error <= bound)) {
    const said = error === null ? 'not known' : toMicros(error);
    off.push(`${name}: the error is ${said}, and packets both ways leave ${toMicros(bound)}`);
  }
  return [...new Set(off)];
}

/** The printed error where it holds, and what the uncertain drift adds outside of that. */
function errorOn(clock: Clock, own: Given['clock'], time: bigint): number {
  const shown = clockShows(own, time);
  const { error, from, until, skewErrorPpm = 0 } = clock;
  if (from === undefined || until === undefined) return error ?? 0;
  const outside = Math.max(0, Number(BigInt(from) - shown), Number(shown - BigInt(until))) / 1e9;
  return (error ?? 0) + outside * skewErrorPpm * 1e-6;
}

/** The true time for which the offset is given; `at` is by the capture's own clock. */
function momentOf(scenario: Scenario, clock: Clock, capture: Given): bigint {
  const { records } = recordsOf(scenario, capture.source);
  if (clock.at === undefined) return records[0]?.time ?? 0n;
  return trueTime(capture.clock, BigInt(clock.at));
}

/** Half the shortest round trip and the slack, in seconds; null where too few packets are shared to ask for it. */
function largestError({ toServer, toClient }: Shared): number | null {
  if (toServer.packets < ENOUGH_PAIRS || toClient.packets < ENOUGH_PAIRS) return null;
  return Number(toServer.shortest + toClient.shortest) / 1e9 / 2 + ERROR_SLACK;
}

/** Captures whose clock could be known from packets they share, and of which nothing is said. */
function unnamed(scenario: Scenario, report: Report, given: readonly Given[]): string[] {
  const named = new Set(report.clocks.flatMap((c) => [c.capture, c.reference]));
  return report.captures.flatMap(({ id }) => {
    const capture = named.has(id) ? undefined : givenOf(report, given, id);
    if (capture === undefined) return [];
    const tie = given.find((g) => g !== capture && largestError(sharedOf(scenario, capture, g)) !== null);
    return tie === undefined
      ? []
      : [`no clock of ${capture.source}, which shares packets with ${tie.source}`];
  });
}

const known = new WeakMap<Scenario, Map<string, Shared>>();

function sharedOf(scenario: Scenario, a: Given, b: Given): Shared {
  const ofScenario = known.get(scenario) ?? new Map<string, Shared>();
  known.set(scenario, ofScenario);
  const key = `${a.source} ${b.source}`;
  let found = ofScenario.get(key);
  if (found === undefined) {
    const [here, there] = [a, b].map(({ source }) => ({
      file: recordsOf(scenario, source),
      distance: distanceOf(source),
    })) as [Place, Place];
    found = sharedPackets(here, there, scenario.truth.flow.serverPort);
    ofScenario.set(key, found);
  }
  return found;
}

const toMicros = (seconds: number): string => `${(seconds * 1e6).toFixed(1)} µs`;
