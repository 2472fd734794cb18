/**
 * What is known of a client: its timers, as it is delivered, and how each is set. Data and types; `advise.ts` computes.
 * The trap: a timer does not fire after the number that is written. curl averages over some seconds first, and a
 * keep-alive of 10 s gives up after ten of them. So a setting says after how many seconds of silence it *fires*.
 */

/**
 * `connect`: until the connection is open. `idle`: silence while it reads. `send`: silence while it writes. `total`: the
 * request as a whole, from its beginning. `keepalive`: unanswered probes, while nothing of its own is unacknowledged.
 * `unacknowledged`: what it sent and nobody acknowledged.
 */
export const MEASURES = ['connect', 'idle', 'send', 'total', 'keepalive', 'unacknowledged'] as const;
export type Measures = (typeof MEASURES)[number];

export interface Source {
  /** Whose page, and which section of it. */
  readonly title: string;
  readonly url: string;
}

/** A value of a timer, as one writes it. */
export interface Setting {
  readonly text: string;
  /** s of silence after which it ends the connection; null: it never does. */
  readonly firesAfter: number | null;
  /** Of keep-alive: as `Timer` has them. */
  readonly firstProbe?: number;
  readonly lastProbe?: number;
}

export interface Timer {
  /** As the client calls it. */
  readonly name: string;
  readonly measures: Measures;
  /** s of silence after which it fires as delivered; null: never. */
  readonly firesAfter: number | null;
  /** Of the kernel's keep-alive: s of silence at which the first probe is sent. */
  readonly firstProbe?: number;
  /**
   * Of the kernel's keep-alive: s of silence at which the last probe is sent. The peer's kernel answers it as soon as the path
   * is back, and the connection stays, whenever the peer itself goes on.
   */
  readonly lastProbe?: number;
  /** The default in the words of its documentation. */
  readonly byDefault: string;
  /** It is the one to set where nothing else bounds a wait. */
  readonly bounds: boolean;
  /** At which end of the connection it is; the client's where absent. */
  readonly end?: 'server' | 'either';
  /** A timer of `idle` that silence while it writes ends as well. */
  readonly alsoSends?: true;
  /** So that it fires after so many seconds, or the next that can be written. Null: there is no way to set it. */
  readonly set: ((seconds: number) => Setting) | null;
  readonly source: Source;
}

/** How often, and for how long, it has to try so that the last try comes after the outage. */
export interface RetryPlan {
  /** Tries in all. */
  readonly attempts: number;
  /** s from the first failure. */
  readonly seconds: number;
}

export interface Client {
  /** As `--client` takes it. */
  readonly id: string;
  readonly title: string;
  /** Of which version the defaults were read. */
  readonly version: string;
  readonly timers: readonly Timer[];
  readonly retry: {
    readonly byDefault: string;
    readonly set: (plan: RetryPlan) => string;
    readonly source: Source;
  };
  /** What one has to know beside the numbers; may be empty. */
  readonly notes: readonly string[];
}

/** `--read-timeout=75`: a setting that fires after the number that it says. */
export const whole =
  (write: (seconds: number) => string) =>
  (seconds: number): Setting => {
    const value = Math.ceil(seconds);
    return { text: write(value), firesAfter: value };
  };

/** Probes: so long after the last byte the first one, and it gives up when `count` of them had no answer. */
export const probes =
  (count: number, write: (each: number) => string) =>
  (seconds: number): Setting => {
    const each = Math.max(1, Math.ceil(seconds / (count + 1)));
    return { text: write(each), firesAfter: each * (count + 1), firstProbe: each, lastProbe: each * count };
  };
