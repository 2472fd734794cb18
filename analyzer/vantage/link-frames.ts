/**
 * Frames to everybody on a link (ARP requests and announcements, VRRP, the
 * multicasts of state sync): all captures of the link hold them, also those of
 * two nodes that share no packet of any connection.
 * The trap: the same words come again and again. Only what a capture holds once
 * can be paired, and even then one may hold the first and another the second
 * of two ARP requests. So several must agree on how far the clocks are apart.
 */
import { isGroup } from '../../packet/address.ts';
import { type Nanos, seconds } from '../../packet/time.ts';
import { type Frame, FrameKind, PacketType } from '../../packet/wire/frame.ts';
import type { ClockPair } from './clock-pair.ts';

const MOST = 4096;
/** Payload bytes that tell two frames apart: the header of a sync message has its number. */
const PAYLOAD = 32;
/** A switch copies a frame to all of its ports within this time, also to busy ones. */
const SPREAD: Nanos = seconds(0.005);
/** So many must agree, and be most of them. */
const AGREE = 3;
/** Clocks drift apart by less. */
const DRIFT = 1e-4;

export class LinkFrames {
  private readonly times = new Map<number, Nanos | null>();

  observe(frame: Frame): void {
    if (!isForAll(frame)) return;
    const name = nameOf(frame);
    const known = this.times.has(name);
    if (!known && this.times.size >= MOST) return;
    this.times.set(name, known ? null : frame.time);
  }

  /** Times of those that came once, by name. */
  once(): ReadonlyMap<number, Nanos | null> {
    return this.times;
  }
}

function isForAll({ macDestination, packetType, kind }: Frame): boolean {
  if (packetType === PacketType.Broadcast || packetType === PacketType.Multicast) return true;
  if (kind === FrameKind.Vrrp) return true;
  return isGroup(macDestination);
}

/** FNV-1a over what all captures of the link see alike, in 53 bits of two halves. */
function nameOf(frame: Frame): number {
  let low = 0x811c9dc5;
  let high = 0x01234567;
  const add = (word: number): void => {
    low = Math.imul(low ^ (word & 0xffff), 0x01000193) ^ (word >>> 16);
    high = Math.imul(high ^ word, 0x85ebca6b);
    high ^= high >>> 13;
  };
  add(frame.kind);
  for (const word of frame.address) add(word);
  for (const word of frame.arpAddress) add(word);
  add(frame.arpOperation * 256 + frame.vrrpId);
  add(frame.ipId);
  add(frame.sourcePort * 65_536 + frame.destinationPort);
  add(frame.payloadLength);
  const captured = Math.min(PAYLOAD, frame.kind === FrameKind.Udp ? frame.capturedPayload : 0);
  for (let i = 0; i < captured; i++) add(frame.view.getUint8(frame.payloadOffset + i));
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/** What link ties need of a vantage. */
export interface LinkSource {
  readonly frames: LinkFrames;
  /** What turns a time of this vantage into ns since the common base. */
  readonly shift: Nanos;
}

/** For every two vantages (by index, `a` < `b`) that hold such frames: pairs of times that allow for the spread either way. */
export function linkTies(sources: readonly LinkSource[]): { a: number; b: number; pairs: ClockPair[] }[] {
  const found: { a: number; b: number; pairs: ClockPair[] }[] = [];
  for (const [a, one] of sources.entries()) {
    for (let b = a + 1; b < sources.length; b++) {
      const pairs = agreeing(shared(one, sources[b] as LinkSource)).flatMap((m): ClockPair[] => [
        { a: m.a, b: m.b + SPREAD, way: 1 },
        { a: m.a, b: m.b - SPREAD, way: -1 },
      ]);
      if (pairs.length > 0) found.push({ a, b, pairs });
    }
  }
  return found;
}

interface Moments {
  readonly a: Nanos;
  readonly b: Nanos;
}

function shared(one: LinkSource, two: LinkSource): Moments[] {
  const found: Moments[] = [];
  for (const [name, here] of one.frames.once()) {
    const there = two.frames.once().get(name) ?? null;
    if (here !== null && there !== null) found.push({ a: here + one.shift, b: there + two.shift });
  }
  return found;
}

/** The most that say the same offset; none where they are few, or no more than the others. */
function agreeing(all: readonly Moments[]): Moments[] {
  const sorted = [...all].sort((p, q) => p.b - p.a - (q.b - q.a));
  const times = all.map((m) => m.a);
  const span =
    times.reduce((x, y) => Math.max(x, y), 0) -
    times.reduce((x, y) => Math.min(x, y), Number.POSITIVE_INFINITY);
  const width = 2 * SPREAD + DRIFT * span;
  let best: Moments[] = [];
  for (let from = 0, to = 0; from < sorted.length; from++) {
    const least = sorted[from] as Moments;
    while (to < sorted.length && offsetOf(sorted[to] as Moments) - offsetOf(least) <= width) to++;
    if (to - from > best.length) best = sorted.slice(from, to);
  }
  return best.length >= AGREE && best.length > all.length / 2 ? best : [];
}

const offsetOf = ({ a, b }: Moments): Nanos => b - a;
