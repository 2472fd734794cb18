/**
 * Predictions beside what was measured. Pure.
 * The trap: a prediction that names the wrong outcome is wrong whatever its time is, and one that nobody could measure is no
 * hit; both are told.
 */
import type { FlowKind, PlannedChange } from './changes.ts';
import type { Measured } from './measure.ts';
import { type Course, neighbours, type Prediction, predict } from './predict.ts';
import type { Tries } from './tries.ts';

/** A hit is within this of the prediction, or of the try before or after the predicted one. */
export const TOLERANCE = 0.12;

export type TriesOf = Readonly<Record<FlowKind, Tries | null>>;

export interface PredictedChange {
  readonly change: PlannedChange;
  /** As it was told before the change was made. Null: the reference does not show how its sender tries. */
  readonly announced: Prediction | null;
}

export interface PredictionRow {
  /** `clients/wget-20`: run and traffic. */
  readonly id: string;
  readonly changed: string;
  readonly flow: FlowKind;
  /** s, as planned, and as the lab made it. */
  readonly outage: number;
  readonly made: number | null;
  /** For the outage as planned, before it was made. */
  readonly announced: Prediction | null;
  /** For the outage as it was made, from the same frames. `after` in s since the loss of the path, for one that was being opened since its first SYN. */
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
    return { change, announced: own === null ? null : predict(own, change) };
  });
}

export function rowOf(
  { change, announced }: PredictedChange,
  tries: Tries | null,
  made: Course | null,
  measured: Measured | null,
): PredictionRow {
  const { id, title, flow, outage, rtoMax } = change;
  const predicted = tries === null || made === null ? null : predict(tries, { ...change, ...made });
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
    made: made === null ? null : round(made.outage),
    announced: rounded(announced),
    predicted: rounded(predicted),
    measured: rounded(measured),
    difference: difference === null ? null : Math.round(difference * 1000) / 1000,
    hit: isHit ? 'yes' : beside.some(near) ? 'one-try-off' : 'no',
  };
}

const rounded = <T extends { readonly after: number }>(one: T | null): T | null =>
  one === null ? null : { ...one, after: round(one.after) };

export const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
