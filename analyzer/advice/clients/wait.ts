/**
 * How long a connection stands still in an outage: the sender tries again after its RTO, doubles the wait each time (RFC
 * 6298, 5.5; in Linux up to 120 s), and goes on with the first try after the path is back.
 * The trap: the RTO is known from a capture only, and the outage may end just before a try or just after one. So the
 * answer is an interval, and a timeout that is to ride through must be longer than all of it.
 */
import { seconds as toNanos, toSeconds } from '../../../packet/time.ts';
import { RTO_MAX, rungTime } from '../../stall/ladder.ts';

/** s since the path was lost. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

export interface Wait {
  /** s. */
  readonly outage: number;
  /** s; null where it is not known. */
  readonly rto: number | null;
  /** When a connection goes on that was sending as the path was lost. Null: its sender gives up before (Linux: `tcp_retries2`). */
  readonly resumes: Interval | null;
  /** s: the latest that any goes on, also one whose sender began in the outage. Null as `resumes`. */
  readonly atMost: number | null;
  /** When a connection that is opened in the outage is open, counted from its first SYN. Null: it is given up before. */
  readonly connects: Interval | null;
}

/** Kernels round long timers up: 3 to 6 % was measured, the timer wheel allows an eighth. */
const SLACK = 1.125;
/** s: where no capture tells the RTO it is taken to be at most the initial one (RFC 6298, 2.1). */
const MOST_RTO = 1;
/** s: `tcp_retries2` of 15 with the shortest RTO (ip-sysctl, Linux). */
export const SENDER_GIVES_UP = 924.6;
/**
 * s after the first SYN: Linux since 6.5 (`tcp_syn_linear_timeouts` of 4), and as RFC 6298 has it, which older ones do.
 * The last one ends in a failure (`tcp_syn_retries` of 6).
 */
const SYN_LADDERS = [
  [1, 2, 3, 4, 5, 7, 11, 19, 35, 67, 131],
  [1, 3, 7, 15, 31, 63, 127],
] as const;
/** s after the first SYN: by the older of these ladders, and by the newer one. */
const ofSyn = (fromEnd: number): Interval => {
  const [newer, older] = SYN_LADDERS.map((ladder) => ladder.at(fromEnd) ?? 0);
  return { from: older ?? 0, to: newer ?? 0 };
};
/** When a system sends its last SYN: where the path is back later than that, connecting fails. */
export const LAST_SYN = ofSyn(-2);
/** When a system gives up connecting, whatever the program would wait. */
export const CONNECTING_ENDS = ofSyn(-1);

/** `outage` and `rto` in s; both are more than 0. */
export function waitFor(outage: number, rto: number | null): Wait {
  // The last try that failed came at most at the end of the outage, and the wait after it is as long as all before it, plus the RTO.
  const atMost = outage + SLACK * Math.min(outage + (rto ?? MOST_RTO), toSeconds(RTO_MAX));
  const goesOn = atMost < SENDER_GIVES_UP;
  const own = rto === null ? { from: outage, to: atMost } : tries(outage, rto);
  const resumes = { from: own.from, to: Math.min(own.to, atMost) };
  return {
    outage,
    rto,
    resumes: goesOn ? resumes : null,
    atMost: goesOn ? atMost : null,
    connects: connects(outage),
  };
}

/** Those of a sender with this RTO that may be the first after the outage. */
function tries(outage: number, rto: number): Interval {
  const rung = (k: number): number => toSeconds(rungTime(k, toNanos(rto)));
  let first = 1;
  while (rung(first) * SLACK < outage) first++;
  let last = first;
  while (rung(last) < outage) last++;
  return { from: Math.max(outage, rung(first)), to: rung(last) * SLACK };
}

function connects(outage: number): Interval | null {
  const answered = SYN_LADDERS.map((ladder) => ladder.slice(0, -1).find((at) => at >= outage));
  const [a, b] = answered;
  if (a === undefined || b === undefined) return null;
  return { from: 0, to: Math.max(a, b) * SLACK };
}
