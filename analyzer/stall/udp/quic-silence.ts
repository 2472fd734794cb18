/**
 * Silences of a QUIC connection: one end sends again and again, and the other
 * is not heard. What the datagrams say is encrypted, but an end that has heard
 * nothing may send only what asks for an answer (RFC 9000, section 13.2.1), at
 * waits that double (RFC 9002, section 6.2).
 * The trap: the first datagrams after something was heard may be mere
 * acknowledgements, which nobody answers, and an end that closes sends one last
 * datagram that nobody answers either. One try in vain is none.
 */
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import type { EndIndex } from '../../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../../flow/frame-id.ts';

/** Datagrams closer together are one try: an end may send two at once. */
const BURST: Nanos = millis(20);
/** Acknowledgements of what was heard come within this, a round trip away from the end that sends them. */
const ANSWERING: Nanos = millis(300);
/** After so long a rest a datagram is a new beginning, and no answer. */
const RESTED: Nanos = seconds(1);
const SHORTEST: Nanos = seconds(1);
/** The first and the newest are kept. */
const MOST_TRIES = 24;
/** So many tries in a row make a silence: acknowledgements and a last word do not reach it. */
const FEWEST_TRIES = 3;
/** Of them so many long after the other end was heard. */
const FEWEST_IN_VAIN = 2;

export interface QuicTry {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly length: number;
}

/** Who tried, how often, and since when nothing moved. */
export interface QuicSilence {
  /** The end that sent in vain. */
  readonly waiting: EndIndex;
  readonly start: Nanos;
  readonly startFrame: FrameId;
  /** The other end, as it was last heard; `NO_FRAME` where it never was. */
  readonly heard: { readonly time: Nanos; readonly frame: FrameId };
  /** Oldest first; in a silence that ended the last of them was answered. */
  readonly tries: readonly QuicTry[];
  readonly tryCount: number;
  /** The other end's datagram that ended it. */
  readonly end: { readonly time: Nanos; readonly frame: FrameId } | null;
}

/** What one end has sent since the other was last heard. Reused from run to run. */
export class QuicRun {
  sender: EndIndex = 0;
  private heardTime: Nanos = 0;
  private heardFrame: FrameId = NO_FRAME;
  private firstTime: Nanos = 0;
  private firstFrame: FrameId = NO_FRAME;
  private firstLength = 0;
  private lastTime: Nanos = 0;
  private lastFrame: FrameId = NO_FRAME;
  private later: QuicTry[] = [];
  private laterCount = 0;

  /** A datagram of `sender`. Returns the silence that it ended, if it did. */
  take(sender: EndIndex, time: Nanos, frame: FrameId, length: number): QuicSilence | null {
    if (this.lastFrame === NO_FRAME) {
      this.begin(sender, time, frame, length);
      return null;
    }
    if (sender === this.sender) {
      if (time - this.lastTime >= BURST) this.addTry({ time, frame, length });
      this.lastTime = time;
      this.lastFrame = frame;
      return null;
    }
    const ended = this.laterCount === 0 ? null : this.silence({ time, frame });
    this.heardTime = this.lastTime;
    this.heardFrame = this.lastFrame;
    this.begin(sender, time, frame, length);
    return ended;
  }

  /** The silence that lasts, or that `end` ends; null where there is none. */
  silence(end: QuicSilence['end'], until: Nanos = end?.time ?? 0): QuicSilence | null {
    const { heardTime, heardFrame } = this;
    const unheard = heardFrame === NO_FRAME;
    const first: QuicTry = { time: this.firstTime, frame: this.firstFrame, length: this.firstLength };
    const fresh = unheard || first.time - heardTime > RESTED;
    const tries = fresh ? [first, ...this.later] : this.later;
    const [one] = tries;
    if (one === undefined) return null;
    const rested = unheard || one.time - heardTime > RESTED;
    const start = rested ? one.time : heardTime;
    const inVain = unheard ? tries : tries.filter((t) => t.time - heardTime > ANSWERING);
    const fewest = unheard ? FEWEST_IN_VAIN : FEWEST_TRIES;
    if (tries.length < fewest || inVain.length < FEWEST_IN_VAIN || until - start < SHORTEST) return null;
    return {
      waiting: this.sender,
      start,
      startFrame: rested ? one.frame : heardFrame,
      heard: { time: heardTime, frame: heardFrame },
      tries,
      tryCount: this.laterCount + (fresh ? 1 : 0),
      end,
    };
  }

  private begin(sender: EndIndex, time: Nanos, frame: FrameId, length: number): void {
    this.sender = sender;
    this.firstTime = this.lastTime = time;
    this.firstFrame = this.lastFrame = frame;
    this.firstLength = length;
    if (this.laterCount > 0) this.later = [];
    this.laterCount = 0;
  }

  private addTry(one: QuicTry): void {
    this.laterCount += 1;
    if (this.later.length === MOST_TRIES) this.later.splice(MOST_TRIES / 2, 1);
    this.later.push(one);
  }
}
