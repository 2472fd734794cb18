/**
 * On which rung of its sender's ladder a stall ended: counted where the ladder
 * is in the capture, worked out from the length of the gap where it is not.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import { rungOf } from '../stall/ladder.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { Stall } from '../stall/stall.ts';
import { rtoOf } from './innocent.ts';

/** Ordinary sending after the last arrival, before the timer starts: one paced burst. */
const RUNG_SLACK: Nanos = seconds(0.25);

/** 1 for the first RTO; null where it ended on none, or has not ended. */
export function rungOfStall(stall: Stall, watch: SilenceWatch, near: EndIndex | null): number | null {
  if (stall.end === null || stall.endedBy !== 'progress' || stall.kind !== 'waiting') return null;
  const ladder = stall.ladder;
  // Of the far sender's ladder only what got through is here.
  if (ladder !== null && (near === null || ladder.by === near)) return ladder.rungs.length;
  if (stall.what === 'handshake') return null;
  return rungOf(stall.duration, rtoOf(watch), RUNG_SLACK);
}
