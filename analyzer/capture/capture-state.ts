/**
 * What is known of a capture as a whole: where its frames begin and end, and
 * to when it demonstrably ran.
 * The trap: a classic pcap has no end mark, so silence after its last frame is
 * not covered unless somebody says so.
 */
import type { CaptureInterface } from '../../packet/file/record.ts';
import { NANOS_PER_SECOND, type Nanos } from '../../packet/time.ts';

/**
 * A day: captures of two times that were put into one file, or a capture that was stopped, look so; what waits for an answer
 * has been tried again or given up long before (924 s by `tcp_retries2`, two hours and more by keepalives).
 */
const LONG_PAUSE: Nanos = 86_400 * NANOS_PER_SECOND;
const MOST_PAUSES = 1000;

export class CaptureState {
  readonly file: string;
  readonly index: number;
  frames = 0;
  lastFrame = 0;
  // Infinite and not null before any frame: a field that is a number or null costs an allocation a frame.
  private earliest: Nanos = Number.POSITIVE_INFINITY;
  private latest: Nanos = Number.NEGATIVE_INFINITY;

  constructor(file: string, index: number) {
    this.file = file;
    this.index = index;
  }

  /** Times of a day and more without any frame. */
  readonly pauses: { readonly from: Nanos; readonly to: Nanos }[] = [];

  /** The end of the time that was asked for, once a frame after it shows that the capture ran on to there. */
  ranOnTo: Nanos | null = null;

  note(frame: number, time: Nanos): void {
    this.frames += 1;
    this.lastFrame = frame;
    if (time - this.latest >= LONG_PAUSE && this.pauses.length < MOST_PAUSES && this.frames > 1)
      this.pauses.push({ from: this.latest, to: time });
    if (time < this.earliest) this.earliest = time;
    if (time > this.latest) this.latest = time;
  }

  get firstTime(): Nanos | null {
    return this.frames === 0 ? null : this.earliest;
  }

  get lastTime(): Nanos | null {
    return this.frames === 0 ? null : this.latest;
  }
}

/** The latest of the last frame, the end times of interface statistics, and `until`; null for a capture without any. */
export function coveredUntil(
  state: CaptureState,
  interfaces: readonly CaptureInterface[],
  until: Nanos | null,
): Nanos | null {
  const ends = [state.lastTime, state.ranOnTo, until, ...interfaces.map((i) => i.endTime)].filter(
    (t): t is Nanos => t !== null,
  );
  return ends.length === 0 ? null : Math.max(...ends);
}
