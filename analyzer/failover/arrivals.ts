/**
 * When frames of either direction were seen at all, over every flow of a
 * capture: the times in which nobody at all was heard. Many flows silent at
 * once speak of the path; one silent flow among others that move does not.
 * The trap: a capture without traffic is silent too. A gap alone is no outage.
 */
import { type Nanos, NOT_SMALL, seconds } from '../../packet/time.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';

/** No frame of a direction, of any flow, between two frames of it. */
export interface ArrivalGap {
  readonly from: Nanos;
  readonly to: Nanos;
  readonly lastFrame: FrameId;
  readonly firstFrame: FrameId;
  readonly lastFlow: Flow | null;
  readonly firstFlow: Flow;
}

const SHORTEST_GAP: Nanos = seconds(1);
/** Beyond this many gaps a capture is idle most of the time; later ones say nothing new. */
const MAX_GAPS = 4096;

/** Towards clients (sent by servers) and towards servers (sent by clients). */
export type Toward = 'client' | 'server';

class Direction {
  readonly gaps: ArrivalGap[] = [];
  first: { time: Nanos; frame: FrameId; flow: Flow } | null = null;
  lastTime: Nanos = NOT_SMALL;
  lastFrame: FrameId = NO_FRAME;
  lastFlow: Flow | null = null;

  add(time: Nanos, id: FrameId, flow: Flow): void {
    if (this.lastFrame !== NO_FRAME && time - this.lastTime >= SHORTEST_GAP && this.gaps.length < MAX_GAPS) {
      this.gaps.push({
        from: this.lastTime,
        to: time,
        lastFrame: this.lastFrame,
        firstFrame: id,
        lastFlow: this.lastFlow,
        firstFlow: flow,
      });
    }
    if (this.first === null) this.first = { time, frame: id, flow };
    this.lastTime = time;
    this.lastFrame = id;
    this.lastFlow = flow;
  }
}

export class Arrivals {
  private readonly toClient = new Direction();
  private readonly toServer = new Direction();

  add(time: Nanos, id: FrameId, flow: Flow, sender: EndIndex): void {
    (sender === flow.client ? this.toServer : this.toClient).add(time, id, flow);
  }

  gaps(toward: Toward): readonly ArrivalGap[] {
    return (toward === 'client' ? this.toClient : this.toServer).gaps;
  }

  /** The first time of nobody that ends after a moment; binary search, for there are many stalls. */
  firstGapEndingAfter(toward: Toward, time: Nanos): ArrivalGap | null {
    const gaps = this.gaps(toward);
    let low = 0;
    let high = gaps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((gaps[middle] as ArrivalGap).to > time) high = middle;
      else low = middle + 1;
    }
    return gaps[low] ?? null;
  }

  /** The oldest frame in a direction. */
  first(toward: Toward): { time: Nanos; frame: FrameId; flow: Flow } | null {
    return (toward === 'client' ? this.toClient : this.toServer).first;
  }

  /** The newest frame in a direction. */
  last(toward: Toward): { time: Nanos; frame: FrameId; flow: Flow } | null {
    const d = toward === 'client' ? this.toClient : this.toServer;
    return d.lastFlow === null ? null : { time: d.lastTime, frame: d.lastFrame, flow: d.lastFlow };
  }
}
