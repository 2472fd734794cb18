/**
 * Captures of nodes that lost frames which must have passed there: the end sent
 * a segment and it left the node, but nothing shows it come in; or it came in
 * and the far end has it, but nothing shows it leave.
 * The trap: a capture that loses one frame in a million is as good as whole. Only
 * where many are lost does an absence prove nothing.
 */
import type { Nanos } from '../../packet/time.ts';
import type { FlowView } from '../vantage/join.ts';
import {
  Crossing,
  type CrossPacket,
  type CrossVantage,
  covers,
  type Point,
  type Sender,
} from './crossing.ts';

/** Beyond this share of what must have passed, that a few segments are not there is no sign that they did not come. */
const MOST_LOST = 1 / 20;
/** Connections that are looked through. */
const MOST_LEGS = 500;

/** By vantage: it lost so much that what it lacks proves nothing. `began` is by the reference's clock. */
export function wornCaptures(
  legs: readonly { views: readonly FlowView[] }[],
  vantages: readonly CrossVantage[],
  began: readonly Nanos[],
): boolean[] {
  const nodes = nodesOf(vantages);
  const tally = vantages.map(() => ({ lost: 0, there: 0 }));
  const told = legs.filter(isSeenTwice);
  const step = Math.ceil(told.length / MOST_LEGS);
  for (const [i, { views }] of told.entries()) {
    if (i % step !== 0) continue;
    for (const { look, point, time } of passedThrough(new Crossing(views, vantages), nodes)) {
      for (const [v, { station }] of vantages.entries()) {
        if (look === 'unknown' || !covers(station, point) || time < (began[v] as Nanos)) continue;
        (tally[v] as { lost: number; there: number })[look === 'seen' ? 'there' : 'lost'] += 1;
      }
    }
  }
  return tally.map(({ lost, there }) => lost > 0 && lost > MOST_LOST * (lost + there));
}

/**
 * By vantage: a node's capture that fell silent, and stopped rather than that nothing came: a packet must have
 * passed there later, by what the other side of the node or the ends show. `last` is when its last frame came.
 */
export function stoppedCaptures(
  legs: readonly { views: readonly FlowView[] }[],
  vantages: readonly CrossVantage[],
  last: readonly Nanos[],
): boolean[] {
  const nodes = nodesOf(vantages);
  const stopped = vantages.map(() => false);
  const told = legs.filter(isSeenTwice);
  const step = Math.ceil(told.length / MOST_LEGS);
  for (const [i, { views }] of told.entries()) {
    if (i % step !== 0) continue;
    const crossing = new Crossing(views, vantages);
    const passed = [
      ...passedThrough(crossing, nodes),
      ...passedUnseen(crossing, nodes, vantages),
      ...nodes.flatMap((n) => passedOn(crossing, n)),
    ];
    for (const { look, point, time } of passed) {
      if (look !== 'missing') continue;
      for (const [v, { station }] of vantages.entries()) {
        if (covers(station, point) && time > (last[v] as Nanos) + STILL_RUNNING) stopped[v] = true;
      }
    }
  }
  return stopped;
}

/** By more than one vantage. */
const isSeenTwice = ({ views }: { views: readonly FlowView[] }): boolean =>
  views.some((v) => v.vantage !== views[0]?.vantage);

/** A capture is not said to have stopped for what came with its last frames. */
const STILL_RUNNING: Nanos = 180_000_000;

/**
 * Both ends saw it, and of the two nodes neither. One that had shown the connection before may pass it on past its
 * own eyes by now (offload); one that never did was not captured then.
 */
function passedUnseen(
  crossing: Crossing,
  nodes: readonly number[],
  vantages: readonly CrossVantage[],
): Passage[] {
  if (nodes.length < 2) return [];
  const points = nodes.map((node) =>
    (['in', 'out'] as const)
      .map((at): Point => ({ at, node }))
      .filter((point) => vantages.some(({ station }) => covers(station, point))),
  );
  const begun = (node: number, before: Nanos): boolean =>
    crossing.packets.some((p) => p.time < before && p.seen.some((s) => s.point.node === node));
  return crossing.packets.flatMap((packet) => {
    const isAt = (at: Sender): boolean => crossing.at(packet, { at, node: -1 }) !== null;
    if (!isAt('client') || !isAt('server')) return [];
    const isAbsent = points.every((own) => own.every((p) => crossing.look(packet, p) === 'missing'));
    if (!isAbsent) return [];
    const blind = points.flat().filter(({ node }) => !begun(node, packet.time));
    return blind.map((point): Passage => ({ time: packet.time, point, look: 'missing' }));
  });
}

const nodesOf = (vantages: readonly CrossVantage[]): number[] => [
  ...new Set(vantages.flatMap(({ station: s }) => (s.place === 'node' && s.node >= 0 ? [s.node] : []))),
];

/** Data that left a node which passes this connection on had come to it: no router makes data. */
function passedOn(crossing: Crossing, node: number): Passage[] {
  const crosses = ({ from }: CrossPacket): [Point, Point] => {
    const [near, far] = sidesOf(from);
    return [
      { at: near, node },
      { at: far, node },
    ];
  };
  const isRouted = crossing.packets.some((p) => crosses(p).every((point) => crossing.at(p, point) !== null));
  if (!isRouted) return [];
  return crossing.packets.flatMap((p): Passage[] => {
    const [near, far] = crosses(p);
    return p.length > KEEPALIVE_BYTES && crossing.at(p, far) !== null
      ? [{ time: p.time, point: near, look: crossing.look(p, near) }]
      : [];
  });
}

/** A probe carries one byte at most. */
const KEEPALIVE_BYTES = 1;

interface Passage {
  readonly time: Nanos;
  readonly point: Point;
  readonly look: 'seen' | 'missing' | 'unknown';
}

/** What shows there of the packets that a side of a node must have seen. */
const passedThrough = (crossing: Crossing, nodes: readonly number[]): Passage[] =>
  crossing.packets.flatMap((packet) =>
    nodes
      .flatMap((n) => mustHavePassed(packet, n, nodes, crossing))
      .map((point) => ({ time: packet.time, point, look: crossing.look(packet, point) })),
  );

/** The sides of a node that a packet crossed for certain. */
function mustHavePassed(
  packet: CrossPacket,
  node: number,
  nodes: readonly number[],
  crossing: Crossing,
): Point[] {
  const isAt = (point: Point): boolean => crossing.at(packet, point) !== null;
  const [near, far] = sidesOf(packet.from);
  const other: Sender = packet.from === 'client' ? 'server' : 'client';
  const cameIn = isAt({ at: near, node });
  const left = isAt({ at: far, node });
  const found: Point[] = [];
  if (left && isAt({ at: packet.from, node: -1 })) found.push({ at: near, node });
  // Another node may have carried it to the far end.
  const elsewhere = nodes.some(
    (n) => n !== node && (isAt({ at: far, node: n }) || isAt({ at: near, node: n })),
  );
  if (cameIn && !elsewhere && isAt({ at: other, node: -1 })) found.push({ at: far, node });
  return found;
}

const sidesOf = (from: Sender): ['in' | 'out', 'in' | 'out'] =>
  from === 'client' ? ['in', 'out'] : ['out', 'in'];
