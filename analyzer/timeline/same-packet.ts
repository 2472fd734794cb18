/**
 * Where else a frame's packet was seen, for a frame in the middle of a transfer that no journey follows:
 * the frames of its flow and direction at the other vantages that carry the same numbers at about the time.
 * The trap: a retransmission carries the same numbers as well, so the nearest in time is taken, and none
 * where that is further away than a passage takes.
 */
import type { FrameRef } from '../report/report.ts';
import type { LaneQuery } from './lane-index.ts';
import type { LaneFrame, TimelineHead } from './timeline.ts';

/** The frames of a lane; empty where there is no such lane. */
export type FramesOf = (lane: string, query: LaneQuery) => readonly LaneFrame[];

export interface SeenAt {
  readonly frame: FrameRef;
  /** `TimelineVantage.index`. */
  readonly vantage: number;
  readonly time: number;
}

/** As for journeys: no path takes longer, no retransmission timer is shorter. */
const ONE_PASSAGE = 180_000_000;
/** ns that a time may differ by that was reckoned from a report's rounded clocks. */
const ROUNDING = 2_000;
const MOST = 10_000;

/** `time` of the frame, ns since the timeline's origin. The frame itself first; only it where it is no segment of a flow. */
export function samePackets(head: TimelineHead, framesOf: FramesOf, frame: FrameRef, time: number): SeenAt[] {
  const home = head.vantages.find(({ captures }) => captures.includes(frame.capture));
  if (home === undefined) return [];
  const near = { from: time - ROUNDING, to: time + ROUNDING, limit: MOST, least: 0, order: 'asc' } as const;
  const flow = framesOf(`v${home.index}`, near).find((one) => isSame(one.frame, frame))?.flow ?? null;
  const side = (['c', 's'] as const).find((s) =>
    framesOf(`v${home.index}.${flow}.${s}`, near).some((one) => isSame(one.frame, frame)),
  );
  const own = framesOf(`v${home.index}.${flow}.${side}`, near).find((one) => isSame(one.frame, frame));
  if (flow === null || own === undefined) return [{ frame, vantage: home.index, time }];
  const others = head.vantages.flatMap((vantage): SeenAt[] => {
    if (vantage === home) return [];
    // Where no clock bounds the difference, "at about the time" means nothing.
    if (vantage.clockError === null || home.clockError === null) return [];
    const reach = ONE_PASSAGE + vantage.clockError + home.clockError;
    const window = { ...near, from: own.time - reach, to: own.time + reach };
    const same = framesOf(`v${vantage.index}.${flow}.${side}`, window).filter((one) => isCopy(one, own));
    const best = same.sort((a, b) => Math.abs(a.time - own.time) - Math.abs(b.time - own.time))[0];
    return best === undefined ? [] : [{ frame: best.frame, vantage: vantage.index, time: best.time }];
  });
  return [{ frame, vantage: home.index, time: own.time }, ...others];
}

const isSame = (a: FrameRef, b: FrameRef): boolean => a.capture === b.capture && a.frame === b.frame;

const isCopy = (a: LaneFrame, b: LaneFrame): boolean =>
  a.seq === b.seq && a.ack === b.ack && a.length === b.length && a.flags === b.flags;
