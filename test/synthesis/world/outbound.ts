/**
 * The sending half of a TCP end: what was written, what is in flight, and the
 * timers that send again: tail-loss probe, then the RTO ladder (RFC 6298 with
 * Linux's 0.2 s floor, RFC 8985), with SACK and slow start after it.
 * The trap: a segment that is sent again keeps its bounds, as with small
 * writes on Linux; only the ladder's times are the kernel's to a few percent.
 */
import { seqAdd, seqDistance } from '../../../packet/seq.ts';
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import type { SackBlock } from '../../../packet/wire/tcp-options.ts';
import type { Clockwork, Timer } from './clockwork.ts';

/** A segment, sent or to be sent. */
export interface Piece {
  seq: number;
  readonly payload: Uint8Array;
  readonly fin: boolean;
  readonly pushed: boolean;
  sentAt: Nanos;
  sends: number;
  sacked: boolean;
  lost: boolean;
}

export interface OutboundOptions {
  readonly clock: Clockwork;
  /** Bytes in a segment. */
  readonly segment: number;
  /** RTOs in a row before the end gives up: tcp_retries2. */
  readonly retries: number;
  transmit(piece: Piece): void;
  /** A window probe: no payload, one before SND.UNA. */
  probe(): void;
  giveUp(): void;
  /** Timers fire this much late, as a factor: the kernel's timer wheel. */
  lateness(): number;
}

const SHORTEST_RTO = millis(200);
const LONGEST_RTO = seconds(120);
/** Two ticks of the kernel's timer, which a tail-loss probe waits at least. */
const TWO_TICKS = millis(5);
const MOST_IN_FLIGHT = 64;
const DUPLICATES = 3;

export const endOf = (p: Piece): number => seqAdd(p.seq, p.payload.length + (p.fin ? 1 : 0));

export class Outbound {
  /** SND.NXT and SND.UNA. */
  next = 0;
  una = 0;
  /** What the peer offers, in bytes. */
  window = 0;
  readonly flight: Piece[] = [];
  readonly unsent: Piece[] = [];
  /** When the peer last acknowledged something new. */
  progressAt: Nanos = 0;
  retries: number;
  private congestion = 10;
  private threshold = MOST_IN_FLIGHT;
  private smoothed: Nanos = 0;
  private variation: Nanos = 0;
  private backoff = 0;
  private hasProbed = false;
  private duplicates = 0;
  private recoverUntil: number | null = null;
  private timer: Timer | null = null;
  private readonly o: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.o = options;
    this.retries = options.retries;
  }

  get isIdle(): boolean {
    return this.flight.length === 0 && this.unsent.length === 0;
  }

  get queued(): number {
    return this.unsent.reduce((n, p) => n + p.payload.length, 0);
  }

  write(bytes: Uint8Array, fin: boolean): void {
    const size = this.o.segment;
    for (let at = 0; at < bytes.length; at += size) {
      const payload = bytes.subarray(at, at + size);
      this.unsent.push(newPiece(payload, false, at + size >= bytes.length));
    }
    if (fin) this.unsent.push(newPiece(new Uint8Array(0), true, false));
    this.send();
  }

  /** A round trip was measured. */
  sample(rtt: Nanos): void {
    if (this.smoothed === 0) {
      this.smoothed = rtt;
      this.variation = rtt / 2;
      return;
    }
    this.variation += (Math.abs(rtt - this.smoothed) - this.variation) / 4;
    this.smoothed += (rtt - this.smoothed) / 8;
  }

  /** Returns false for an acknowledgement of what was never sent. */
  acknowledge(ack: number, window: number, sack: readonly SackBlock[], isBare: boolean): boolean {
    if (seqDistance(ack, this.next) > 0) return false;
    if (seqDistance(ack, this.una) < 0) return true;
    const opened = window > this.window;
    if (opened && this.flight.length === 0) this.backoff = 0;
    const repeats = ack === this.una && isBare && this.flight.length > 0 && window === this.window;
    this.window = window;
    this.mark(sack);
    if (seqDistance(ack, this.una) > 0) this.advance(ack);
    else if (repeats || (isBare && sack.length > 0 && this.flight.length > 0)) this.countDuplicate();
    this.send();
    if (opened || this.flight.length === 0) this.arm();
    return true;
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Sends what window and congestion allow: lost segments first. */
  send(): void {
    const before = this.flight.length;
    let sent = false;
    for (const p of this.flight) {
      if (!p.lost || p.sacked) continue;
      if (this.inPipe() >= this.congestion) break;
      this.transmit(p);
      sent = true;
    }
    while (this.mayGo(this.unsent[0])) {
      const p = this.unsent.shift() as Piece;
      p.seq = this.next;
      this.next = endOf(p);
      this.flight.push(p);
      this.transmit(p);
      sent = true;
    }
    if (before === 0 && sent) this.progressAt = this.o.clock.now;
    if (sent || (this.timer === null && !this.isIdle)) this.arm();
  }

  /** A last FIN does not wait for the congestion window, as on Linux. */
  private mayGo(p: Piece | undefined): boolean {
    if (p === undefined) return false;
    if (p.fin) return true;
    if (this.inPipe() >= this.congestion) return false;
    return seqDistance(seqAdd(this.next, p.payload.length), seqAdd(this.una, this.window)) <= 0;
  }

  private inPipe(): number {
    return this.flight.reduce((n, p) => n + (p.sacked || p.lost ? 0 : 1), 0);
  }

  private transmit(p: Piece): void {
    p.sentAt = this.o.clock.now;
    p.sends += 1;
    p.lost = false;
    this.o.transmit(p);
  }

  private mark(sack: readonly SackBlock[]): void {
    for (const { left, right } of sack) {
      for (const p of this.flight) {
        if (seqDistance(p.seq, left) >= 0 && seqDistance(endOf(p), right) <= 0) p.sacked = true;
      }
    }
  }

  private advance(ack: number): void {
    this.una = ack;
    while (this.flight.length > 0 && seqDistance(endOf(this.flight[0] as Piece), ack) <= 0) {
      this.flight.shift();
      this.congestion += this.congestion < this.threshold ? 1 : 1 / this.congestion;
    }
    this.congestion = Math.min(this.congestion, MOST_IN_FLIGHT);
    this.backoff = 0;
    this.hasProbed = false;
    this.duplicates = 0;
    this.progressAt = this.o.clock.now;
    if (this.recoverUntil !== null && seqDistance(ack, this.recoverUntil) >= 0) this.recoverUntil = null;
    this.arm();
  }

  private countDuplicate(): void {
    this.duplicates += 1;
    if (this.duplicates < DUPLICATES) return;
    const beyond = this.flight.findLastIndex((p) => p.sacked);
    const holes = this.flight.filter((p, i) => !p.sacked && i < beyond && p.sends === 1);
    if (holes.length === 0 && this.recoverUntil !== null) return;
    if (this.recoverUntil === null) {
      this.threshold = Math.max(2, Math.floor(this.inPipe() / 2));
      this.congestion = this.threshold;
      this.recoverUntil = this.next;
    }
    const first = this.flight[0];
    const lost = holes.length > 0 ? holes : first !== undefined && first.sends === 1 ? [first] : [];
    for (const p of lost) p.lost = true;
  }

  private get timeout(): Nanos {
    const base =
      this.smoothed === 0 ? seconds(1) : this.smoothed + Math.max(SHORTEST_RTO, 4 * this.variation);
    return Math.min(base * 2 ** this.backoff, LONGEST_RTO);
  }

  private arm(): void {
    this.stop();
    const { clock } = this.o;
    const head = this.flight.find((p) => !p.sacked);
    if (head === undefined) {
      // Nothing in flight and something to send: the window is closed, or there is nothing to wait for.
      if (this.unsent.length > 0) this.wait(this.timeout, () => this.persist());
      return;
    }
    const expiry = Math.max(head.sentAt, clock.now - this.timeout) + this.timeout;
    const probe = clock.now + 2 * this.smoothed + TWO_TICKS;
    const mayProbe = !this.hasProbed && this.backoff === 0 && this.flight.length > 1 && this.smoothed > 0;
    if (mayProbe && this.recoverUntil === null && probe < expiry) {
      this.timer = clock.at(probe, () => this.probeTail());
    } else this.wait(expiry - clock.now, () => this.expire());
  }

  private wait(time: Nanos, action: () => void): void {
    this.timer = this.o.clock.after(time * this.o.lateness(), action);
  }

  private probeTail(): void {
    this.hasProbed = true;
    const last = this.flight.at(-1);
    if (last !== undefined) this.transmit(last);
    this.stop();
    this.wait(this.timeout, () => this.expire());
  }

  private expire(): void {
    if (this.backoff >= this.retries) {
      this.o.giveUp();
      return;
    }
    this.backoff += 1;
    this.threshold = Math.max(2, Math.floor(this.inPipe() / 2));
    this.congestion = 1;
    this.recoverUntil = this.next;
    for (const p of this.flight) p.lost = !p.sacked;
    const first = this.flight.find((p) => p.lost);
    if (first !== undefined) this.transmit(first);
    this.stop();
    this.wait(this.timeout, () => this.expire());
  }

  /** What still fits goes out; then the window is closed, and probes ask whether it is open again. */
  private persist(): void {
    const first = this.unsent[0];
    const room = seqDistance(seqAdd(this.una, this.window), this.next);
    if (first !== undefined && room > 0) {
      const { payload, fin, pushed } = first;
      this.unsent.shift();
      this.unsent.unshift(newPiece(payload.subarray(room), fin, pushed));
      this.unsent.unshift(newPiece(payload.subarray(0, room), false, true));
      this.send();
      return;
    }
    this.backoff += 1;
    this.o.probe();
    this.stop();
    this.wait(this.timeout, () => this.persist());
  }
}

const newPiece = (payload: Uint8Array, fin: boolean, pushed: boolean): Piece => ({
  seq: 0,
  payload,
  fin,
  pushed,
  sentAt: 0,
  sends: 0,
  sacked: false,
  lost: false,
});
