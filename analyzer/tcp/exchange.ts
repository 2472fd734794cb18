/**
 * Who speaks and who owes an answer: the turns of a conversation, and how long
 * the present answer was promised to be.
 * The trap: only in-order bytes count as a turn, and a length that a cut head
 * promises is a lower bound.
 */
import { seqAdd, seqDistance } from '../../packet/seq.ts';
import { NOT_SMALL } from '../../packet/time.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { type EndIndex, type Flow, otherEnd } from '../flow/flow.ts';
import { isClientHello, parseRequestHead, parseResponseHead, type RequestHead } from './http-head.ts';
import type { Side } from './side.ts';

/** Where the present answer ends, by its Content-Length. */
export interface Promised {
  /** Sequence number after the last byte of the body. */
  readonly end: number;
  /** False where the head was cut, so that the body ends there or later. */
  readonly exact: boolean;
  readonly bodyLength: number;
}

export class Exchange {
  private readonly flow: Flow;
  /** The end that sent the newest bytes; null before any. */
  turn: EndIndex | null = null;
  turnStart = NOT_SMALL;
  /** Turns that each end has begun. */
  readonly turns: [number, number] = [0, 0];
  /** Longest turn of the server that was followed by another request: it was complete. */
  longestAnswer = 0;
  request: RequestHead | null = null;
  requests = 0;
  promised: Promised | null = null;
  /** The client opened with TLS. */
  tls = false;
  /** The protocol was switched (101): no more requests and answers. */
  upgraded = false;
  /** The client goes on sending, again after a pause, without an answer to what it sent before: it expects none. */
  monologue = false;
  /** The present answer ended with the last chunk of a chunked body. */
  complete = false;
  /** Short, pushed segments in the present turn after its first segment: ends of writes. */
  shortWrites = 0;
  private chunked = false;
  private awaitsHead = false;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  /** Takes in-order bytes of `sender`; `sides` are as they were before them. */
  observe(frame: Frame, sender: EndIndex, sides: readonly [Side, Side]): void {
    const begins = this.turn !== sender;
    if (begins) this.beginTurn(frame.seq, sender, sides);
    else this.continueTurn(frame, sides[sender]);
    if (!begins && this.promised !== null) this.takeNext(frame, sender);
    if (!begins && !this.awaitsHead) return;
    const length = Math.min(frame.capturedPayload, frame.payloadLength);
    if (length < 4) return;
    if (sender !== this.flow.client || this.flow.clientReason === 'guess') {
      if (this.takeResponse(frame, sender, length)) return;
    }
    if (begins) this.takeRequest(frame, sender, length);
  }

  /** The client sent again after a pause, and still nobody had answered. */
  noteMonologue(sender: EndIndex): void {
    if (this.turn === sender && sender === this.flow.client && this.request === null) this.monologue = true;
  }

  /** Bytes of the present turn up to `inOrder`. */
  turnBytes(inOrder: number): number {
    return this.turn === null ? 0 : Math.max(0, seqDistance(inOrder, this.turnStart));
  }

  private continueTurn(frame: Frame, own: Side): void {
    const pushed = (frame.flags & TcpFlag.Psh) !== 0;
    if (pushed && frame.payloadLength < own.largestPayload) this.shortWrites += 1;
    if (this.chunked) this.complete = endsChunks(frame);
  }

  private beginTurn(seq: number, sender: EndIndex, sides: readonly [Side, Side]): void {
    if (this.turn !== null && sender === this.flow.client) {
      const answer = this.turnBytes(sides[this.turn].inOrder);
      this.longestAnswer = Math.max(this.longestAnswer, answer);
    }
    this.turn = sender;
    this.turnStart = seq;
    this.turns[sender] += 1;
    this.awaitsHead = false;
    this.shortWrites = 0;
    this.complete = false;
    this.chunked = false;
    if (sender === this.flow.client) this.promised = null;
    else this.monologue = false;
  }

  private takeRequest(frame: Frame, sender: EndIndex, length: number): void {
    const head = parseRequestHead(frame.view, frame.payloadOffset, length);
    if (head !== null) {
      this.flow.setClient(sender, 'hello');
      this.request = head;
      this.requests += 1;
    } else if (isClientHello(frame.view, frame.payloadOffset, length)) {
      this.flow.setClient(sender, 'hello');
      this.tls = true;
    }
  }

  /** Pipelined requests (RFC 9112, 9.3.2): where one answer ends, the next begins, often in the same segment. */
  private takeNext(frame: Frame, sender: EndIndex): void {
    const captured = Math.min(frame.capturedPayload, frame.payloadLength);
    while (this.promised?.exact === true) {
      const at = seqDistance(this.promised.end, frame.seq);
      if (at >= frame.payloadLength) return;
      this.promised = null;
      // Of a head that was cut, by the segment or by the snap length, the length is not known.
      if (at < 0 || captured - at < 12 || !this.takeResponse(frame, sender, captured - at, at)) return;
    }
  }

  /** `at`: bytes of the payload before the head. */
  private takeResponse(frame: Frame, sender: EndIndex, length: number, at = 0): boolean {
    const head = parseResponseHead(frame.view, frame.payloadOffset + at, length);
    if (head === null) return false;
    this.flow.setClient(otherEnd(sender), 'hello');
    this.awaitsHead = head.status < 200 && head.status !== 101;
    if (head.status === 101) this.upgraded = true;
    this.chunked = head.chunked;
    if (head.chunked) this.complete = endsChunks(frame);
    const bodiless = this.request?.method === 'HEAD' || head.status === 204 || head.status === 304;
    const bodyLength = bodiless ? 0 : head.contentLength;
    if (this.awaitsHead || bodyLength === null || head.chunked) return true;
    const bodyAt = head.headLength ?? length;
    this.promised = {
      end: seqAdd(frame.seq, at + bodyAt + bodyLength),
      exact: head.headLength !== null,
      bodyLength,
    };
    return true;
  }
}

/** `0 CRLF CRLF`, the last chunk of a body without trailers (RFC 9112, 7.1), at the end of a payload that was captured whole. */
function endsChunks(frame: Frame): boolean {
  const { view, payloadOffset, capturedPayload, payloadLength } = frame;
  if (capturedPayload < payloadLength || payloadLength < 5) return false;
  const at = payloadOffset + payloadLength - 5;
  return view.getUint32(at) === 0x300d0a0d && view.getUint8(at + 4) === 0x0a;
}
