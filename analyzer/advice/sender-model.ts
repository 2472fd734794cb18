/**
 * When a sender without an answer tries again: after its RTO, and after twice the wait each time (RFC 6298, 5.5), up to a cap
 * (Linux: 120 s, `tcp_rto_max_ms`). Pure arithmetic: the waits that were seen, then those that follow from them.
 * The trap: kernels round long timers up, by 3 to 6 % (the timer wheel allows an eighth), so what is predicted comes a little
 * later than the doubled wait, and a moment just after a try may as well be just before it.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import { RTO_MAX } from '../stall/ladder.ts';

/** What is known of a sender that waits. All in ns; times count from the beginning of its first wait. */
export interface Waits {
  /** Those that were seen, in their order; at least one. */
  readonly seen: readonly Nanos[];
  /** They are those of a SYN. */
  readonly syn: boolean;
}

/** Settings of the sender's kernel that change when it tries, and when it stops to. */
export interface SenderSettings {
  /** The longest wait; 120 s where absent. */
  readonly cap?: Nanos;
  /** `tcp_user_timeout`: it gives up so long after its first transmission that nobody acknowledged. */
  readonly userTimeout?: Nanos;
}

export interface Try {
  /** 1 for the first after the RTO. */
  readonly rung: number;
  /** ns since the waiting began. */
  readonly at: Nanos;
}

/** Linux repeats the first SYN waits before it doubles (`tcp_syn_linear_timeouts` of 4, since 6.5; RFC 6298 doubles at once). */
const LINEAR_SYNS = 5;
/** Waits of kernels and captures that count as equal: +-12 % (failover catalogue, 1.1). */
const ALIKE = 0.12;
/** More tries than this take longer than any kernel goes on. */
const MOST_TRIES = 40;
/** `tcp_retries2` and `tcp_syn_retries` of Linux (ip-sysctl). */
const DATA_RETRIES = 15;
const SYN_RETRIES = 6;
/** The shortest RTO, by which Linux models how long `tcp_retries2` tries take. */
const MODEL_RTO: Nanos = seconds(0.2);

/** Every try in turn, those that were seen and those that follow, as far as anybody goes on. */
export function triesAfter(waits: Waits, settings: SenderSettings = {}): Try[] {
  const tries: Try[] = [];
  let at = 0;
  let wait = 0;
  for (let i = 0; i < MOST_TRIES; i++) {
    wait = waitAt(waits, i, wait, settings.cap);
    at += wait;
    tries.push({ rung: i + 1, at });
  }
  return tries;
}

/** The wait before try `i`: as it was seen, or as it follows; a cap that is asked about shortens also those that were seen. */
function waitAt({ seen, syn }: Waits, i: number, before: Nanos, cap: Nanos | undefined): Nanos {
  const follows = (): Nanos => {
    if (syn && i < LINEAR_SYNS && isLinear(seen)) return before;
    return Math.min(isCapped(seen, syn) ? before : before * 2, RTO_MAX);
  };
  const wait =
    cap === undefined || i === 0 ? (seen[i] ?? follows()) : Math.min(seen[i] ?? before * 2, RTO_MAX);
  return cap === undefined ? wait : Math.min(wait, cap);
}

/** One wait of a SYN alone does not tell; newer kernels are taken for it. */
const isLinear = (seen: readonly Nanos[]): boolean =>
  seen.length < 2 || isAlike(seen[1] as Nanos, seen[0] as Nanos);

/** Two equal waits in a row are a cap below 120 s, or ICMP errors that undo the doubling (RFC 6069). */
function isCapped(seen: readonly Nanos[], syn: boolean): boolean {
  const [a, b] = seen.slice(-2);
  return !syn && seen.length >= 3 && a !== undefined && b !== undefined && isAlike(a, b);
}

const isAlike = (a: Nanos, b: Nanos): boolean => Math.abs(a - b) <= b * ALIKE;

/**
 * The try that gets through where the path is back at `back` (ns since the waiting began); null where the sender gave up
 * before. One that comes so shortly before that rounding may have put it after counts.
 */
export function resumingTry(waits: Waits, back: Nanos, settings: SenderSettings = {}): Try | null {
  const tries = triesAfter(waits, settings);
  const end = givesUpAfter(waits, settings);
  const found = tries.find(
    ({ at }, i) => at + (i < waits.seen.length ? 0 : ROUNDED_UP * (at - (tries[i - 1]?.at ?? 0))) >= back,
  );
  // At the moment when it gives up nothing is sent any more.
  return found === undefined || found.at >= end ? null : found;
}

/** Up to so much of its length a long wait was longer than the doubled one (measured on Linux, 3 to 6 %). */
const ROUNDED_UP = 0.06;

/**
 * ns after which the sender stops, since the waiting began: by `tcp_user_timeout`, by the number of its SYNs, or at the first
 * try after the time that 15 tries with the shortest RTO would have taken (`tcp_retries2`, ip-sysctl: 924.6 s).
 */
export function givesUpAfter(waits: Waits, { cap, userTimeout }: SenderSettings = {}): Nanos {
  const tries = triesAfter(waits, cap === undefined ? {} : { cap });
  if (userTimeout !== undefined) return userTimeout;
  if (waits.syn) {
    const last = SYN_RETRIES + (isLinear(waits.seen) ? LINEAR_SYNS - 1 : 0);
    return (tries[last] as Try).at;
  }
  let modelled = 0;
  for (let i = 0; i <= DATA_RETRIES; i++) modelled += Math.min(MODEL_RTO * 2 ** i, cap ?? RTO_MAX);
  return tries.find(({ at }) => at >= modelled)?.at ?? modelled;
}
