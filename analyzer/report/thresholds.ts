/** The figures that verdicts turn on, for whoever documents a diagnosis: seconds, and shares of one. */
import { ONE_PASSAGE } from '../failover/crossing.ts';
import { RUNG_TOLERANCE } from '../stall/ladder.ts';
import { SHORTEST_SILENCE } from '../stall/silence.ts';
import { NO_BACKOFF } from '../verdict/backoff.ts';
import { SILENCE_IS_HANG, UNANSWERED_IS_HANG } from '../verdict/outcome.ts';

const NANOS = 1e9;

export const THRESHOLDS = {
  /** Shorter silences are no stalls. */
  shortestStall: SHORTEST_SILENCE / NANOS,
  /** A back-off that added less is told as `outage`. */
  leastBackoff: NO_BACKOFF,
  /** A retransmission is a rung of the ladder within this share of its time. */
  rungTolerance: RUNG_TOLERANCE,
  /** A stall that is open is a hang after so many transmissions in vain, or after so long. */
  unansweredIsHang: UNANSWERED_IS_HANG,
  silenceIsHang: SILENCE_IS_HANG / NANOS,
  /** What takes longer from one vantage to the next counts as missing there. */
  longestPassage: ONE_PASSAGE / NANOS,
} as const;
