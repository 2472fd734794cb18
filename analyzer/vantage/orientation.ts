/**
 * Which of two captures is nearer to the client: the one that the client's
 * packets pass first and the server's last, whatever the clocks say. Only in
 * the true order is some offset of the clocks below all delays of one way and
 * above all of the other.
 * The trap: a clock that stepped, or one false packet, rules out both orders.
 * Then the halves are asked, and each speaks for its packets.
 */
import type { Nanos } from '../../packet/time.ts';
import { type ClockPair, inOrder, toPoints } from './clock-pair.ts';
import { coursesOf, stripOf, widest, widthOf } from './strip.ts';

/** A packet at two captures of which nobody knows which is nearer to the client. */
export interface UnorderedPair {
  readonly a: Nanos;
  readonly b: Nanos;
  /** Who sent it: client or server. */
  readonly dir: 'c' | 's';
}

export interface Orientation {
  /** 1: A is nearer to the client; -1: B is; 0: the packets do not tell. */
  readonly nearer: 1 | -1 | 0;
  /** ns that the other order lacks to be possible, over the longest stretch that tells; 0 where nothing is told. */
  readonly width: number;
}

/** More than this share of the packets that tell anything must tell the same. */
const MAJORITY = 2 / 3;

/** Tells the order of two captures on the path. It takes packets of both directions, and a path that takes more than the 4 µs of rounding. */
export function orientation(pairs: readonly UnorderedPair[]): Orientation {
  const sorted = inOrder(pairs, 'b');
  const inFront = new Ballot(1, sorted);
  const behind = new Ballot(-1, sorted);
  askRange(inFront, behind, 0, sorted.length);
  const [more, less] = inFront.votes >= behind.votes ? [inFront, behind] : [behind, inFront];
  if (more.votes <= MAJORITY * (more.votes + less.votes)) return { nearer: 0, width: 0 };
  return { nearer: more.nearer, width: more.width };
}

/** What speaks for one of the two orders. */
class Ballot {
  readonly nearer: 1 | -1;
  /** Packets of stretches in which this order is possible and the other is not. */
  votes = 0;
  /** What the other order lacks in the longest of these stretches. */
  width = 0;
  private longest = 0;
  private readonly points;

  constructor(nearer: 1 | -1, pairs: readonly UnorderedPair[]) {
    this.nearer = nearer;
    this.points = toPoints(
      pairs.map(({ a, b, dir }): ClockPair => ({ a, b, way: dir === 'c' ? nearer : nearer === 1 ? -1 : 1 })),
      'b',
    );
  }

  /** Room for a line in this order; below zero where there is none. */
  room(from: number, to: number): number {
    return widthOf(widest(coursesOf(stripOf(this.points, from, to))));
  }

  add(packets: number, width: number): void {
    this.votes += packets;
    if (packets <= this.longest) return;
    this.longest = packets;
    this.width = width;
  }
}

function askRange(inFront: Ballot, behind: Ballot, from: number, to: number): void {
  const [one, other] = [inFront.room(from, to), behind.room(from, to)];
  if (one >= 0 && other < 0) inFront.add(to - from, -other);
  if (other >= 0 && one < 0) behind.add(to - from, -one);
  if (one >= 0 || other >= 0) return;
  const middle = (from + to) >>> 1;
  askRange(inFront, behind, from, middle);
  askRange(inFront, behind, middle, to);
}
