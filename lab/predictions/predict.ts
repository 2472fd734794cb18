/**
 * Predicts when a connection goes on or fails, from how its sender tried again in another outage and from what is changed.
 * The trap: of two timers the one that fires first decides, and a try after the end of the outage counts only where nothing
 * ended the connection before.
 */
import { triesAfter } from '../../analyzer/index.ts';
import { NANOS_PER_SECOND, seconds } from '../../packet/time.ts';
import type { Tries } from './tries.ts';

/** What ends a connection, in s. */
export interface Limit {
  /**
   * `silence`: since the last byte. `begin`: since the client began. `unacknowledged`: since the first try, at the next try
   * after it (`tcp_retries2`). `opening`: since the first SYN.
   */
  readonly of: 'silence' | 'begin' | 'unacknowledged' | 'opening';
  readonly after: number;
  /** Of keep-alive probes: when the last is sent. One that is answered keeps the connection. */
  readonly lastProbe?: number;
}

/** As planned; or as the lab made it, since a busy machine takes longer over a takeover than it was told to. */
export interface Course {
  /** s. */
  readonly outage: number;
  /** s between the beginning of the client and the loss of the path; negative where it begins in the outage. */
  readonly ranBefore: number;
}

export interface Change extends Course {
  /** s; `tcp_rto_max_ms`. */
  readonly rtoMax?: number;
  readonly limits: readonly Limit[];
}

export interface Prediction {
  readonly outcome: 'resumes' | 'fails';
  /** s since the last answer, or, of a connection that was being opened, since its first SYN. */
  readonly after: number;
  /** The try that gets through, from 1; null where none does. */
  readonly attempt: number | null;
}

export function predict(tries: Tries, change: Change): Prediction {
  const times = timesOf(tries, change.rtoMax);
  // Of what was open the waiting begins a moment before the outage, of what is opened in it so much later.
  const back = change.outage + (tries.syn ? change.ranBefore : tries.ahead);
  const attempt = times.findIndex((time) => time >= back);
  const ends = Math.min(...change.limits.map((limit) => endOf(limit, times, change, back)));
  const resumes = times[attempt] as number;
  return ends < resumes
    ? { outcome: 'fails', after: ends, attempt: null }
    : { outcome: 'resumes', after: resumes, attempt: attempt + 1 };
}

/** The tries before and after `attempt`, s since the last answer: within one of them a prediction is off by one try. */
export function neighbours(tries: Tries, attempt: number, rtoMax?: number): number[] {
  const times = timesOf(tries, rtoMax);
  return [times[attempt - 2], times[attempt]].filter((time) => time !== undefined);
}

/** s since the waiting began, by the model that advice is given by: what is checked here is what users are told. */
function timesOf({ waits, syn }: Tries, cap: number | undefined): number[] {
  const seen = waits.map(seconds);
  const settings = cap === undefined ? {} : { cap: seconds(cap) };
  return triesAfter({ seen, syn }, settings).map(({ at }) => at / NANOS_PER_SECOND);
}

function endOf(
  { of, after, lastProbe }: Limit,
  times: readonly number[],
  { ranBefore }: Change,
  /** When the path is back, s since the waiting began. */
  back: number,
): number {
  switch (of) {
    case 'silence':
      return lastProbe !== undefined && lastProbe >= back ? Number.POSITIVE_INFINITY : after;
    case 'opening':
      return after;
    case 'begin':
      return after - ranBefore;
    case 'unacknowledged':
      return times.find((time) => time - (times[0] as number) >= after) ?? Number.POSITIVE_INFINITY;
  }
}
