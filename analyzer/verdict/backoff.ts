/**
 * How much of a stall was waiting for the sender's timer after the path was
 * back. The path came back somewhere between the last proof that it was down
 * and the first proof that it works, so the back-off is a range.
 * The trap: with nothing but the flow's own data to go by, the range begins at
 * 0. A sender that doubles its waits had waited about half of the gap since
 * its try before, so for a long gap a back-off of nearly 0 is unlikely.
 */
import { type Nanos, toSeconds } from '../../packet/time.ts';
import { otherEnd } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { ANSWER_WAIT } from '../stall/stall.ts';
import type { Case } from './case.ts';
import { seconds } from './words.ts';

/** Below this a back-off counts as none (report.md), in seconds. */
const NO_BACKOFF = 0.5;
/** After a wait of 5 s a back-off of less is one chance in ten. */
const LONG_WAIT = 5;

export interface Backoff {
  /** Seconds, at least and at most. */
  readonly least: number;
  readonly most: number;
  /** The range includes 0, but the sender's last wait was so long that a back-off under 0.5 s is unlikely. */
  readonly likelyLong: boolean;
  readonly because: string;
  readonly frames: readonly FrameId[];
}

/** The back-off of the main stall; zeros where it did not end by going on. */
export function backoffOf(c: Case): Backoff {
  const stall = c.main?.stall;
  if (stall === undefined || stall.end === null) return NONE;
  const end = stall.end;
  const { back, downAt } = (c.main as NonNullable<Case['main']>).path;
  const lastTry = lastVainTry(c);
  const down = Math.max(downAt?.time ?? stall.start, lastTry?.time ?? stall.start, stall.start);
  const least = back === null || back.by === 'own-data' ? 0 : toSeconds(end - back.time);
  const most = toSeconds(end - down);
  // A proof that came just before the flow itself went on says little more than that.
  if (back !== null && back.by !== 'own-data' && least >= NO_BACKOFF) {
    const how = back.by === 'other-flow' ? 'another connection got through' : 'a probe was answered';
    return {
      least,
      most,
      likelyLong: true,
      because: `${how} ${seconds(end - back.time)} before this one went on: the path was back and the sender still waited`,
      frames: [back.frame],
    };
  }
  const wait = lastTry === null ? toSeconds(stall.duration) / 2 : most;
  return {
    least,
    most,
    likelyLong: Math.min(wait, most) >= LONG_WAIT,
    because:
      lastTry === null
        ? `a sender that doubles its waits had tried about ${seconds((wait * 1e9) as Nanos)} before; the path came back in that time`
        : `the try before it, ${seconds((most * 1e9) as Nanos)} earlier, went unanswered; the path came back in between`,
    frames: [lastTry?.id ?? stall.startFrame, stall.ending?.id ?? stall.startFrame],
  };
}

const NONE: Backoff = { least: 0, most: 0, likelyLong: false, because: 'the stall did not end', frames: [] };

/** The newest transmission of the sender before the one that got through. */
function lastVainTry(c: Case): { time: Nanos; id: FrameId } | null {
  const stall = (c.main as NonNullable<Case['main']>).stall;
  const ladder = stall.ladder;
  if (ladder === null || stall.end === null) return null;
  const answered = stall.ending !== null && stall.ending.sender === otherEnd(ladder.by);
  const vain = ladder.rungs.filter((r) => !answered || (stall.end as Nanos) - r.time >= ANSWER_WAIT);
  return vain.at(-1) ?? null;
}

export interface Parts {
  readonly outage: number;
  readonly backoff: number;
  readonly recovery: number;
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
  return { outage, backoff, recovery: toSeconds(stall.duration) - outage - backoff };
}

function firstTryAfter(judged: NonNullable<Case['main']>, back: Nanos): Nanos | null {
  const rung = judged.stall.ladder?.rungs.find((r) => r.time >= back);
  return rung?.time ?? null;
}
