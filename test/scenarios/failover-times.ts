/**
 * The failovers of a report against the truth: how many, and when.
 * The trap: the truth's times are those that the script noted; frames show them
 * only as closely as there were any, and the report says how closely.
 */
import type { Failover, Report } from '../../analyzer/index.ts';
import { recordsOf } from './capture-cache.ts';
import { type SetClock, TRUE_CLOCK, trueTime } from './clock-rewrite.ts';
import type { Scenario } from './scenario.ts';
import { type Diagnosis, type Given, givenOf, hasTrueClocks, isWhole } from './views.ts';

/** Seconds by which a time may miss the truth where the frames stand close. */
const WITHIN = 0.5;
/** There and back. */
const WITH_WAY_BACK = ['u-failback-stale'];
/** Both nodes were active: the old one went on forwarding after what the script calls the loss. */
const BOTH_ACTIVE = /^o-split-/;

const countInTruth = ({ name, control }: Scenario): number =>
  control ? 0 : WITH_WAY_BACK.includes(name) ? 2 : 1;

/** As many as there were and where they were; a part of the captures may show fewer, and only as much of them as it holds. */
export function failoversOff(scenario: Scenario, diagnosis: Diagnosis): string[] {
  const { report, given } = diagnosis;
  const expected = countInTruth(scenario);
  const count = report.failovers.length;
  const whole = isWhole(scenario, given);
  if (whole ? count !== expected : count > expected) return [`${count} failovers, in truth ${expected}`];
  const [first] = report.failovers;
  if (first === undefined) return [];
  // By clocks that nothing ties, a time may be that of any of them.
  if (report.clocks.some((c) => c.pairs === 0)) return [];
  const clock = referenceClock(report, given);
  if (clock === null)
    return ['the failover has times, and `clocks` does not name the one reference for them'];
  const seconds = (ns: string): number => Number(trueTime(clock, BigInt(ns))) / 1e9;
  return whole ? timesOff(scenario, first, seconds, given) : timesContradicted(scenario, first, seconds);
}

/** The clock that the report's times are by: it is set by no other. */
function referenceClock(report: Report, given: readonly Given[]): SetClock | null {
  if (hasTrueClocks(given)) return TRUE_CLOCK;
  const filled = report.captures.filter((c) => c.firstTime !== null);
  if (filled.length === 1) return givenOf(report, given, filled[0]?.id ?? '')?.clock ?? null;
  const set = new Set(report.clocks.map((c) => c.capture));
  const id = report.clocks.map((c) => c.reference).find((reference) => !set.has(reference));
  return (id === undefined ? undefined : givenOf(report, given, id)?.clock) ?? null;
}

/** How closely the frames show the times, in seconds; the report gives it where it is more than nothing. */
interface Spacing {
  readonly lostWithin?: number | null;
  readonly restoredWithin?: number | null;
}

function timesOff(
  scenario: Scenario,
  failover: Failover & Spacing,
  seconds: (ns: string) => number,
  given: readonly Given[],
): string[] {
  const { name, truth } = scenario;
  const [lost, restored] = [Number(truth.pathLost), Number(truth.pathRestored)];
  const split = BOTH_ACTIVE.test(name);
  const off = [
    ...missed('pathLost', seconds(failover.pathLost), [lost, split ? restored : lost], failover.lostWithin),
  ];
  if (truth.pathRestored === null) {
    return failover.pathRestored === null ? off : [...off, 'pathRestored is given: the path never came back'];
  }
  if (failover.pathRestored === null) {
    const shown = given.some((g) => lastSecond(scenario, g) > restored);
    return shown ? [...off, 'pathRestored is null: frames after it were captured'] : off;
  }
  const found = seconds(failover.pathRestored);
  return [...off, ...missed('pathRestored', found, [restored, restored], failover.restoredWithin)];
}

/** Nothing, or how far the time lies outside. */
function missed(
  what: string,
  found: number,
  [earliest, latest]: readonly [number, number],
  spacing: number | null | undefined,
): string[] {
  const allowed = Math.max(WITHIN, spacing ?? 0);
  const by = found < earliest ? found - earliest : Math.max(0, found - latest);
  if (Math.abs(by) <= allowed) return [];
  return [`${what} is off by ${by.toFixed(3)} s; the frames allow ${allowed.toFixed(3)} s`];
}

/** With fewer captures a failover seems longer, never shorter: frames that came prove the path. */
function timesContradicted(
  { name, truth }: Scenario,
  failover: Failover & Spacing,
  seconds: (ns: string) => number,
): string[] {
  if (BOTH_ACTIVE.test(name) || WITH_WAY_BACK.includes(name)) return [];
  // A connection opened in the outage knows only that the path was down by then.
  const isBound = truth.outcome.includes('connect-delayed');
  const latest = Number(isBound ? truth.pathRestored : truth.pathLost);
  const lost = missed('pathLost', seconds(failover.pathLost), [-Infinity, latest], failover.lostWithin);
  // By clocks that nothing ties.
  if (failover.pathRestored !== null && failover.outage === null) return [];
  if (failover.pathRestored === null) return lost;
  if (truth.pathRestored === null) return [...lost, 'pathRestored is given: the path never came back'];
  const earliest = Number(truth.pathRestored);
  const restored = seconds(failover.pathRestored);
  return [...lost, ...missed('pathRestored', restored, [earliest, Infinity], failover.restoredWithin)];
}

const lastSecond = (scenario: Scenario, { source }: Given): number =>
  Number(recordsOf(scenario, source).records.at(-1)?.time ?? 0n) / 1e9;
