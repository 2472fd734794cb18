/**
 * Works the numbers of a report out again from tshark's frames: how long stalls
 * are and between which frames, bytes that are stuck, probes without an answer,
 * times after the last progress, and that nothing came where a claim says so.
 * The trap: a stall whose closed window opened, or that began with the first
 * unanswered probe, does not begin at a frame that moved something.
 */
import type { Claim, End, Flow, Stall } from '../../analyzer/index.ts';
import type { Witness } from './check-claims.ts';
import { answerTo, type FlowFrame, framesOfFlow, isProbe, seqAfter, TcpBit } from './read-flow.ts';

/** Times of a file in µs, durations rounded to ns. */
const ROUNDING = 2e-6;
/** A report prints hundredths of seconds. */
const PRINTED = 0.0051;

interface Numbers {
  readonly flow: Flow;
  readonly frames: readonly FlowFrame[];
  readonly byNumber: ReadonlyMap<number, FlowFrame>;
  /** ns since the epoch to which the capture ran. */
  readonly coveredUntil: bigint;
  readonly firstTime: bigint;
}

/** How many numbers were worked out again, by kind, and what differed. */
export interface Recomputed {
  readonly count: Record<string, number>;
  readonly wrong: string[];
}

export function recompute({ frames, report }: Witness): Recomputed {
  const count: Record<string, number> = {};
  const wrong: string[] = [];
  const [capture] = report.captures;
  for (const flow of report.flows) {
    const own = framesOfFlow(frames, flow);
    const numbers: Numbers = {
      flow,
      frames: own,
      byNumber: new Map(own.map((f) => [f.read.frame, f])),
      coveredUntil: BigInt(capture?.coveredUntil ?? 0),
      firstTime: BigInt(capture?.firstTime ?? 0),
    };
    const note = (kind: string, problem: string | null): void => {
      count[kind] = (count[kind] ?? 0) + 1;
      if (problem !== null) wrong.push(`${flow.id}, ${kind}: ${problem}`);
    };
    for (const stall of flow.stalls) {
      note('stall', checkStall(stall, numbers));
      note('frames of a stall', checkStallFrames(stall, numbers));
    }
    for (const claim of flow.claims) {
      for (const [kind, check] of CHECKS) {
        const problem = check(claim, numbers);
        if (problem !== undefined) note(kind, problem === null ? null : `"${claim.text}": ${problem}`);
      }
    }
  }
  return { count, wrong };
}

const seconds = (ns: bigint): number => Number(ns) / 1e9;

/** Begins where something moved, ends where something moved or closed or the capture ends, and nothing moves in between. */
function checkStall(stall: Stall, { frames, coveredUntil, flow }: Numbers): string | null {
  const start = BigInt(stall.start);
  const end = stall.end === null ? coveredUntil : BigInt(stall.end);
  if (Math.abs(seconds(end - start) - stall.duration) > ROUNDING) {
    return `${stall.duration} s, but its ends are ${seconds(end - start)} s apart`;
  }
  const at = (time: bigint): FlowFrame[] => frames.filter((f) => f.read.time === time);
  const opens = (f: FlowFrame): boolean => f.read.window > f.window;
  const begins = at(start).some((f) => f.moves || opens(f) || isProbe(f));
  if (!begins) return `nothing moved at its start, ${stall.start}`;
  const closes = (f: FlowFrame): boolean => (f.read.flags & (TcpBit.Rst | TcpBit.Fin)) !== 0;
  if (stall.end !== null && !at(end).some((f) => f.moves || opens(f) || closes(f))) {
    return `nothing moved at its end, ${stall.end}`;
  }
  const between = frames.find((f) => f.moves && f.read.time > start && f.read.time < end);
  return between === undefined ? null : `frame ${between.read.frame} moved something in it (${flow.outcome})`;
}

function checkStallFrames(
  { frames: { last, first }, owedBy, waiting, start }: Stall,
  { byNumber }: Numbers,
): string | null {
  const begin = byNumber.get(last.frame);
  if (begin === undefined) return `last frame ${last.frame} does not belong to the flow`;
  if (begin.read.time > BigInt(start)) return `last frame ${last.frame} comes after its start`;
  if (first === undefined) return null;
  const end = byNumber.get(first.frame);
  if (end === undefined) return `first frame ${first.frame} does not belong to the flow`;
  if (end.from !== owedBy && end.from !== waiting) return `first frame ${first.frame} is nobody's`;
  return end.read.time >= BigInt(start) ? null : `first frame ${first.frame} comes before its start`;
}

/** Undefined: the claim holds no such number. */
type Check = (claim: Claim, numbers: Numbers) => string | null | undefined;

const CHECKS: readonly [kind: string, check: Check][] = [
  ['stuck bytes', checkStuck],
  ['unanswered probes', checkUnanswered],
  ['time after the last progress', checkAfter],
  ['absence', checkAbsence],
  ['repeats', checkCited],
];

const number = (text: string): number => Number(text.replaceAll(',', ''));

/** `130,696 B are sent but not arrived`: the answer's own number is that far beyond what had arrived. */
function checkStuck(claim: Claim, { byNumber }: Numbers): string | null | undefined {
  const said = /([\d,]+) B are sent but not arrived/.exec(claim.text)?.[1];
  if (said === undefined) return undefined;
  const stuck = claim.frames.map(({ frame }) => {
    const f = byNumber.get(frame);
    return f === undefined || f.inOrder === null ? Number.NaN : seqAfter(f.read.seq, f.inOrder);
  });
  return stuck.includes(number(said)) ? null : `the cited answers show ${stuck.join(', ')} B`;
}

/** `9 keepalive probes of the client without an answer`. */
function checkUnanswered(claim: Claim, { frames, flow, byNumber }: Numbers): string | null | undefined {
  const match = /^([\d,]+) keepalive probes? of the (client|server) without an answer$/.exec(claim.text);
  if (match === null) return undefined;
  const [, said, who] = match as unknown as [string, string, End];
  const cited = byNumber.get(claim.frames[0]?.frame ?? 0);
  const stall = flow.stalls.find((s) => cited !== undefined && isIn(s, cited));
  if (stall === undefined) return 'its frames lie in no stall';
  const vain = frames.filter(
    (f, i) => f.from === who && isProbe(f) && isIn(stall, f) && answerTo(frames, i) === null,
  );
  // The last one before the capture ends had no time to be answered.
  const ripe = vain.filter((f) => stall.end !== null || f !== frames.at(-1));
  return [vain.length, ripe.length].includes(number(said)) ? null : `tshark's frames show ${vain.length}`;
}

const isIn = (stall: Stall, f: FlowFrame): boolean =>
  f.read.time >= BigInt(stall.start) && (stall.end === null || f.read.time < BigInt(stall.end));

/** `…, 106.43 s after the last progress`, `SYN-ACK after 7.13 s`. */
function checkAfter(claim: Claim, { frames, flow, byNumber }: Numbers): string | null | undefined {
  const match = /(?:([\d.]+) (s|ms) after the last progress|^SYN-ACK after ([\d.]+) s)$/.exec(claim.text);
  if (match === null) return undefined;
  const said = Number(match[1] ?? match[3]) / (match[2] === 'ms' ? 1000 : 1);
  const cited = byNumber.get(claim.frames[0]?.frame ?? 0);
  if (cited === undefined) return 'its frame does not belong to the flow';
  const before = frames.findLast((f) => f.moves && f.read.time < cited.read.time);
  const starts = [before?.read.time, ...flow.stalls.map((s) => BigInt(s.start))];
  const after = starts.map((start) => seconds(cited.read.time - (start ?? 0n)));
  return after.some((s) => Math.abs(s - said) < PRINTED) ? null : `it came ${after[0]} s after`;
}

/** Nothing of an end in an interval that the capture covers. */
function checkAbsence(claim: Claim, { frames, coveredUntil, firstTime }: Numbers): string | null | undefined {
  if (claim.kind !== 'absent') return undefined;
  if (claim.coverage === undefined) return 'absent without coverage';
  const [from, to] = [BigInt(claim.coverage.from), BigInt(claim.coverage.to)];
  if (from < firstTime || to > coveredUntil || from >= to) return 'not inside the coverage of the capture';
  const who = /(client|server)/.exec(claim.text)?.[1];
  const said = /for the last ([\d.]+) s/.exec(claim.text)?.[1];
  if (said !== undefined && Math.abs(Number(said) - seconds(to - from)) > PRINTED)
    return 'its length is another';
  const seen = frames.find((f) => f.from === who && f.read.time > from && f.read.time <= to);
  return seen === undefined ? null : `frame ${seen.read.frame} is from the ${who}`;
}

/** `repeated its FIN 3 times`, `repeats bytes …, 4 times`: as many as are cited, up to the ten that are. */
function checkCited(claim: Claim): string | null | undefined {
  const said = /([\d,]+) times?(?: |$)/.exec(claim.text)?.[1];
  if (said === undefined || claim.kind !== 'observed') return undefined;
  const expected = Math.min(number(said), 10);
  return claim.frames.length >= expected ? null : `${claim.frames.length} frames are cited`;
}
