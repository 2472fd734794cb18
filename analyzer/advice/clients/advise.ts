/**
 * What a client does in an outage as it is delivered, and what to set so that it rides through, or fails fast and tries
 * again. Pure: an outage and the table in, settings out.
 * The trap: a timeout that is longer than the outage is not enough. The connection goes on only when its sender tries next,
 * so a timer between the two ends a connection that was about to go on, and for nothing.
 */
import type { Client, Measures, RetryPlan, Setting, Timer } from './client.ts';
import type { Interval, Wait } from './wait.ts';

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
  const opening = client.timers.filter(({ measures }) => measures === 'connect');
  const open = client.timers.filter(({ measures }) => measures !== 'connect');
  const goesOn = mode === 'routed' ? goesOnWithin(wait) : null;
  const plan = retryPlan(wait.outage);
  return {
    client,
    byDefault: fate(open, goesOn),
    connecting: connectFate(opening, wait),
    rideThrough: mode === 'routed' ? rideThrough(client, wait) : null,
    failFast: client.timers.flatMap((timer) => {
      const value = timer.measures === 'connect' ? FAIL_FAST.connect : FAIL_FAST.silence;
      return timer.bounds && !(timer.firesAfter !== null && timer.firesAfter <= value)
        ? lowered(timer, value)
        : [];
    }),
    retry: { ...plan, text: client.retry.set(plan) },
    inInterval: [
      ...open.filter((timer) => mode === 'routed' && isWithin(timer, wait.outage, wait.atMost)),
      ...opening.filter((timer) => isWithin(timer, wait.outage, wait.connects?.to ?? null)),
    ],
  };
}

/** s that a timer of an open connection must not be shorter than; null where nothing goes on. */
export const rideThroughSeconds = ({ atMost }: Wait): number | null => withMargin(atMost);

/** s that connecting must be given; null where the kernel gives up before. */
export const connectSeconds = ({ connects }: Wait): number | null => withMargin(connects?.to ?? null);

/** The rest of the request takes a moment too: a tenth, at least 5 s, and up to the next 5. */
function withMargin(seconds: number | null): number | null {
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
    const value = timer.measures === 'connect' ? connect : open;
    if (value === null) return [];
    const isTooShort = timer.firesAfter !== null && timer.firesAfter < value;
    return isTooShort || (timer.bounds && timer.firesAfter === null) ? set(timer, value) : [];
  });
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

/** Whoever sends, and since when: a known RTO narrows down only what was being sent as the path was lost. */
export const goesOnWithin = ({ outage, atMost }: Wait): Interval | null =>
  atMost === null ? null : { from: outage, to: atMost };

/** Of one timer or several: what the first of them does to a connection that goes on in this interval. */
export function fate(timers: readonly Timer[], goesOn: Interval | null): ClientFate {
  const first = timers
    .filter((timer) => timer.firesAfter !== null)
    .sort((a, b) => (a.firesAfter ?? 0) - (b.firesAfter ?? 0))[0];
  const after = first?.firesAfter ?? null;
  if (first === undefined || after === null)
    return { word: goesOn === null ? 'waits' : 'goes-on', timer: null };
  if (goesOn === null || after < goesOn.from) return { word: 'fails', timer: first };
  return { word: after <= goesOn.to ? 'may-fail' : 'goes-on', timer: first };
}

/** Where the client has no timer of its own, the kernel's ends it. */
export function connectFate(timers: readonly Timer[], { connects }: Wait): ClientFate {
  const found = fate(timers, connects);
  return found.word === 'waits' ? { word: 'fails', timer: null } : found;
}

const isWithin = ({ firesAfter }: Timer, from: number, to: number | null): boolean =>
  firesAfter !== null && to !== null && firesAfter >= from && firesAfter <= to;
