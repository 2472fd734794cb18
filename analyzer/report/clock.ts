/**
 * Times of one capture as the report writes them: by the clock of the reference.
 */
import { type Nanos, toEpoch } from '../../packet/time.ts';
import { captureOf, type FrameId, frameOf } from '../flow/frame-id.ts';
import type { FrameRef, NanosString } from './report.ts';

/** Turns a capture's own times and frames into those of the report. */
export class ReportClock {
  private readonly origin: bigint;
  private readonly ids: readonly string[];
  private readonly align: (t: Nanos) => Nanos;

  /** `ids`: capture id by capture index. `align` turns a time of the capture into ns since `origin` by the clock of the report. */
  constructor(origin: bigint, ids: readonly string[], align: (t: Nanos) => Nanos = (t) => t) {
    this.origin = origin;
    this.ids = ids;
    this.align = align;
  }

  time(t: Nanos): NanosString {
    return toEpoch(this.origin, this.align(t)).toString();
  }

  frame(id: FrameId): FrameRef {
    return { capture: this.ids[captureOf(id)] as string, frame: frameOf(id) };
  }
}

/** Seconds with what ns resolution leaves of them. */
export const durationOf = (t: Nanos): number => Math.round(t) / 1e9;
