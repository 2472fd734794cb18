/**
 * Packets on their way as lines from lane to lane, with what became of them: seen again, missing, or nobody can say.
 * The trap: thousands of packets in one pixel are one line; and a packet's two sightings at one vantage (in and out
 * of a node) lie in the same lane.
 */
import type { Journey, JourneyStop } from '../../analyzer/index.ts';
import type { LaneBox } from './lanes-layout.ts';
import type { TimeScale } from './scale.ts';

export interface JourneyLine {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** `seen`: a line to the next sighting; else a stub towards where it should have been. */
  readonly end: JourneyStop['seen'];
  /** A retransmission, a probe, or lost: never left out. */
  readonly notable: boolean;
  readonly journey: number;
}

/** More lines than that are a carpet: then only the notable ones are drawn. */
const MOST_LINES = 600;
/** More packets than that are not even tried: they would share few pixels. */
const MOST_TRIED = 4000;

export interface JourneyLines {
  readonly lines: readonly JourneyLine[];
  /** Ordinary packets that are not drawn because they are too many. */
  readonly left: number;
}

/** Packets in the order of time, made ready to be looked through in every frame. */
export interface JourneyIndex {
  readonly journeys: readonly Journey[];
  readonly notable: readonly number[];
  /** ns from the first sighting of a packet to the last, of the slowest one. */
  readonly longest: number;
}

/** That nobody can say where an ordinary packet went is not its fault. */
export const isNotable = ({ label, stops }: Journey): boolean =>
  label !== '' || stops.some(({ seen }) => seen === 'missing');

export function indexJourneys(journeys: readonly Journey[]): JourneyIndex {
  let longest = 0;
  const notable: number[] = [];
  for (const [at, journey] of journeys.entries()) {
    for (const { time } of journey.stops)
      if (time !== undefined) longest = Math.max(longest, time - journey.time);
    if (isNotable(journey)) notable.push(at);
  }
  return { journeys, notable, longest };
}

/** `lanes` with the boxes of all vantages; lines of what lies within the scale's window. */
export function journeyLines(
  { journeys, notable, longest }: JourneyIndex,
  lanes: readonly LaneBox[],
  scale: TimeScale,
): JourneyLines {
  const boxes = new Map(lanes.map((lane) => [`${lane.vantage}${lane.from}`, lane]));
  const first = firstAt(journeys, scale.from - longest);
  const last = firstAt(journeys, scale.to);
  const special = new Map<string, JourneyLine>();
  for (const index of notable)
    if (index >= first && index < last)
      for (const line of linesOf(journeys[index]!, index, boxes, scale)) special.set(pixelKey(line), line);
  const ordinary = new Map<string, JourneyLine>();
  const isTried = last - first <= MOST_TRIED;
  for (let index = first; isTried && index < last && ordinary.size <= MOST_LINES; index++)
    if (!isNotable(journeys[index]!))
      for (const line of linesOf(journeys[index]!, index, boxes, scale)) ordinary.set(pixelKey(line), line);
  const isDrawn = isTried && ordinary.size <= MOST_LINES;
  const left = isDrawn ? 0 : last - first - notable.filter((at) => at >= first && at < last).length;
  return { lines: [...(isDrawn ? ordinary.values() : []), ...special.values()], left };
}

function firstAt(journeys: readonly Journey[], time: number): number {
  let low = 0;
  let high = journeys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (journeys[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const pixelKey = ({ x0, y0, x1, y1, end }: JourneyLine): string =>
  `${Math.round(x0)} ${y0} ${Math.round(x1)} ${y1} ${end}`;

/** Lines meet bars of single frames in their middle. */
const ABOVE_FOOT = 10;
/** How far a stub reaches towards where the packet is missing. */
const STUB = 0.42;

function linesOf(
  journey: Journey,
  index: number,
  boxes: ReadonlyMap<string, LaneBox>,
  scale: TimeScale,
): JourneyLine[] {
  const lines: JourneyLine[] = [];
  let before: { x: number; y: number } | null = null;
  for (const [at, stop] of journey.stops.entries()) {
    const box = boxes.get(`${stop.vantage}${journey.from}`);
    if (box === undefined) continue;
    const y = box.y + box.height - ABOVE_FOOT;
    if (stop.seen === 'seen' && stop.time !== undefined) {
      const x = scale.x(stop.time);
      if (before !== null) lines.push(lineOf(before, { x, y }, 'seen', journey, index));
      before = { x, y };
    } else if (before !== null && before.y !== y && !seenLater(journey, at)) {
      const end = { x: before.x + 3, y: before.y + (y - before.y) * STUB };
      lines.push(lineOf(before, end, stop.seen, journey, index));
      break;
    }
  }
  return lines;
}

const seenLater = ({ stops }: Journey, at: number): boolean =>
  stops.slice(at + 1).some(({ seen }) => seen === 'seen');

const lineOf = (
  from: { x: number; y: number },
  to: { x: number; y: number },
  end: JourneyStop['seen'],
  journey: Journey,
  index: number,
): JourneyLine => ({
  x0: from.x,
  y0: from.y,
  x1: to.x,
  y1: to.y,
  end,
  notable: isNotable(journey),
  journey: index,
});
