/**
 * One question to one DNS server: how often it was asked, and what came back.
 * UDP repeats nothing, so every repeat is the resolver's own: glibc after 5 s
 * under the same id from the same port (resolv.conf(5), `timeout`), others
 * sooner, from new ports, under new ids.
 * The trap: a capture may hold a datagram twice. A copy is no repeat.
 */
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import type { EndIndex } from '../../flow/flow.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import type { PeerLog } from './udp-peers.ts';

/** No resolver asks again so soon; a mirrored port does. */
const COPY_WITHIN: Nanos = millis(100);
/** No resolver waits longer before it asks again: glibc with three servers 16 s. */
export const LONGEST_RETRY: Nanos = seconds(30);
/** Shorter waits are no stall: report.md. */
export const SHORTEST_STALL: Nanos = seconds(1);
/** The first and the newest of them are kept. */
const MOST_TRIES = 16;

/** A datagram that is kept. */
export interface UdpSighting {
  readonly time: Nanos;
  readonly frame: FrameId;
}

export interface DnsTry extends UdpSighting {
  /** The client's, which is new each time where the resolver opens a new socket. */
  readonly port: number;
}

export class DnsExchange {
  /** Entries of the table, one a client port and id. */
  readonly entries: number[] = [];
  readonly id: number;
  /** 0 where it was not captured. */
  readonly question: number;
  readonly type: number;
  readonly clientHash: number;
  readonly client: EndIndex;
  readonly server: PeerLog;
  readonly tries: DnsTry[] = [];
  /** The name asked for; known once it was asked again. */
  name = '';
  tryCount = 0;
  /** The same client port every time. */
  onePort = true;
  answerCount = 0;
  firstAnswer: UdpSighting | null = null;
  lastAnswer: UdpSighting | null = null;
  /** Same question of the same client, asked of another server while this one was silent. */
  turnedTo: DnsExchange | null = null;
  /** Same question asked anew, long after this one had got no answer. */
  askedAnew: UdpSighting | null = null;
  bytesToServer = 0;
  bytesToClient = 0;
  /** MACs of who sent the queries and of whom the answers were for: at a node's outer side the same one. */
  askedFrom = -1;
  answeredTo = -1;

  constructor(init: {
    id: number;
    question: number;
    type: number;
    clientHash: number;
    client: EndIndex;
    server: PeerLog;
  }) {
    this.id = init.id;
    this.question = init.question;
    this.type = init.type;
    this.clientHash = init.clientHash;
    this.client = init.client;
    this.server = init.server;
  }

  get first(): DnsTry {
    return this.tries[0] as DnsTry;
  }

  get last(): DnsTry {
    return this.tries.at(-1) as DnsTry;
  }

  /** When it was last heard of. */
  get lastTime(): Nanos {
    return Math.max(this.last.time, this.lastAnswer?.time ?? this.last.time);
  }

  /** True where the datagram is another copy of the last try. */
  isCopy(time: Nanos): boolean {
    return this.tryCount > 0 && Math.abs(time - this.last.time) < COPY_WITHIN;
  }

  ask(time: Nanos, frame: FrameId, port: number, bytes: number): void {
    if (this.tryCount > 0 && port !== this.last.port) this.onePort = false;
    this.tryCount += 1;
    if (this.tries.length === MOST_TRIES) this.tries.splice(MOST_TRIES / 2, 1);
    this.tries.push({ time, frame, port });
    this.bytesToServer += bytes;
  }

  answer(time: Nanos, frame: FrameId, bytes: number): void {
    if (this.lastAnswer !== null && Math.abs(time - this.lastAnswer.time) < COPY_WITHIN) return;
    this.answerCount += 1;
    this.lastAnswer = { time, frame };
    this.firstAnswer ??= this.lastAnswer;
    this.bytesToClient += bytes;
  }

  /** Something of it went unanswered for a second or more, as far as this capture shows. */
  get isTroubled(): boolean {
    if (this.firstAnswer === null) return true;
    if (this.tryCount < 2 || this.firstAnswer.time - this.first.time < SHORTEST_STALL) return false;
    // Every try was answered: nothing was lost, the server took its time.
    return this.answerCount < this.tryCount;
  }

  /** The newest try before a moment; the first one where there is none. */
  lastTryBefore(time: Nanos): DnsTry {
    return this.tries.findLast((t) => t.time <= time) ?? this.first;
  }
}
