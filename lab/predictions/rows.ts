/**
 * Predictions beside what was measured. Pure.
 * The trap: a prediction that names the wrong outcome is wrong whatever its time is, and one that nobody could measure is no
 * hit; both are told.
 */
import type { FlowKind, PlannedChange } from './changes.ts';
import type { Measured } from './measure.ts';
import { neighbours, type Prediction, predict } from './predict.ts';
import type { Tries } from './tries.ts';

/** A hit is within this of the prediction, or of the try before or after the predicted one. */
export const TOLERANCE = 0.12;

export type TriesOf = Readonly<Record<FlowKind, Tries | null>>;

export interface PredictedChange {
  readonly change: PlannedChange;
  /** Null: the reference does not show how its sender tries. */
  readonly predicted: Prediction | null;
}

export interface PredictionRow {
  /** `clients/wget-20`: run and traffic. */
  readonly id: string;
  readonly changed: string;
  readonly flow: FlowKind;
  /** s. */
  readonly outage: number;
  /** `after` in s since the loss of the path, for one that was being opened since its first SYN. */
  readonly predicted: Prediction | null;
  readonly measured: Measured | null;
  /** Measured against predicted; 0.03 is 3 % later. Null where the outcomes differ, or one is not known. */
  readonly difference: number | null;
  /** `no`: neither within the tolerance nor one try away. */
  readonly hit: 'yes' | 'one-try-off' | 'no';
}

export interface Predictions {
  /** ISO 8601, when the last run ended. */
  readonly made: string;
  readonly kernel: string;
  /** s between the tries of each sender of the reference, by frames before the path was back. */
  readonly reference: Readonly<Record<FlowKind, readonly number[]>>;
  readonly rows: readonly PredictionRow[];
}

/** Before any of these runs was made. */
export function predictAll(changes: readonly PlannedChange[], tries: TriesOf): PredictedChange[] {
  return changes.map((change) => {
    const own = tries[change.flow];
    return { change, predicted: own === null ? null : predict(own, change) };
  });
}

export function rowOf(
  { change, predicted }: PredictedChange,
  measured: Measured | null,
  tries: Tries | null,
): PredictionRow {
  const { id, title, flow, outage, rtoMax } = change;
  const isSame = predicted !== null && measured !== null && predicted.outcome === measured.outcome;
  const difference = isSame ? measured.after / predicted.after - 1 : null;
  const near = (at: number): boolean => isSame && Math.abs(measured.after / at - 1) <= TOLERANCE;
  const attempt = predicted?.attempt ?? null;
  const beside = tries === null || attempt === null ? [] : neighbours(tries, attempt, rtoMax);
  const isHit = difference !== null && Math.abs(difference) <= TOLERANCE;
  return {
    id,
    changed: title,
    flow,
    outage,
    predicted: predicted === null ? null : { ...predicted, after: round(predicted.after) },
    measured: measured === null ? null : { ...measured, after: round(measured.after) },
    difference: difference === null ? null : Math.round(difference * 1000) / 1000,
    hit: isHit ? 'yes' : beside.some(near) ? 'one-try-off' : 'no',
  };
}

export const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
