/**
 * Works the numbers of a report out again from tshark's frames: how long stalls
 * are and between which frames, bytes that are stuck, probes without an answer,
 * times after the last progress, and that nothing came where a claim says so.
 * The trap: a stall whose closed window opened, or that began with the first
 * unanswered probe, does not begin at a frame that moved something.
 */
import type { Claim, End, Flow, Stall } from '../../analyzer/index.ts';
import { checkNodes } from './check-nodes.ts';
import {
  answerTo,
  type FlowFrame,
  type FlowFrames,
  framesOf,
  isProbe,
  seqAfter,
  TcpBit,
} from './read-flow.ts';
import type { Witness } from './witness.ts';

/** Times of a file in µs, durations rounded to ns. */
const ROUNDING = 2e-6;
/** A report prints hundredths of seconds. */
export const PRINTED = 0.0051;

export interface Numbers {
  readonly flow: Flow;
  readonly own: FlowFrames;
  readonly witness: Witness;
  /** ns since the epoch: the first and the last of what any capture covers. */
  readonly covered: { readonly from: bigint; readonly to: bigint };
}

/** How many numbers were worked out again, by kind, and what differed. */
export interface Recomputed {
  readonly count: Record<string, number>;
  readonly wrong: string[];
}

export function recompute(witness: Witness): Recomputed {
  const count: Record<string, number> = {};
  const wrong: string[] = [];
  const covered = coveredBy(witness);
  for (const flow of witness.report.flows) {
    if (flow.protocol !== 'tcp') continue;
    const numbers: Numbers = { flow, own: framesOf(witness, flow), witness, covered };
    const note = (kind: string, problem: string | null): void => {
      count[kind] = (count[kind] ?? 0) + 1;
      if (problem !== null) wrong.push(`${flow.id}, ${kind}: ${problem}`);
    };
    note('first and last frame', checkLife(numbers));
    note('captures that show it', checkSeenAt(numbers));
    note('stream numbers', checkStreams(numbers));
    for (const stall of flow.stalls) {
      note('stall', checkStall(stall, numbers));
      note('frames of a stall', checkStallFrames(stall, numbers));
    }
    for (const [i, claim] of flow.claims.entries()) {
      for (const [kind, check] of CHECKS) {
        const problem = check(claim, numbers, i);
        if (problem !== undefined) note(kind, problem === null ? null : `"${claim.text}": ${problem}`);
      }
    }
  }
  return { count, wrong };
}

function coveredBy({ report }: Witness): Numbers['covered'] {
  const all = (field: 'firstTime' | 'coveredUntil'): bigint[] =>
    report.captures.flatMap((c) => (c[field] === null ? [] : [BigInt(c[field])]));
  return { from: inOrder(all('firstTime'))[0] ?? 0n, to: inOrder(all('coveredUntil')).at(-1) ?? 0n };
}

const inOrder = (times: readonly bigint[]): bigint[] => times.toSorted((a, b) => (a < b ? -1 : 1));

export const seconds = (ns: bigint): number => Number(ns) / 1e9;
const isNear = (a: bigint, b: bigint): boolean => Math.abs(seconds(a - b)) <= ROUNDING;

function checkLife({ flow, own }: Numbers): string | null {
  const times = inOrder(own.all().map((f) => f.time));
  const [first = 0n, last = 0n] = [times[0], times.at(-1)];
  if (!isNear(first, BigInt(flow.start))) return `starts at ${flow.start}, its first frame is of ${first}`;
  return isNear(last, BigInt(flow.end)) ? null : `ends at ${flow.end}, its last frame is of ${last}`;
}

function checkSeenAt({ flow, own, witness }: Numbers): string | null {
  const shown = witness.report.captures.map((c) => c.id).filter((id) => own.in(id).length > 0);
  return shown.join() === flow.seenAt.join() ? null : `${shown.join()}, not ${flow.seenAt.join()}`;
}

/** Every frame that tshark numbers so belongs to the flow. */
function checkStreams({ flow, own }: Numbers): string | null {
  for (const [capture, stream] of Object.entries(flow.streams ?? {})) {
    if (!own.in(capture).some((f) => f.read.stream === stream)) return `none is ${stream} in ${capture}`;
  }
  return null;
}

/** Begins where something moved, ends where something moved or closed or what is covered ends, and nothing moves in between. */
function checkStall(stall: Stall, { own, covered, flow }: Numbers): string | null {
  const start = BigInt(stall.start);
  const end = stall.end === null ? covered.to : BigInt(stall.end);
  if (Math.abs(seconds(end - start) - stall.duration) > ROUNDING) {
    return `${stall.duration} s, but its ends are ${seconds(end - start)} s apart`;
  }
  const last = own.at(stall.frames.last);
  const frames = last === undefined ? [] : own.walkOf(last);
  const at = (time: bigint): FlowFrame[] => frames.filter((f) => isNear(f.time, time));
  const opens = (f: FlowFrame): boolean => f.read.window > f.window;
  const begins = at(start).some((f) => f.moves || opens(f) || isProbe(f));
  if (!begins) return `nothing moved at its start, ${stall.start}`;
  const closes = (f: FlowFrame): boolean => (f.read.flags & (TcpBit.Rst | TcpBit.Fin)) !== 0;
  if (stall.end !== null && !at(end).some((f) => f.moves || opens(f) || closes(f))) {
    return `nothing moved at its end, ${stall.end}`;
  }
  const isIn = (time: bigint): boolean =>
    time > start && time < end && !isNear(time, start) && !isNear(time, end);
  const between = frames.find((f) => f.moves && isIn(f.time));
  return between === undefined ? null : `frame ${between.read.frame} moved something in it (${flow.outcome})`;
}

function checkStallFrames(
  { frames: { last, first }, owedBy, waiting, start }: Stall,
  { own }: Numbers,
): string | null {
  const begin = own.at(last);
  if (begin === undefined) return `last frame ${last.frame} does not belong to the flow`;
  const isBefore = (f: FlowFrame): boolean => f.time < BigInt(start) && !isNear(f.time, BigInt(start));
  if (!isBefore(begin) && !isNear(begin.time, BigInt(start)))
    return `last frame ${last.frame} comes after its start`;
  if (first === undefined) return null;
  const end = own.at(first);
  if (end === undefined) return `first frame ${first.frame} does not belong to the flow`;
  if (end.from !== owedBy && end.from !== waiting) return `first frame ${first.frame} is nobody's`;
  return isBefore(end) ? `first frame ${first.frame} comes before its start` : null;
}

/** Undefined: the claim, the `index`-th of its flow, holds no such number. */
export type Check = (claim: Claim, numbers: Numbers, index: number) => string | null | undefined;

const CHECKS: readonly [kind: string, check: Check][] = [
  ['stuck bytes', checkStuck],
  ['unanswered probes', checkUnanswered],
  ['time after the last progress', checkAfter],
  ['coverage', checkCoverage],
  ['absence', checkAbsence],
  ['repeats', checkCited],
  ...checkNodes,
];

export const number = (text: string): number => Number(text.replaceAll(',', ''));

/** `130,696 B are sent but not arrived`: the answer's own number is that far beyond what had arrived, or was acknowledged. */
function checkStuck(claim: Claim, { own }: Numbers): string | null | undefined {
  const said = /([\d,]+) B are sent but not arrived/.exec(claim.text)?.[1];
  if (said === undefined) return undefined;
  const stuck = claim.frames.flatMap((at) => {
    const f = own.at(at);
    const arrived = f === undefined ? [] : [f.inOrder, f.una];
    return arrived.map((known) => (known === null ? Number.NaN : seqAfter(f?.read.seq ?? 0, known)));
  });
  return stuck.includes(number(said)) ? null : `the cited answers show ${stuck.join(', ')} B`;
}

/** `9 keepalive probes of the client without an answer`. */
function checkUnanswered(claim: Claim, { own, flow }: Numbers): string | null | undefined {
  const match = /^([\d,]+) keepalive probes? of the (client|server) without an answer$/.exec(claim.text);
  if (match === null) return undefined;
  const [, said, who] = match as unknown as [string, string, End];
  const cited = claim.frames[0] && own.at(claim.frames[0]);
  const stall = flow.stalls.find((s) => cited !== undefined && isIn(s, cited));
  if (cited === undefined || stall === undefined) return 'its frames lie in no stall';
  const frames = own.walkOf(cited);
  const vain = frames.filter(
    (f, i) => f.from === who && isProbe(f) && isIn(stall, f) && answerTo(frames, i) === null,
  );
  // The last one before the capture ends had no time to be answered.
  const ripe = vain.filter((f) => stall.end !== null || f !== frames.at(-1));
  return [vain.length, ripe.length].includes(number(said)) ? null : `tshark's frames show ${vain.length}`;
}

const isIn = (stall: Stall, { time }: FlowFrame): boolean =>
  (time >= BigInt(stall.start) || isNear(time, BigInt(stall.start))) &&
  (stall.end === null || (time < BigInt(stall.end) && !isNear(time, BigInt(stall.end))));

/** `…, 106.43 s after the last progress`, `SYN-ACK 7.13 s after the first SYN`. */
function checkAfter(claim: Claim, { own, flow }: Numbers): string | null | undefined {
  const match = /([\d.]+) (s|ms) after the (?:last progress|first SYN)/.exec(claim.text);
  if (match === null) return undefined;
  const said = Number(match[1]) / (match[2] === 'ms' ? 1000 : 1);
  const cited = claim.frames[0] && own.at(claim.frames[0]);
  if (cited === undefined) return 'its frame does not belong to the flow';
  const before = own.walkOf(cited).findLast((f) => f.moves && f.time < cited.time);
  const starts = [before?.time, ...flow.stalls.map((s) => BigInt(s.start))];
  const after = starts.map((start) => seconds(cited.time - (start ?? 0n)));
  return after.some((s) => Math.abs(s - said) < PRINTED) ? null : `it came ${after[0]} s after`;
}

/** Absence means something only where a capture was running. */
function checkCoverage({ kind, coverage }: Claim, { covered }: Numbers): string | null | undefined {
  if (kind !== 'absent') return undefined;
  if (coverage === undefined) return 'absent without coverage';
  const [from, to] = [BigInt(coverage.from), BigInt(coverage.to)];
  if (from >= to) return 'it covers no time';
  if (from < covered.from && !isNear(from, covered.from)) {
    return `it begins ${seconds(covered.from - from)} s before the captures`;
  }
  return to <= covered.to || isNear(to, covered.to)
    ? null
    : `it ends ${seconds(to - covered.to)} s after the captures`;
}

/** `nothing of the server for the last 60.01 s`: where the stall was seen. */
function checkAbsence(claim: Claim, { own, flow }: Numbers): string | null | undefined {
  const match = /^nothing of the (client|server) for the last ([\d.]+) s$/.exec(claim.text);
  if (match === null || claim.coverage === undefined) return undefined;
  const [from, to] = [BigInt(claim.coverage.from), BigInt(claim.coverage.to)];
  if (Math.abs(Number(match[2]) - seconds(to - from)) > PRINTED) return 'its length is another';
  const last = flow.stalls.at(-1)?.frames.last ?? flow.claims.find((c) => c.frames.length > 0)?.frames[0];
  const shown = last && own.at(last);
  if (shown === undefined) return 'nothing tells where';
  const seen = own.walkOf(shown).find((f) => f.from === match[1] && f.time > from && f.time <= to);
  // The last that was heard may be rounded to just after the beginning.
  return seen === undefined || isNear(seen.time, from)
    ? null
    : `frame ${seen.read.frame} is from the ${seen.from}`;
}

/** `repeated its FIN 3 times`, `repeats bytes …, 4 times`: as many as are cited, up to the ten that are. */
function checkCited(claim: Claim): string | null | undefined {
  const said = /(?:repeated|repeats).* ([\d,]+) times?(?: |$)/.exec(claim.text)?.[1];
  if (said === undefined || claim.kind !== 'observed') return undefined;
  const expected = Math.min(number(said), 10);
  return claim.frames.length >= expected ? null : `${claim.frames.length} frames are cited`;
}
