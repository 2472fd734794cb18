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

export interface JourneyLines {
  readonly lines: readonly JourneyLine[];
  /** Ordinary packets that are not drawn because they are too many. */
  readonly left: number;
}

export const isNotable = ({ label, stops }: Journey): boolean =>
  label !== '' || stops.some(({ seen }) => seen !== 'seen');

/** `lanes` with the boxes of all vantages; lines of what lies within the scale's window. */
export function journeyLines(
  journeys: readonly Journey[],
  lanes: readonly LaneBox[],
  scale: TimeScale,
): JourneyLines {
  const boxes = new Map(lanes.map((lane) => [`${lane.vantage}${lane.from}`, lane]));
  const notable = new Map<string, JourneyLine>();
  const ordinary = new Map<string, JourneyLine>();
  let packets = 0;
  for (const [index, journey] of journeys.entries()) {
    if (!isVisible(journey, scale)) continue;
    const isSpecial = isNotable(journey);
    if (!isSpecial) packets++;
    for (const line of linesOf(journey, index, boxes, scale))
      (isSpecial ? notable : ordinary).set(pixelKey(line), line);
  }
  const tooMany = ordinary.size > MOST_LINES;
  const lines = [...(tooMany ? [] : ordinary.values()), ...notable.values()];
  return { lines, left: tooMany ? packets : 0 };
}

function isVisible({ time, stops }: Journey, scale: TimeScale): boolean {
  const last = stops.reduce((latest, stop) => Math.max(latest, stop.time ?? 0), time);
  return last >= scale.from && time <= scale.to;
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
