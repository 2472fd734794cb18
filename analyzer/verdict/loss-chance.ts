/**
 * How likely a stall is plain bad luck on a path that loses: so many tries in a row, each of which fails if it or its
 * acknowledgement is lost as often as the connection had shown segments to be before.
 * The trap: the tries of the stall itself, and of one before it, are no habit of the path. And losses come in bursts,
 * of which only some show: a chance far below one in a hundred is none, and anything more leaves loss among the causes.
 */
import { type Nanos, toSeconds } from '../../packet/time.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from '../stall/silence.ts';
import type { Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';

/** Fewer losses than this are no habit of the path, however short the connection. */
const HABITUAL = 4;
/** First wait of a Linux sender in seconds; each further one is twice as long. */
const FIRST_WAIT = 0.2;

/** 0 to 1; 0 where the connection had hardly lost anything, or hardly stood still yet. */
export function lossChance({ silence, duration, unanswered }: Stall, { silences }: SilenceWatch): number {
  const repeats = silences
    .filter((s) => s.start < silence.start)
    .reduce((n, s) => n + s.events.filter((e) => (e.bits & Segment.Resent) !== 0).length, 0);
  const losses = silence.lossBefore - repeats;
  if (losses < HABITUAL || duration < SHORTEST_SILENCE) return 0;
  const once = losses / Math.max(losses, silence.dataBefore);
  const either = 1 - (1 - once) ** 2;
  return either ** Math.max(tries(duration), unanswered[0].length, unanswered[1].length);
}

/** How often a sender that doubles its waits has tried in that time. */
const tries = (duration: Nanos): number => Math.floor(Math.log2(toSeconds(duration) / FIRST_WAIT + 1));
