/**
 * Times of one capture as the report writes them.
 */
import { type Nanos, toEpoch } from '../../packet/time.ts';
import { captureOf, type FrameId, frameOf } from '../flow/frame-id.ts';
import type { FrameRef, NanosString } from './report.ts';

/** Turns a capture's own times and frames into those of the report. */
export class ReportClock {
  private readonly origin: bigint;
  private readonly ids: readonly string[];

  /** `ids`: capture id by capture index. */
  constructor(origin: bigint, ids: readonly string[]) {
    this.origin = origin;
    this.ids = ids;
  }

  time(t: Nanos): NanosString {
    return toEpoch(this.origin, t).toString();
  }

  frame(id: FrameId): FrameRef {
    return { capture: this.ids[captureOf(id)] as string, frame: frameOf(id) };
  }
}

/** Seconds with what ns resolution leaves of them. */
export const durationOf = (t: Nanos): number => Math.round(t) / 1e9;
