/**
 * A time in which a flow made no progress: no in-order byte and no new
 * acknowledgement, for a second or more. A silence is only a fact; whether it
 * is a stall, and whose, is judged later (stall.ts).
 * The trap: segments that move nothing (retransmissions, probes) belong to the
 * silence, also those of its first second, so they are kept from its start.
 */
import { type Nanos, NOT_SMALL, seconds } from '../../packet/time.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { Connection, type ConnectionRows } from '../tcp/connection.ts';
import { CopyRows } from '../tcp/copy-filter.ts';
import { Exchange } from '../tcp/exchange.ts';
import { HeadBytes } from '../tcp/head-bytes.ts';
import { Segment } from '../tcp/segment.ts';
import { type Owed, whatIsOwed } from './owed.ts';
import { type SegmentEvent, segmentEvent } from './segment-event.ts';
import { Standing, StandingRows, type Stood } from './standing.ts';

/** A silence shorter than this is no stall: report.md. */
export const SHORTEST_SILENCE: Nanos = seconds(1);
/** Silences kept for one flow. Beyond that the least telling one goes: a pause in which nobody sent anything, else the shortest. */
const MAX_SILENCES = 48;
const MAX_AFTERMATH = 24;

/** How data went on after a silence: what a sender does first tells whether a timeout had emptied its window. */
export interface Resume {
  /** Payload of the first segment, and whether it was pushed. */
  readonly length: number;
  readonly pushed: boolean;
  /** Until the next data segment of the same end; null while none has come. */
  wait: Nanos | null;
  /** That next segment left a hole: bytes between had been lost. */
  hole: boolean;
}

/** The first segment of the other end after a silence: whether its clock had gone on meanwhile. */
export interface PeerAfter {
  time: Nanos;
  tsVal: number;
}

export interface Silence extends Stood {
  /** When something last moved, and the frame that moved it. */
  readonly start: Nanos;
  readonly startFrame: FrameId;
  /** Who sent that frame. */
  readonly startSender: EndIndex;
  /** Null while it lasts. */
  readonly end: Nanos | null;
  /** The segment that ended it: it made progress, or it closed the flow. */
  readonly ending: SegmentEvent | null;
  readonly endedBy: 'progress' | 'close' | null;
  /** What was owed when it ended (the state does not move meanwhile). */
  readonly owed: Owed;
  readonly events: readonly SegmentEvent[];
  /** Events that the log did not keep, out of its middle. */
  readonly eventsDropped: number;
  /** In-order point and SND.NXT of both ends at the end of the silence. */
  readonly inOrder: readonly [number, number];
  readonly una: readonly [number, number];
  /** True where `una` is known: the peer has acknowledged something. */
  readonly acked: readonly [boolean, boolean];
  /** Bytes of the server's present turn, for words. */
  readonly turnBytes: number;
  /** Set where data ended the silence. */
  readonly resume: Resume | null;
  /** Set where progress ended the silence; its `tsVal` is -1 until the other end is heard. */
  readonly peerAfter: PeerAfter | null;
  /** How long nothing had moved before the frame that began it: an idle connection that was used again. */
  readonly idleBefore: Nanos;
}

export interface Close {
  readonly by: EndIndex;
  readonly how: 'FIN' | 'RST';
  readonly event: SegmentEvent;
}

/** Where the connections of one vantage keep what they remember in numbers. */
export class WatchRows implements ConnectionRows {
  readonly copies = new CopyRows();
  readonly heads = new HeadBytes();
  readonly standing = new StandingRows();
}

const NONE: readonly SegmentEvent[] = [];

/** Follows one connection and keeps its silences. */
export class SilenceWatch {
  readonly connection: Connection;
  readonly exchange: Exchange;
  /** Without that after an orderly close: nobody waits in it, and nearly every flow has one. */
  readonly silences: Silence[] = [];
  /** What was owed when it was closed in order; null where it was not. */
  private rest: Owed | null = null;
  private afterClose: Silence | null = null;
  /** How the flow ended, where an end closed it by an RST, or by a FIN in a silence. */
  close: Close | null = null;
  /** What came after the close. */
  aftermath: readonly SegmentEvent[] = NONE;
  /** First segment of each kind that later stages ask for. */
  synAck: FrameId = NO_FRAME;
  synAckTime: Nanos = NOT_SMALL;
  /** First ACK of the client after the SYN-ACK. */
  handshakeAckTime: Nanos = NOT_SMALL;

  private start: Nanos = NOT_SMALL;
  private idleBefore: Nanos = NOT_SMALL;
  private startFrame: FrameId = NO_FRAME;
  private startSender: EndIndex = 0;
  private readonly standing: Standing;
  /** The newest silence that data ended, until its sender's next data segment is seen. */
  private resuming: { resume: Resume; sender: EndIndex; since: Nanos } | null = null;
  /** What the newest silence that progress ended waits for. */
  private peerAfter: PeerAfter | null = null;
  private peerOf: EndIndex = 0;

  constructor(flow: Flow, rows: WatchRows) {
    this.connection = new Connection(flow, rows);
    this.exchange = new Exchange(flow);
    this.standing = new Standing(rows.standing);
  }

  /** Takes one segment of the flow. Returns its `Segment` bits. */
  observe(frame: Frame, id: FrameId, sender: EndIndex): number {
    const connection = this.connection;
    const bits = connection.observe(frame, sender);
    if ((bits & Segment.Copy) !== 0) {
      connection.copied += 1;
      return bits;
    }
    if (this.startFrame === NO_FRAME) this.move(frame.time, id, sender);
    if (this.resuming !== null) this.followResume(frame, sender, bits);
    if (this.peerAfter !== null && sender !== this.peerOf) this.notePeer(frame);
    if (this.close !== null) this.follow(frame, id, sender, bits);
    else if (this.moves(bits, sender)) this.progress(frame, id, sender, bits);
    else this.stand(frame, id, sender, bits);
    connection.absorb(frame, sender, bits, id);
    return bits;
  }

  /** An ICMP error about a segment of this flow; `told` is the end it was sent to. */
  observeIcmp(frame: Frame, id: FrameId, told: EndIndex): void {
    if (this.close !== null) return;
    const event = segmentEvent(frame, id, told, 0);
    event.icmp = frame.icmpType * 256 + frame.icmpCode;
    event.seq = frame.quotedSeq;
    this.standing.addEvent(event, this.connection.sides);
  }

  /** The capture is over: what is silent now stays so to the end of the coverage. */
  finish(): void {
    if (this.close === null && this.startFrame !== NO_FRAME) this.record(null, null, null);
  }

  /** Nothing of one end is in the capture, not even an RST that ended the flow: what it sent passed elsewhere, if it did. */
  get isOneWay(): boolean {
    const unseen = this.connection.sides.findIndex((s) => !s.seen);
    return unseen >= 0 && this.close?.by !== unseen;
  }

  /** In-order data, a new acknowledgement of data, or the first answer to a SYN. */
  private moves(bits: number, sender: EndIndex): boolean {
    if ((bits & (Segment.NewData | Segment.AckAdvance)) !== 0) return (bits & Segment.Rst) === 0;
    if ((bits & Segment.Syn) === 0) return false;
    // Before its SYN-ACK an end may have sent an acknowledgement of an older connection.
    return this.connection.sides[sender].syn === NO_FRAME;
  }

  private progress(frame: Frame, id: FrameId, sender: EndIndex, bits: number): void {
    const sides = this.connection.sides;
    if (frame.time - this.start >= SHORTEST_SILENCE) {
      this.record(frame.time, segmentEvent(frame, id, sender, bits), 'progress');
      if ((bits & Segment.NewData) !== 0) this.exchange.noteMonologue(sender);
    }
    if ((bits & Segment.Syn) !== 0 && (frame.flags & TcpFlag.Ack) !== 0) {
      this.synAck = id;
      this.synAckTime = frame.time;
    } else if (this.synAck !== NO_FRAME && this.handshakeAckTime === 0) {
      this.handshakeAckTime = frame.time;
    }
    if ((bits & Segment.NewData) !== 0) this.exchange.observe(frame, sender, sides);
    this.move(frame.time, id, sender);
  }

  private move(time: Nanos, id: FrameId, sender: EndIndex): void {
    this.idleBefore = this.startFrame === NO_FRAME ? 0 : time - this.start;
    this.start = time;
    this.startFrame = id;
    this.startSender = sender;
    this.standing.clear();
  }

  /** A segment that moves nothing; it may close the flow. */
  private stand(frame: Frame, id: FrameId, sender: EndIndex, bits: number): void {
    const silent = frame.time - this.start >= SHORTEST_SILENCE;
    if ((bits & Segment.Rst) !== 0 && !this.isChallenged(sender)) {
      this.closeBy('RST', segmentEvent(frame, id, sender, bits));
    } else if ((bits & Segment.Fin) !== 0 && silent && !this.isAhead(frame, sender)) {
      this.closeBy('FIN', segmentEvent(frame, id, sender, bits));
    } else {
      this.standing.add(frame, id, sender, bits, this.connection.sides);
    }
  }

  private closeBy(how: Close['how'], event: SegmentEvent): void {
    this.record(event.time, event, 'close');
    this.close = { by: event.sender, how, event };
  }

  /** The RST of a client whose SYN was answered for an older connection of the tuple (RFC 9293, 3.10.7.3): it tries again. */
  private isChallenged(sender: EndIndex): boolean {
    const { flow, sides } = this.connection;
    const peer = sides[flow.server];
    return (
      sender === flow.client &&
      sides[sender].syn !== NO_FRAME &&
      peer.seen &&
      peer.syn === NO_FRAME &&
      peer.dataSegments === 0
    );
  }

  private isAhead(frame: Frame, sender: EndIndex): boolean {
    const own = this.connection.sides[sender];
    return own.seen && ((frame.seq - own.inOrder) | 0) > 0;
  }

  private followResume(frame: Frame, sender: EndIndex, bits: number): void {
    const { resume, sender: resumed, since } = this.resuming as NonNullable<typeof this.resuming>;
    if (sender !== resumed || (bits & (Segment.NewData | Segment.Ahead)) === 0) return;
    resume.wait = frame.time - since;
    resume.hole = (bits & Segment.Ahead) !== 0;
    this.resuming = null;
  }

  private notePeer(frame: Frame): void {
    const after = this.peerAfter as PeerAfter;
    after.time = frame.time;
    after.tsVal = frame.hasTimestamps ? frame.tsVal : -1;
    this.peerAfter = null;
  }

  private follow(frame: Frame, id: FrameId, sender: EndIndex, bits: number): void {
    if (this.aftermath.length < MAX_AFTERMATH)
      this.aftermath = [...this.aftermath, segmentEvent(frame, id, sender, bits)];
  }

  /** The client goes on with what it was sending: whether it had been held up shows later. */
  private goesOn(ending: SegmentEvent | null): boolean {
    const { client } = this.connection.flow;
    return (
      ending !== null &&
      ending.sender === client &&
      (ending.bits & Segment.NewData) !== 0 &&
      this.exchange.turn === client
    );
  }

  private record(end: Nanos | null, ending: SegmentEvent | null, endedBy: Silence['endedBy']): void {
    const { connection, exchange, standing } = this;
    const owed = whatIsOwed(connection, exchange);
    if (owed.what === 'nothing') {
      // An idle connection at rest is nothing to keep, nor is one that was closed.
      if (standing.isEmpty && !this.goesOn(ending)) return;
      if (endedBy === null && standing.isClose(this.start, SHORTEST_SILENCE)) {
        this.rest = owed;
        return;
      }
    }
    const silence = this.make(owed, end, ending, endedBy);
    this.silences.push(silence);
    if (this.silences.length > MAX_SILENCES) this.silences.splice(leastTelling(this.silences), 1);
    const { resume } = silence;
    if (ending !== null && silence.peerAfter !== null) {
      this.peerAfter = silence.peerAfter;
      this.peerOf = ending.sender;
    }
    if (resume !== null) {
      const { sender, time } = ending as SegmentEvent;
      this.resuming = { resume, sender, since: time };
    }
  }

  /** All of them, oldest first, also what came by after an orderly close: where a capture has gaps, that shows that nothing was missed. */
  get everySilence(): readonly Silence[] {
    if (this.rest === null) return this.silences;
    this.afterClose ??= this.make(this.rest, null, null, null);
    return [...this.silences, this.afterClose];
  }

  private make(
    owed: Owed,
    end: Nanos | null,
    ending: SegmentEvent | null,
    endedBy: Silence['endedBy'],
  ): Silence {
    const { connection, exchange, standing } = this;
    const [a, b] = connection.sides;
    const server = connection.flow.server;
    const resume = endedBy === 'progress' && ending !== null ? resumeOf(ending) : null;
    const stood = standing.stood(connection.sides);
    return {
      start: this.start,
      startFrame: this.startFrame,
      startSender: this.startSender,
      lastOf: stood.lastOf,
      lastData: stood.lastData,
      end,
      ending,
      endedBy,
      owed,
      events: standing.takeEvents(),
      eventsDropped: standing.dropped,
      ipId: stood.ipId,
      tsVal: stood.tsVal,
      tickRate: stood.tickRate,
      inOrder: [a.inOrder, b.inOrder],
      una: [a.una, b.una],
      acked: [a.acked, b.acked],
      window: stood.window,
      turnBytes: exchange.turn === server ? exchange.turnBytes(connection.sides[server].inOrder) : 0,
      lossBefore: stood.lossBefore,
      dataBefore: stood.dataBefore,
      resume,
      peerAfter: endedBy === 'progress' ? { time: NOT_SMALL, tsVal: -1 } : null,
      idleBefore: this.idleBefore,
    };
  }
}

function resumeOf(ending: SegmentEvent): Resume | null {
  if ((ending.bits & Segment.NewData) === 0) return null;
  return { length: ending.length, pushed: (ending.flags & TcpFlag.Psh) !== 0, wait: null, hole: false };
}

/** Never the newest: how a flow ends tells most. */
function leastTelling(silences: readonly Silence[]): number {
  const length = (s: Silence): number => (s.end ?? Number.POSITIVE_INFINITY) - s.start;
  let least = 0;
  for (let i = 1; i < silences.length - 1; i++) {
    const [a, b] = [silences[i] as Silence, silences[least] as Silence];
    const quieter = Number(a.events.length > 0) - Number(b.events.length > 0);
    if (quieter < 0 || (quieter === 0 && length(a) < length(b))) least = i;
  }
  return least;
}
