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
  const nodes = [
    ...new Set(vantages.flatMap(({ station: s }) => (s.place === 'node' && s.node >= 0 ? [s.node] : []))),
  ];
  const tally = vantages.map(() => ({ lost: 0, there: 0 }));
  const told = legs.filter((l) => new Set(l.views.map((v) => v.vantage)).size > 1);
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
