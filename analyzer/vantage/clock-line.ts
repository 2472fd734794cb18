/**
 * Reckoning with clock lines: reading a time by the other clock, turning a line
 * around, and joining B-against-A with A-against-R to B-against-R. Errors only
 * add up.
 * The trap: a length by one clock is not that length by the other. At 500 ppm
 * the difference is below 0.1 % for one line and below 0.2 % for what is
 * joined or turned around; errors are taken that much larger, so that they
 * stay certain.
 */
import type { Nanos } from '../../packet/time.ts';
import { type ClockLine, errorAt } from './clock-fit.ts';

const OTHER_CLOCK = 1.002;

/** The time `t` of the own clock, by the other clock. */
export const toOther = (line: ClockLine, t: Nanos): Nanos => t - line.offset - line.skew * (t - line.at);

/** The same line seen from the other clock: its own clock is the other one. */
export function turned(line: ClockLine): ClockLine {
  const [there, back] = line.pairs;
  return {
    from: toOther(line, line.from),
    until: toOther(line, line.until),
    firm: [toOther(line, line.firm[0]), toOther(line, line.firm[1])],
    at: toOther(line, line.at),
    offset: -line.offset,
    skew: -line.skew / (1 - line.skew),
    error: line.error === null ? null : line.error * OTHER_CLOCK,
    endErrors: [line.endErrors[0] * OTHER_CLOCK, line.endErrors[1] * OTHER_CLOCK],
    skewError: line.skewError * OTHER_CLOCK,
    pairs: [back, there],
    by: line.by,
  };
}

/** A clock against the last of a chain of others. */
export interface Stretch extends ClockLine {
  /** The clock against the first of the chain, that one against the next, … */
  readonly chain: readonly ClockLine[];
}

/** ns by which the stretch may be off at `t`: what each link may be off at that moment. Null: nothing bounds it. */
export function errorOf({ chain }: Stretch, t: Nanos): number | null {
  let sum = 0;
  for (const line of chain) {
    const error = errorAt(line, t);
    if (error === null) return null;
    sum = sum * OTHER_CLOCK + error;
    t = toOther(line, t);
  }
  return sum;
}

/**
 * Stretches of a clock against a third, from stretches against a second and the second's against the
 * third. Where both were set, each time belongs to one stretch of either.
 */
export const joined = (near: readonly ClockLine[], far: readonly Stretch[]): Stretch[] =>
  near.flatMap((line) => joinOne(line, far));

interface Overlap {
  readonly far: Stretch;
  /** By the second clock. */
  readonly from: Nanos;
  readonly until: Nanos;
}

function joinOne(near: ClockLine, all: readonly Stretch[]): Stretch[] {
  const start = toOther(near, near.from);
  const end = toOther(near, near.until);
  // The second clock's time is known only to the error: next to a step either stretch may be the right one.
  const margin = all.length > 1 ? (near.error ?? 0) * OTHER_CLOCK : 0;
  const overlaps = all
    .map((far) => ({
      far,
      from: Math.max(start, far.from + margin),
      until: Math.min(end, far.until - margin),
    }))
    .filter(({ from, until }) => from <= until);
  if (overlaps.length === 0) {
    return around(all, start).map((far) => joinTwo(near, far, near.from, near.until));
  }
  const back = turned(near);
  return overlaps
    .filter((one) => !overlaps.some((other) => other !== one && covers(other, one)))
    .map(({ far, from, until }) =>
      joinTwo(
        near,
        far,
        from === start ? near.from : toOther(back, from),
        until === end ? near.until : toOther(back, until),
      ),
    );
}

/** A clock that was set back reads the same times twice; the stretch that fits the greater part is the right one. */
function covers(other: Overlap, one: Overlap): boolean {
  const common = Math.min(other.until, one.until) - Math.max(other.from, one.from);
  return common > (one.until - one.from) / 2 && other.until - other.from > one.until - one.from;
}

function joinTwo(near: ClockLine, far: Stretch, from: Nanos, until: Nanos): Stretch {
  const joint = {
    from,
    until,
    firm: firmOfBoth(near, far, from, until),
    at: from,
    offset: from - toOther(far, toOther(near, from)),
    skew: near.skew + far.skew * (1 - near.skew),
    error: null,
    endErrors: [0, 0] as const,
    skewError: (near.skewError + far.skewError) * OTHER_CLOCK,
    pairs: countOf(near) < countOf(far) ? near.pairs : far.pairs,
    by: near.by === 'hosts' || far.by === 'hosts' ? ('hosts' as const) : (near.by ?? far.by),
    chain: [near, ...far.chain],
  };
  const [first, last] = joint.firm.map((t) => errorOf(joint, t)) as [number | null, number | null];
  if (first === null || last === null) return joint;
  const endErrors = [errorOf(joint, from) ?? 0, errorOf(joint, until) ?? 0] as const;
  return { ...joint, error: Math.max(first, last), endErrors };
}

/** Where both lines are firm; where they never are together, where the nearer one is. */
function firmOfBoth(near: ClockLine, far: ClockLine, from: Nanos, until: Nanos): readonly [Nanos, Nanos] {
  const back = turned(near);
  const own = [Math.max(from, near.firm[0]), Math.min(until, near.firm[1])] as const;
  const both = [
    Math.max(own[0], toOther(back, far.firm[0])),
    Math.min(own[1], toOther(back, far.firm[1])),
  ] as const;
  if (both[0] <= both[1]) return both;
  return own[0] <= own[1] ? own : [from, until];
}

export const countOf = ({ pairs: [there, back] }: ClockLine): number => there + back;

/** The stretches that a time may belong to: those around it, else the last before it and the first after it. */
export function around<T extends ClockLine>(lines: readonly T[], t: Nanos): T[] {
  const here = lines.filter((line) => line.from <= t && t <= line.until);
  if (here.length > 0) return here;
  const before = lines.filter((line) => line.until < t).sort((p, q) => q.until - p.until);
  const after = lines.filter((line) => line.from > t).sort((p, q) => p.from - q.from);
  return [...before.slice(0, 1), ...after.slice(0, 1)].sort((p, q) => gap(p, t) - gap(q, t));
}

const gap = (line: ClockLine, t: Nanos): number => Math.max(line.from - t, t - line.until);
