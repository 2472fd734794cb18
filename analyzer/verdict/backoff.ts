/**
 * How much of a stall was waiting for the sender's timer after the path was
 * back. The path came back somewhere between the last proof that it was down
 * and the first proof that it works, so the back-off is a range.
 * The trap: with nothing but the flow's own data to go by, the range begins at
 * 0. A sender that doubles its waits had waited about half of the gap since
 * its try before, so for a long gap a back-off of nearly 0 is unlikely.
 */
import { type Nanos, toSeconds } from '../../packet/time.ts';
import type { CrossPacket, Sender } from '../failover/crossing.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { ANSWER_WAIT, type Stall } from '../stall/stall.ts';
import type { Case } from './case.ts';
import { both, end } from './hops.ts';
import { seconds } from './words.ts';

/** Below this a back-off counts as none (report.md), in seconds. */
export const NO_BACKOFF = 0.5;
/** After a wait of 5 s a back-off of less is one chance in ten. */
const LONG_WAIT = 5;
/** Where both tries are in the captures the wait is exact; after 3 s a back-off of less is one chance in six. */
const LONG_KNOWN_WAIT = 3;

export interface Backoff {
  /** Seconds, at least and at most. */
  readonly least: number;
  readonly most: number;
  /** The range includes 0, but the sender's last wait was so long that a back-off under 0.5 s is unlikely. */
  readonly likelyLong: boolean;
  /** Both the try before and the one that got through are in the captures. */
  readonly seen: boolean;
  readonly because: string;
  readonly frames: readonly FrameId[];
}

/** The back-off of the main stall; zeros where it did not end by going on. */
export function backoffOf(c: Case): Backoff {
  const stall = c.main?.stall;
  if (stall === undefined || stall.end === null) return NONE;
  const end = stall.end;
  const { back: shown, downAt, vain, askedInVain } = (c.main as NonNullable<Case['main']>).path;
  const lastTry = later(lastVainTry(c), lastKept(c));
  // A node that kept what came to it was no path for this connection yet.
  const back =
    shown !== null && shown.by === 'node' && lastTry?.kept === true && shown.time <= lastTry.time
      ? null
      : shown;
  const down = Math.max(
    downAt?.time ?? stall.start,
    vain?.time ?? stall.start,
    lastTry?.time ?? stall.start,
    askedInVain?.time ?? stall.start,
    stall.start,
  );
  const most = toSeconds(end - down);
  // A node may show itself before it passes anything on.
  const least = back === null || back.by === 'own-data' ? 0 : Math.min(most, toSeconds(end - back.time));
  // A proof that came just before the flow itself went on says little more than that.
  if (back !== null && back.by !== 'own-data' && least >= NO_BACKOFF) {
    const how = PROOFS[back.by];
    return {
      least,
      most,
      likelyLong: true,
      seen: true,
      because: `${how} ${seconds(end - back.time)} before this one went on: the path was back and the sender still waited`,
      frames: [back.frame],
    };
  }
  const seen = lastTry !== null;
  const wait = lastTry === null ? toSeconds(stall.duration) / 2 : most;
  const asked = askedInVain?.time === down ? askedInVain : null;
  return {
    least,
    most,
    likelyLong: Math.min(wait, most) >= (seen ? LONG_KNOWN_WAIT : LONG_WAIT),
    seen,
    because:
      asked !== null
        ? `a DNS question to the same server, ${seconds(end - asked.time)} earlier, went unanswered, and the next one was answered; the path came back in between`
        : lastTry === null
          ? `a sender that doubles its waits had tried about ${seconds((wait * 1e9) as Nanos)} before; the path came back in that time`
          : `the try before it, ${seconds((most * 1e9) as Nanos)} earlier, ${lastTry.kept ? 'came to the new node, which kept it' : 'went unanswered; the path came back in between'}`,
    frames: [asked?.frame ?? lastTry?.id ?? stall.startFrame, stall.ending?.id ?? stall.startFrame],
  };
}

const PROOFS = {
  'other-flow': 'another connection got through',
  'answered-probe': 'a probe was answered',
  node: 'the new node showed up in the path',
} as const;

const NONE: Backoff = {
  least: 0,
  most: 0,
  likelyLong: false,
  seen: false,
  because: 'the stall did not end',
  frames: [],
};

interface Try {
  readonly time: Nanos;
  readonly id: FrameId;
  /** It came to the new node, which did not pass it on. */
  readonly kept?: boolean;
}

const later = (a: Try | null, b: Try | null): Try | null =>
  a === null || (b !== null && b.time >= a.time) ? b : a;

/** The newest segment of the stall that came to the new node and did not leave it. */
function lastKept(c: Case): Try | null {
  const last = keptByNewNode(c).at(-1);
  const sender = last?.seen[0];
  if (c.cross === null || last === undefined || sender === undefined) return null;
  return { time: c.cross.fromReference(last.time), id: sender.row.id, kept: true };
}

/** What the new node kept of a connection until it went on, oldest first: it was no path for it yet. */
export function keptByNewNode({ cross, main }: Case): readonly CrossPacket[] {
  const node = cross?.hops.newNode ?? null;
  if (cross === null || node === null || main?.stall.end == null) return [];
  const until = cross.toReference(main.stall.end - ANSWER_WAIT);
  return both(node.swallowed).filter((p) => p.time < until);
}

/** The newest transmission of the sender before the one that got through. */
function lastVainTry(c: Case): Try | null {
  const stall = (c.main as NonNullable<Case['main']>).stall;
  const ladder = stall.ladder;
  if (stall.end === null) return null;
  if (ladder === null || stall.owedBy !== ladder.by) return lastVainOnTheWay(c) ?? vainRung(stall, stall.end);
  return vainRung(stall, stall.end);
}

function vainRung({ ladder, ending }: Stall, stallEnd: Nanos): { time: Nanos; id: FrameId } | null {
  if (ladder === null) return null;
  // What came just before the rest did was no try in vain: its answer is what brought the rest.
  const answered = ending !== null;
  const vain = ladder.rungs.filter((r) => !answered || stallEnd - r.time >= ANSWER_WAIT);
  return vain.at(-1) ?? null;
}

/** By the sender's own capture: its newest transmission that did not arrive. */
function lastVainOnTheWay(c: Case): { time: Nanos; id: FrameId } | null {
  const { cross, main } = c;
  if (cross === null || main === null) return null;
  const asks = main.stall.what === 'answer' && main.stall.startUnanswered;
  const sender = asks ? main.stall.waiting : main.stall.owedBy;
  const from: Sender = sender === c.flow.client ? 'client' : 'server';
  const { crossing, sent } = cross.hops;
  const to = end(from === 'client' ? 'server' : 'client');
  const vain = sent[from].filter((p) => p.length > 0 && crossing.look(p, to) === 'missing');
  const until = main.stall.end ?? Number.POSITIVE_INFINITY;
  const last = vain.filter((p) => cross.fromReference(p.time) < until).at(-1);
  const seen = last === undefined ? null : crossing.at(last, end(from));
  return last === undefined || seen === null
    ? null
    : { time: cross.fromReference(last.time), id: seen.row.id };
}

export interface Parts {
  /** To the first proof that the path was back. */
  readonly outage: number;
  readonly backoff: number;
  readonly recovery: number;
  /** The outage may have been up to so much shorter, and the back-off longer: since the last proof that the path was gone. */
  readonly within: number;
}

/** Outage, back-off and recovery in seconds, where something else than the stall's own end shows the path to be back; else null. */
export function stallParts(judged: NonNullable<Case['main']>): Parts | null {
  const { stall, path } = judged;
  if (stall.end === null || stall.endedBy !== 'progress' || path.back === null || path.back.by === 'own-data')
    return null;
  if (path.back.time < stall.start || path.back.time > stall.end) return null;
  const back = path.back.time;
  const firstTry = Math.min(firstTryAfter(judged, back) ?? stall.end, stall.end);
  const outage = toSeconds(back - stall.start);
  const backoff = toSeconds(firstTry - back);
  const within = toSeconds(back - lastGone(judged, back));
  return { outage, backoff, recovery: toSeconds(stall.duration) - outage - backoff, within };
}

/** The last sign before `back` that the path was gone; the beginning of the stall where there is none. */
function lastGone({ stall, path }: NonNullable<Case['main']>, back: Nanos): Nanos {
  const { rungs = [], probes = [] } = stall.ladder ?? {};
  const signs = [path.downAt, path.vain ?? null, path.askedInVain, ...rungs, ...probes];
  const times = signs.flatMap((sign) => (sign !== null && sign.time < back ? [sign.time] : []));
  return Math.max(stall.start, ...times);
}

function firstTryAfter(judged: NonNullable<Case['main']>, back: Nanos): Nanos | null {
  const rung = judged.stall.ladder?.rungs.find((r) => r.time >= back);
  return rung?.time ?? null;
}
