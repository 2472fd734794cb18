/**
 * What a client does in an outage as it is delivered, and what to set so that it rides through, or fails fast and tries
 * again. Pure: an outage and the table in, settings out.
 * The trap: a timeout that is longer than the outage is not enough. The connection goes on only when its sender tries next,
 * so a timer between the two ends a connection that was about to go on, and for nothing.
 */
import type { Client, Measures, RetryPlan, Setting, Timer } from './client.ts';
import { CONNECTING_ENDS, type Interval, type Wait } from './wait.ts';

/** `routed`: the gateway passes segments on and keeps its state. `proxy`: connections end at the node, and are lost with it. */
export const ADVICE_MODES = ['routed', 'proxy'] as const;
export type AdviceMode = (typeof ADVICE_MODES)[number];

/** s. Shorter than that, and plain loss is an error: three tries after an RTO of 200 ms take 3 s, three SYNs as long. */
export const FAIL_FAST = { silence: 10, connect: 5 } as const;

/**
 * `goes-on`: nothing ends it before its sender is through. `may-fail`: a timer fires within the interval in which it goes
 * on. `fails`: one fires before. `waits`: nothing ever ends it, and it does not go on by itself.
 */
export type FateWord = 'goes-on' | 'may-fail' | 'fails' | 'waits';

export interface ClientFate {
  readonly word: FateWord;
  /** The timer that fires first; null where none ever does. */
  readonly timer: Timer | null;
}

export interface TimerSetting extends Setting {
  readonly timer: string;
  readonly measures: Measures;
}

export interface ClientAdvice {
  readonly client: Client;
  /** Of a connection that is open when the path is lost, and on which the client waits. */
  readonly byDefault: ClientFate;
  /** Of one that it opens in the outage. */
  readonly connecting: ClientFate;
  /** Null: no setting rides through. Timers that are long enough as delivered are not in it. */
  readonly rideThrough: readonly TimerSetting[] | null;
  readonly failFast: readonly TimerSetting[];
  /** How its tries last longer than the outage. */
  readonly retry: RetryPlan & { readonly text: string };
  /** Timers that, as delivered, end what was about to go on. */
  readonly inInterval: readonly Timer[];
}

export function advise(client: Client, wait: Wait, mode: AdviceMode): ClientAdvice {
  const isOpening = ({ measures }: Timer): boolean => measures === 'connect';
  // Where no SYN gets through, a timer that is longer than the system's own never fires.
  const isInTime = ({ firesAfter }: Timer): boolean =>
    wait.connects !== null || firesAfter === null || firesAfter <= CONNECTING_ENDS.to;
  const plan = retryPlan(wait.outage);
  return {
    client,
    byDefault: fate(
      client.timers.filter((timer) => !isOpening(timer)),
      wait,
      mode,
    ),
    connecting: fate(
      client.timers.filter((timer) => isOpening(timer) && isInTime(timer)),
      wait,
      mode,
    ),
    rideThrough: mode === 'routed' ? rideThrough(client, wait) : null,
    failFast: client.timers.flatMap((timer) => {
      const value = timer.measures === 'connect' ? FAIL_FAST.connect : FAIL_FAST.silence;
      return timer.bounds && !(timer.firesAfter !== null && timer.firesAfter <= value)
        ? lowered(timer, value)
        : [];
    }),
    retry: { ...plan, text: client.retry.set(plan) },
    inInterval: client.timers.filter(
      (timer) => (timer.firesAfter ?? 0) >= wait.outage && wordOf(timer, wait, mode) === 'may-fail',
    ),
  };
}

/** s that a timer of an open connection must not be shorter than; null where nothing goes on. */
export const rideThroughSeconds = ({ atMost }: Wait): number | null => withMargin(atMost);

/** s that connecting must be given; null where the kernel gives up before. */
export const connectSeconds = ({ connects }: Wait): number | null => withMargin(connects?.to ?? null);

/** The rest of the request takes a moment too: a tenth, at least 5 s, and up to the next 5. */
export function withMargin(seconds: number): number;
export function withMargin(seconds: number | null): number | null;
export function withMargin(seconds: number | null): number | null {
  return seconds === null ? null : Math.ceil((seconds + Math.max(5, seconds / 10)) / 5) * 5;
}

/**
 * Tries of which the last comes after the outage, though all before it fail as fast as they can: the first after
 * `FAIL_FAST.silence`, each other one after `FAIL_FAST.connect`, with no pause between. `outage` in s.
 */
export function retryPlan(outage: number): RetryPlan {
  const left = Math.max(0, outage - FAIL_FAST.silence);
  return {
    attempts: 2 + Math.ceil(left / FAIL_FAST.connect),
    seconds: Math.ceil((outage * 1.5 + 20) / 10) * 10,
  };
}

function rideThrough(client: Client, wait: Wait): TimerSetting[] | null {
  const [open, connect] = [rideThroughSeconds(wait), connectSeconds(wait)];
  if (open === null) return null;
  return client.timers.flatMap((timer) => {
    if (timer.lastProbe !== undefined) return probing(timer, withMargin(wait.outage));
    const value = timer.measures === 'connect' ? connect : open;
    if (value === null) return [];
    const isTooShort = timer.firesAfter !== null && timer.firesAfter < value;
    return isTooShort || (timer.bounds && timer.firesAfter === null) ? set(timer, value) : [];
  });
}

/** Its last probe must not come before this. */
function probing(timer: Timer, seconds: number): TimerSetting[] {
  if ((timer.lastProbe ?? 0) >= seconds || timer.set === null) return [];
  let wanted = seconds;
  while ((timer.set(wanted).lastProbe ?? Number.POSITIVE_INFINITY) < seconds) wanted++;
  return set(timer, wanted);
}

/** Where the least that can be written is no less than what it does already, it stays. */
function lowered(timer: Timer, seconds: number): TimerSetting[] {
  return set(timer, seconds).filter(
    ({ firesAfter }) => timer.firesAfter === null || (firesAfter !== null && firesAfter < timer.firesAfter),
  );
}

function set(timer: Timer, seconds: number): TimerSetting[] {
  const { name, measures } = timer;
  return timer.set === null ? [] : [{ timer: name, measures, ...timer.set(seconds) }];
}

/** The first of these timers that ends a connection; or else the first that would, were it not through by then. */
export function fate(timers: readonly Timer[], wait: Wait, mode: AdviceMode): ClientFate {
  const sorted = timers
    .filter(({ firesAfter }) => firesAfter !== null)
    .sort((a, b) => (a.firesAfter ?? 0) - (b.firesAfter ?? 0));
  const judged = sorted.map((timer) => ({ word: wordOf(timer, wait, mode), timer }));
  const [first] = judged;
  if (first !== undefined) return judged.find(({ word }) => word !== 'goes-on') ?? first;
  // Nothing of its own; an opening is ended by the kernel.
  if (timers.every(({ measures }) => measures === 'connect'))
    return { word: wait.connects === null ? 'fails' : 'goes-on', timer: null };
  return { word: mode === 'routed' && wait.atMost !== null ? 'goes-on' : 'waits', timer: null };
}

/** Of one timer, as delivered and alone. */
export function wordOf(timer: Timer, wait: Wait, mode: AdviceMode): FateWord {
  const { measures, firesAfter } = timer;
  const through = throughAt(timer, wait, mode);
  if (firesAfter === null) return through !== null ? 'goes-on' : measures === 'connect' ? 'fails' : 'waits';
  if (through === null || firesAfter < through.from) return 'fails';
  return firesAfter <= through.to ? 'may-fail' : 'goes-on';
}

/** Within which time what the timer waits for comes; null: it does not. */
function throughAt(
  { measures, firesAfter, lastProbe }: Timer,
  wait: Wait,
  mode: AdviceMode,
): Interval | null {
  const { outage, atMost, connects } = wait;
  if (measures === 'connect') return connects;
  if (mode === 'proxy' || atMost === null) return null;
  // A probe is answered at once; what fires after the outage may still have sent all of its probes within it.
  const waited = firesAfter !== null && lastProbe !== undefined ? firesAfter - lastProbe : null;
  return { from: outage, to: waited === null ? atMost : outage + waited };
}
