/**
 * Random TCP that means nothing but is dense in what the flags of tshark tell
 * apart: repeats, holes, stale and future ACKs, zero windows, probes, exact
 * window fills, SYNs that reuse ports, times that jump back. Seeded: the same
 * seed makes the same bytes. Written as a nanosecond pcap of Ethernet frames.
 */
import type { WrittenPacket } from '../packet/file/pcap-writer.ts';
import { buildIcmp, buildTcp, type Envelope } from '../packet/wire/build.ts';
import { TcpFlag } from '../packet/wire/frame.ts';
import { type Segment, tcpFields } from './tcp-segment.ts';

const { Syn, Fin, Rst, Ack, Psh } = TcpFlag;

type Random = (n: number) => number;

/** Uniform numbers below `n` (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

interface Side {
  next: number;
  window: number;
  scale: number;
  /** Last value put in an ACK field. */
  acked: number;
}

interface Talk {
  ipVersion: 4 | 6;
  clientPort: number;
  sides: [Side, Side];
  lastSent: Segment | null;
}

/** `count` segments of a few interleaved talks, in file order. */
export function randomSegments(seed: number, count: number): Segment[] {
  const random = createRandom(seed);
  const talks = Array.from({ length: 1 + random(4) }, (_, i) => newTalk(random, 1000 + i));
  const segments: Segment[] = [];
  let time = 5_000_000_000n;
  for (let i = 0; i < count; i++) {
    time += BigInt(pick(random, GAPS));
    const talk = talks[random(talks.length)]!;
    const segment = nextSegment(random, talk, time);
    talk.lastSent = segment;
    segments.push(segment);
  }
  return segments;
}

/** ns between segments: either side of the limits of 3 and 20 ms, and backwards. */
const GAPS = [0, 1, 1e3, 1e6, 1e6, 2e6, 2_999_999, 3e6, 5e6, 19_999_999, 2e7, 2.5e7, 2e8, -1e6, 1e5, 1e5];
const STARTS = [0, 1, 0xffffffff, 0xfffffff0, 0x7ffffff0, 0x80000000, 1000, 123456789];
const LENGTHS = [0, 0, 1, 1, 2, 10, 10, 100];
const WINDOWS = [0, 100, 100, 200, 1000];
const FLAGS = [Ack, Ack, Ack, Ack, Ack | Psh, Ack | Fin, Syn, Syn | Ack, Rst, Rst | Ack, 0, Fin];
const SCALES = [-1, -1, 0, 2, 7, 14, 15];

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

function newTalk(random: Random, clientPort: number): Talk {
  const side = (): Side => ({ next: pick(random, STARTS), window: 1000, scale: -1, acked: 0 });
  return { ipVersion: random(4) ? 4 : 6, clientPort, sides: [side(), side()], lastSent: null };
}

function nextSegment(random: Random, talk: Talk, time: bigint): Segment {
  const sender = random(2) as 0 | 1;
  if (talk.lastSent && random(8) === 0) return { ...talk.lastSent, time };
  const own = talk.sides[sender];
  const peer = talk.sides[1 - sender]!;
  const flags = random(3) ? Ack : pick(random, FLAGS);
  const segment: Segment = {
    ipVersion: talk.ipVersion,
    sender,
    clientPort: talk.clientPort,
    seq: (own.next + pick(random, [0, 0, 0, 0, 0, 0, -1, -1, -10, -100, 10, 1])) >>> 0,
    ack:
      pick(random, [
        own.acked,
        own.acked,
        peer.next,
        peer.next,
        peer.next,
        peer.next - 10,
        peer.next + 5,
        0,
      ]) >>> 0,
    flags,
    window: random(3) ? own.window : pick(random, WINDOWS),
    length: flags & (Syn | Rst) && random(4) ? 0 : pick(random, LENGTHS),
    scale: flags & Syn ? pick(random, SCALES) : -1,
    time,
  };
  if (flags & Syn && random(3) === 0) segment.seq = pick(random, STARTS);
  if (random(10) === 0) fillWindow(random, segment, peer);
  if (random(4) === 0) answer(random, segment, own, peer);
  advance(own, segment);
  return segment;
}

/** What the rare marks need: ACKs in a row that repeat, the segment that they ask for, and a probe of a closed window. */
function answer(random: Random, segment: Segment, own: Side, peer: Side): void {
  segment.flags = Ack;
  segment.scale = -1;
  if (peer.window === 0 && random(2)) {
    segment.seq = own.next;
    segment.length = 1;
  } else if (random(3)) {
    Object.assign(segment, { seq: own.next, ack: own.acked, window: own.window, length: 0 });
  } else {
    segment.seq = peer.acked;
    segment.length = 100;
  }
}

/** Stretches the payload to the right edge of what the peer offered. */
function fillWindow(random: Random, segment: Segment, peer: Side): void {
  const edge = peer.acked + peer.window * (random(2) ? 1 : 2 ** Math.max(0, Math.min(peer.scale, 14)));
  const room = (edge - segment.seq) | 0;
  if (room > 0 && room < 1400) segment.length = room;
}

function advance(own: Side, segment: Segment): void {
  const end = (segment.seq + segment.length + (segment.flags & (Syn | Fin) ? 1 : 0)) >>> 0;
  if (((end - own.next) | 0) > 0 || segment.flags & Syn) own.next = end;
  own.acked = segment.ack;
  own.window = segment.window;
  if (segment.flags & Syn) own.scale = segment.scale;
}

const HIDDEN: readonly Partial<Envelope>[] = [
  { tunnels: [{ type: 'vxlan' }] },
  { tunnels: [{ type: 'gre' }] },
  { tunnels: [{ type: 'ipip' }] },
  { vlans: [5] },
  { padTo: 100 },
];

/** With IPv6, tshark 4.0.17 takes a length of 0 for malformed. */
const SEGMENTED_BY_CARD: Partial<Envelope> = { ipLength: 0 };

/**
 * The segments as frames: Ethernet, some inside a tunnel or a tag, padded, or
 * left without an IP length as TSO does; some cut by a snap length; and now and
 * then an ICMP error that quotes one, which comes on top of `segments`.
 */
export function framesOf(seed: number, segments: readonly Segment[]): WrittenPacket[] {
  const random = createRandom(seed);
  return segments.flatMap((segment) => {
    const { time } = segment;
    const wrapping = random(8)
      ? {}
      : pick(random, segment.ipVersion === 4 ? [...HIDDEN, SEGMENTED_BY_CARD] : HIDDEN);
    const frame = packetOf(time, buildTcp({ ...tcpFields(segment), ...wrapping }));
    if (random(8) === 0) frame.data = frame.data.subarray(0, pick(random, CUTS));
    return random(40) ? [frame] : [frame, quoteOf(random, segment)];
  });
}

/** Around the end of the TCP header without options, with 4 bytes of them, and beyond; IPv4 and IPv6. */
const CUTS = [49, 50, 53, 54, 56, 58, 60, 69, 70, 74, 76, 78, 90];

function quoteOf(random: Random, segment: Segment): WrittenPacket {
  const fields = tcpFields(segment);
  const body = buildTcp({ ...fields, link: 'raw' });
  const bytes = pick(random, [8, 15, 16, 19, 24, 100]) + (segment.ipVersion === 4 ? 20 : 40);
  const error = segment.ipVersion === 4 ? { type: 3, code: 1 } : { type: 1, code: 0 };
  const { source = '', destination = '' } = fields;
  return packetOf(
    segment.time,
    buildIcmp({ source: destination, destination: source, ...error, body: body.subarray(0, bytes) }),
  );
}

function packetOf(
  time: bigint,
  data: Uint8Array,
): { time: bigint; data: Uint8Array; originalLength: number } {
  return { time, data, originalLength: data.length };
}
