/**
 * What an experiment on one flow's stall came to, and how its times are written. Words and types; the experiments are in
 * `resumed-advice.ts` (flows that went on) and `failing-advice.ts` (those that did not).
 */
import type { Advice, TimerReplay } from '../report/report.ts';

/** Which experiment a piece of advice comes from: those of many flows are told together. */
export type Experiment =
  | 'shorter'
  | 'longer'
  | 'cap'
  | 'timeout'
  | 'clients'
  | 'send-timeout'
  | 'fail'
  | 'keepalive'
  | 'user-timeout'
  | 'connect';

export interface Replayed {
  readonly experiment: Experiment;
  readonly advice: Advice;
  /** Seconds that it would have been faster, or would have known sooner; below 0: slower. */
  readonly gain: number;
}

/** What the same stall would have been with something else set. */
export interface FlowReplay {
  /** The most telling first. */
  readonly advice: readonly Replayed[];
  /** The timers of common clients and servers; made anew when asked for, since few flows of many show them. */
  readonly timers: () => TimerReplay[];
}

export const NOTHING: FlowReplay = { advice: [], timers: () => [] };

/** `6.21 s`; two digits are what a rung is worth. */
export const say = (s: number): string => `${s < 10 ? s.toFixed(2) : s.toFixed(1)} s`;
export const round = (s: number): number => Math.round(s * 1000) / 1000;
