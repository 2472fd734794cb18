/**
 * Makes the six captures of a failover, always the same bytes for the same
 * options: many short HTTP exchanges and a few bulk downloads over node A, then
 * nothing for some seconds, then over node B, which knows most of them. Who
 * gets no answer sends again, each time after twice as long.
 */
import { type NodeName, Path, type PathOptions, type Reach } from './path.ts';
import { Flag, type Packet } from './pcap-stream.ts';
import { bulkFlow, createRandom, PACKETS_A_SHORT_FLOW, type Send, shortFlow, type Talk } from './traffic.ts';

export interface FailoverOptions {
  /** Of the client's capture, about. */
  readonly packets: number;
  readonly flows: number;
  readonly bulkFlows: number;
  readonly seconds: number;
  /** Seconds without a path, from the middle on. */
  readonly outage: number;
}

const SEED = 20_250_702;
const MS = 1e6;
const SECOND = 1e9;
const FIRST_RTO = 200 * MS;
const SYN_RTO = SECOND;
const LONGEST_RTO = 120 * SECOND;
/** Between the packets of a short flow: longer than the way from end to end. */
const SHORTEST_GAP = 3 * MS;
const GAPS = 20 * MS;
/** Every so many-th short flow is opened and then rests for up to `LONGEST_REST` before it asks. */
const RESTING_EVERY = 8;
const LONGEST_REST = 20 * SECOND;
/** Of ten short flows that were open, node B knows all but these: one it drops, one it answers with an RST. */
const DROPPED = 3;
const REFUSED = 7;

/** One flow, when its turn comes. */
interface Turn {
  at: number;
  readonly index: number;
  readonly talk: Talk;
  readonly opened: number;
  steps: number;
  /** What it has to send again, and after how long. */
  lost: { packet: Packet; wait: number } | null;
}

/** Writes the captures. */
export function writeFailover(to: PathOptions, options: FailoverOptions): void {
  const path = new Path(to);
  const end = options.seconds * SECOND;
  const lost = end / 2;
  const restored = lost + options.outage * SECOND;
  const random = createRandom(SEED);
  const sent: { packet: Packet | null } = { packet: null };
  const turns = new Turns();
  const send: Send = (packet) => {
    sent.packet = packet;
  };
  for (const turn of openings(options, random, send)) turns.add(turn);

  const pass = (packet: Packet, { index, opened }: Turn): 'passed' | 'lost' | 'refused' => {
    const now = packet.time;
    const node: NodeName = now < restored ? 'node-a' : 'node-b';
    const isUnknown = now >= restored && opened < lost && index >= options.bulkFlows;
    const isDropped = isUnknown && index % 10 === DROPPED;
    const isRefused = isUnknown && index % 10 === REFUSED;
    const isDown = now >= lost && now < restored;
    const reach: Reach = isDown ? 'nowhere' : isDropped || isRefused ? 'to the node' : 'all the way';
    path.send(packet, node, reach);
    if (isRefused) path.send(refusalOf(packet), node, 'all the way', 'node');
    return isRefused ? 'refused' : isDown || isDropped ? 'lost' : 'passed';
  };

  for (let turn = turns.next(); turn !== undefined && turn.at < end; turn = turns.next()) {
    const again = turn.lost;
    if (again === null) {
      if (turn.talk.next().done === true) continue;
      turn.steps += 1;
    }
    const packet: Packet = { ...(again?.packet ?? sent.packet!), time: turn.at };
    const fate = pass(packet, turn);
    if (fate === 'refused') continue;
    if (fate === 'lost' && wantsAnswer(packet)) {
      const wait = again === null ? firstWait(packet) : Math.min(again.wait * 2, LONGEST_RTO);
      turn.lost = { packet, wait };
      turn.at += wait;
    } else {
      turn.lost = null;
      turn.at += gapAfter(turn, options, random);
    }
    turns.add(turn);
  }
  path.close();
}

function openings(options: FailoverOptions, random: () => number, send: Send): Turn[] {
  const { flows, bulkFlows, seconds } = options;
  const make = (index: number, talk: Talk, at: number): Turn => ({
    at,
    index,
    talk,
    opened: at,
    steps: 0,
    lost: null,
  });
  const bulk = Array.from({ length: bulkFlows }, (_, i) => make(i, bulkFlow(i, 0, random, send), i * MS));
  const short = Array.from({ length: flows - bulkFlows }, (_, i) => {
    const index = bulkFlows + i;
    return make(index, shortFlow(index, random, send), (i * seconds * SECOND) / flows);
  });
  return [...bulk, ...short];
}

function gapAfter({ index, steps }: Turn, options: FailoverOptions, random: () => number): number {
  const { packets, flows, bulkFlows, seconds } = options;
  // What the short flows do not fill is the bulk flows', spread evenly.
  if (index < bulkFlows) {
    return (seconds * SECOND * bulkFlows) / (packets - flows * PACKETS_A_SHORT_FLOW);
  }
  if (steps === HANDSHAKE && index % RESTING_EVERY === 0) return random() * LONGEST_REST;
  return SHORTEST_GAP + random() * GAPS;
}

const HANDSHAKE = 3;

const wantsAnswer = ({ payload, flags }: Packet): boolean =>
  payload > 0 || (flags & (Flag.Syn | Flag.Fin)) !== 0;

const firstWait = ({ flags }: Packet): number => ((flags & Flag.Syn) !== 0 ? SYN_RTO : FIRST_RTO);

/** The RST of a host that does not know the connection (RFC 9293, 3.10.7.1). */
const refusalOf = (packet: Packet): Packet => ({
  ...packet,
  fromClient: !packet.fromClient,
  seq: packet.ack,
  ack: 0,
  flags: Flag.Rst,
  payload: 0,
  text: null,
  sack: null,
  time: packet.time + 0.2 * MS,
});

/** A binary heap: the earliest turn is the next. */
class Turns {
  readonly #heap: Turn[] = [];

  add(turn: Turn): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(turn);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= turn.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = turn;
  }

  next(): Turn | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
