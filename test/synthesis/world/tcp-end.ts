/**
 * One end of a TCP connection as Linux behaves where a failover can see it:
 * handshake and its ladder, acknowledgements and when they are held back,
 * retransmissions, keepalive, half-open states (RFC 9293, RFC 5961).
 * The trap: an end that gives up says nothing (tcp_retries2); only a keepalive
 * that ran out and an application that aborts send an RST.
 */
import { seqAdd, seqDistance } from '../../../packet/seq.ts';
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import type { TcpOptions } from '../../../packet/wire/tcp-options.ts';
import type { Chance, Clockwork, Timer } from './clockwork.ts';
import { Inbound } from './inbound.ts';
import { Outbound, type Piece } from './outbound.ts';
import { has, isIpv6, lengthOf, type TcpPacket } from './packet.ts';
import type { Ending, Handlers, Talk, Tuning } from './talk.ts';

export interface Tuple {
  readonly address: string;
  readonly port: number;
  readonly peerAddress: string;
  readonly peerPort: number;
}

export interface TcpEndOptions {
  readonly clock: Clockwork;
  readonly chance: Chance;
  readonly talk: Talk;
  readonly tuple: Tuple;
  readonly tuning: Tuning;
  readonly ttl: number;
  send(packet: TcpPacket): void;
  /** The connection is forgotten: what still comes for it meets no socket. */
  forget(): void;
}

type TimerName = 'ack' | 'handshake' | 'keepalive' | 'forget';
type State = 'closed' | 'syn-sent' | 'syn-received' | 'established' | 'time-wait';

const { Ack, Fin, Psh, Rst, Syn } = TcpFlag;
const ORPHAN_RETRIES = 8;
/** tcp_syn_retries; the linear ones come before. */
const SYN_RETRIES = 6;
const SYN_ACK_RETRIES = 5;
/** tcp_invalid_ratelimit: answers to empty segments outside of the window. */
const INVALID_EVERY = millis(500);
const DELAYED_ACK = millis(40);
/** The first segments of a connection, and after a long gap, are acknowledged at once. */
const QUICK_ACKS = 8;
const LONG_GAP = seconds(1);
const TIME_WAIT = seconds(60);
const NOTHING = new Uint8Array(0);

export class TcpEnd {
  readonly tuple: Tuple;
  readonly talk: Talk;
  /** Bytes that fit into one segment. */
  readonly segment: number;
  handlers: Handlers = {};
  state: State = 'closed';
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  private readonly o: TcpEndOptions;
  private readonly isn: number;
  private readonly scale: number;
  private stamps: boolean;
  private peerScale = 0;
  private hasClosed = false;
  private isReading = true;
  private echo = 0;
  private ipId: number;
  private unacknowledged = 0;
  private quickAcks = QUICK_ACKS;
  private heardAt: Nanos = 0;
  private probes = 0;
  private invalidAt: Nanos = -INVALID_EVERY;
  private handshakes = 0;
  private hasHeardFin = false;
  private wasFirstToClose = false;
  private readonly timers = new Map<TimerName, Timer>();

  constructor(options: TcpEndOptions) {
    const { clock, chance, tuple, tuning } = options;
    this.o = options;
    this.tuple = tuple;
    this.talk = options.talk;
    this.isn = chance.below(2 ** 32);
    this.ipId = chance.below(2 ** 16);
    this.stamps = tuning.timestamps ?? true;
    this.scale = tuning.windowScale ?? 7;
    this.segment = this.mss - (this.stamps ? 12 : 0);
    this.inbound = new Inbound(tuning.buffer ?? 64_128, (bytes) => this.deliver(bytes));
    this.outbound = new Outbound({
      clock,
      segment: this.segment,
      retries: tuning.retries ?? 15,
      transmit: (p) => this.transmit(p),
      probe: () => this.emit({ seq: seqAdd(this.outbound.una, -1) }),
      giveUp: () => this.end('timeout'),
      lateness: () => chance.between(1.001, 1.03),
    });
  }

  private get mss(): number {
    return isIpv6(this.tuple.address) ? 1440 : 1460;
  }

  connect(): void {
    this.state = 'syn-sent';
    this.outbound.una = this.isn;
    this.outbound.next = seqAdd(this.isn, 1);
    this.sendSyn();
  }

  /** A SYN that nobody else has taken. */
  accept(syn: TcpPacket): void {
    this.state = 'syn-received';
    this.outbound.una = this.isn;
    this.outbound.next = seqAdd(this.isn, 1);
    this.agree(syn);
    this.sendSynAck();
  }

  write(bytes: Uint8Array): void {
    if (!this.hasClosed && this.state !== 'closed') this.outbound.write(bytes, false);
  }

  /** What was written still goes out, then FIN; what still comes is refused. */
  close(): void {
    if (this.hasClosed || this.state === 'closed') return;
    this.hasClosed = true;
    if (this.state === 'syn-sent') {
      this.end('done');
      return;
    }
    this.outbound.retries = Math.min(this.outbound.retries, ORPHAN_RETRIES);
    this.outbound.write(NOTHING, true);
  }

  /** RST, at once. */
  abort(): void {
    if (this.state === 'closed') return;
    if (this.state !== 'syn-sent') this.emit({ bits: Rst | Ack, seq: this.outbound.next });
    this.end('done');
  }

  /** The application stops reading, or reads again all there is. */
  reads(yes: boolean): void {
    const wasClosed = this.inbound.room < this.segment;
    this.isReading = yes;
    if (!yes) return;
    this.inbound.unread = 0;
    if (wasClosed) this.acknowledge();
  }

  receive(p: TcpPacket): void {
    if (this.o.clock.now - this.heardAt > LONG_GAP) this.quickAcks = QUICK_ACKS;
    this.heardAt = this.o.clock.now;
    this.probes = 0;
    if (this.state === 'syn-sent') {
      this.receiveInSynSent(p);
      return;
    }
    if (has(p, Rst)) {
      this.receiveReset(p);
      return;
    }
    if (has(p, Syn)) {
      this.receiveSyn(p);
      return;
    }
    if (!this.inbound.isAcceptable(p)) {
      this.refuse(p);
      return;
    }
    if (!has(p, Ack)) return;
    if (this.state === 'syn-received' && p.ack === this.outbound.next) this.establish();
    this.notice(p);
    const bare = p.payload.length === 0 && !has(p, Fin);
    if (!this.outbound.acknowledge(p.ack, this.windowOf(p), p.options.sack ?? [], bare)) return;
    if (this.hasClosed && p.payload.length > 0) {
      this.refuseData(p);
      return;
    }
    this.takeData(p);
    this.settleClose();
  }

  private receiveInSynSent(p: TcpPacket): void {
    const fits = has(p, Ack) && p.ack === this.outbound.next;
    if (has(p, Rst)) {
      if (fits) this.end('reset');
      return;
    }
    // A half-open peer answers with its old numbers: RFC 9293, section 3.5.1.
    if (!fits) {
      this.emit({ bits: Rst, seq: p.ack, window: 0, bare: true });
      return;
    }
    if (!has(p, Syn)) return;
    this.agree(p);
    this.outbound.una = this.outbound.next;
    this.outbound.window = this.windowOf(p);
    if (this.handshakes === 1) this.measure(p);
    this.establish();
    this.acknowledge();
    this.o.clock.after(this.o.chance.between(20_000, 70_000), () => this.handlers.connected?.());
  }

  private receiveReset(p: TcpPacket): void {
    const { next, room } = this.inbound;
    if (p.seq === next) this.end('reset');
    else if (seqDistance(p.seq, next) > 0 && seqDistance(p.seq, next) <= room) this.acknowledge();
  }

  /** A SYN on a connection that is open: a challenge (RFC 5961, section 4), or our SYN-ACK again. */
  private receiveSyn(p: TcpPacket): void {
    if (this.state === 'time-wait') {
      this.end('done');
      return;
    }
    if (this.state === 'syn-received' && !has(p, Ack)) this.emitSynAck();
    else this.acknowledge();
  }

  private refuse(p: TcpPacket): void {
    const now = this.o.clock.now;
    if (p.payload.length === 0 && now - this.invalidAt < INVALID_EVERY) return;
    this.invalidAt = now;
    if (p.payload.length > 0) this.inbound.take(p);
    this.acknowledge();
  }

  /** Nobody will ever read it. */
  private refuseData(p: TcpPacket): void {
    this.emit({ bits: Rst, seq: p.ack, window: 0, bare: true });
    this.end('done');
  }

  private notice(p: TcpPacket): void {
    const stamp = p.options.timestamps;
    if (stamp !== undefined && seqDistance(p.seq, this.inbound.next) <= 0) this.echo = stamp.value;
    if (seqDistance(p.ack, this.outbound.una) > 0) this.measure(p);
  }

  private measure(p: TcpPacket): void {
    const { now } = this.o.clock;
    const echo = p.options.timestamps?.echo;
    const head = this.outbound.flight[0];
    // A timestamp has ms, the time of sending µs: Karn's rule where it was sent once.
    if (head !== undefined && head.sends === 1) this.outbound.sample(now - head.sentAt);
    else if (echo !== undefined && echo !== 0) {
      this.outbound.sample(Math.max(millis((this.stamp - echo) | 0), millis(0.3)));
    }
  }

  private takeData(p: TcpPacket): void {
    if (lengthOf(p) === 0) return;
    this.unacknowledged += 1;
    const arrival = this.inbound.take(p);
    // What the application wrote has acknowledged it.
    if (this.unacknowledged === 0) return;
    const urgent = arrival !== 'in-order' || this.inbound.hasHole || this.inbound.finished;
    if (urgent || this.quickAcks > 0 || this.unacknowledged >= 2) {
      this.acknowledge();
      return;
    }
    if (!this.timers.has('ack')) this.plan('ack', DELAYED_ACK, () => this.acknowledge());
  }

  private deliver(bytes: Uint8Array): void {
    if (this.isReading) this.inbound.unread = 0;
    this.handlers.received?.(bytes);
  }

  /** Both FINs, each once acknowledged. */
  private settleClose(): void {
    if (this.inbound.finished && !this.hasHeardFin) {
      this.hasHeardFin = true;
      this.handlers.finished?.();
    }
    if (!this.hasClosed || !this.outbound.isIdle || this.state !== 'established') return;
    if (this.inbound.finished) {
      if (this.wasFirstToClose) this.waitInTimeWait();
      else this.end('done');
    } else {
      this.wasFirstToClose = true;
      if (!this.timers.has('forget')) this.plan('forget', TIME_WAIT, () => this.end('done'));
    }
  }

  private waitInTimeWait(): void {
    this.state = 'time-wait';
    this.stop();
    this.plan('forget', TIME_WAIT, () => this.end('done'));
  }

  private establish(): void {
    this.state = 'established';
    this.drop('handshake');
    this.outbound.una = this.outbound.next;
    this.armKeepalive(this.o.tuning.keepalive?.idle ?? 0);
  }

  private agree(p: TcpPacket): void {
    this.inbound.next = seqAdd(p.seq, 1);
    this.stamps = this.stamps && p.options.timestamps !== undefined;
    this.echo = p.options.timestamps?.value ?? 0;
    this.peerScale = this.scale < 0 ? 0 : (p.options.windowScale ?? 0);
    this.outbound.window = p.window;
  }

  private windowOf(p: TcpPacket): number {
    return has(p, Syn) ? p.window : p.window * 2 ** this.peerScale;
  }

  private sendSyn(): void {
    const { linearSyns = 4 } = this.o.tuning;
    if (this.handshakes > SYN_RETRIES + linearSyns) {
      this.end('timeout');
      return;
    }
    this.emit({ bits: Syn, seq: this.isn, options: this.offer() });
    const wait = seconds(2 ** Math.max(0, this.handshakes - linearSyns));
    this.handshakes += 1;
    this.plan('handshake', wait * this.o.chance.between(1.005, 1.03), () => this.sendSyn());
  }

  private sendSynAck(): void {
    if (this.handshakes > SYN_ACK_RETRIES) {
      this.end('timeout');
      return;
    }
    this.emitSynAck();
    const wait = seconds(2 ** this.handshakes);
    this.handshakes += 1;
    this.plan('handshake', wait * this.o.chance.between(1.005, 1.03), () => this.sendSynAck());
  }

  private emitSynAck(): void {
    this.emit({ bits: Syn | Ack, seq: this.isn, options: this.offer(), ipId: 0 });
  }

  private offer(): TcpOptions {
    const scale = this.scale < 0 ? {} : { windowScale: this.scale };
    return { mss: this.mss, sackPermitted: true, ...scale };
  }

  private transmit(p: Piece): void {
    const bits = Ack | (p.pushed ? Psh : 0) | (p.fin ? Fin : 0);
    this.emit({ bits, seq: p.seq, payload: p.payload });
  }

  /** A bare acknowledgement, with what is held beyond a hole. */
  private acknowledge(): void {
    if (this.quickAcks > 0) this.quickAcks -= 1;
    const sack = this.inbound.sack();
    this.emit({ seq: this.outbound.next, ...(sack.length === 0 ? {} : { options: { sack } }) });
  }

  private armKeepalive(wait: Nanos): void {
    if (this.o.tuning.keepalive === undefined) return;
    this.plan('keepalive', wait, () => this.keepAlive());
  }

  private keepAlive(): void {
    const { keepalive } = this.o.tuning;
    if (keepalive === undefined || this.state !== 'established') return;
    const silent = this.o.clock.now - this.heardAt;
    if (!this.outbound.isIdle || silent < keepalive.idle) {
      this.armKeepalive(Math.max(keepalive.idle - silent, millis(10)));
      return;
    }
    if (this.probes >= keepalive.count) {
      this.emit({ bits: Rst | Ack, seq: this.outbound.next });
      this.end('timeout');
      return;
    }
    this.probes += 1;
    this.emit({ seq: seqAdd(this.outbound.next, -1) });
    this.armKeepalive(keepalive.interval);
  }

  private stop(): void {
    this.outbound.stop();
    for (const name of [...this.timers.keys()]) this.drop(name);
  }

  private plan(name: TimerName, wait: Nanos, action: () => void): void {
    this.drop(name);
    this.timers.set(name, this.o.clock.after(wait, action));
  }

  private drop(name: TimerName): void {
    this.timers.get(name)?.cancel();
    this.timers.delete(name);
  }

  private end(how: Ending): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.stop();
    this.o.forget();
    this.handlers.ended?.(how);
  }

  /** TSval: ms, on a clock of this connection's own. */
  private get stamp(): number {
    return (Math.floor(this.o.clock.now / 1e6) + (this.isn >>> 8)) >>> 0;
  }

  private emit(fields: {
    seq: number;
    bits?: number;
    payload?: Uint8Array;
    options?: TcpOptions;
    window?: number;
    ipId?: number;
    /** As a kernel answers without a socket: no options, no acknowledgement. */
    bare?: boolean;
  }): void {
    const { seq, bits = Ack, payload = NOTHING, bare = false } = fields;
    const { tuple, talk } = this;
    const scale = (bits & Syn) !== 0 ? 0 : Math.max(0, this.scale);
    const window = fields.window ?? Math.min(65_535, Math.floor(this.inbound.room / 2 ** scale));
    const stamps = this.stamps && !bare ? { timestamps: { value: this.stamp, echo: this.echo } } : {};
    if ((bits & Ack) !== 0) this.drop('ack');
    this.unacknowledged = 0;
    this.o.send({
      kind: 'tcp',
      source: tuple.address,
      sourcePort: tuple.port,
      destination: tuple.peerAddress,
      destinationPort: tuple.peerPort,
      seq,
      ack: (bits & Ack) === 0 ? 0 : this.inbound.next,
      bits,
      window,
      windowBytes: window * 2 ** scale,
      options: { ...stamps, ...fields.options },
      payload,
      ttl: this.o.ttl,
      ipId: bare ? 0 : (fields.ipId ?? this.takeIpId()),
      dontFragment: true,
      talk,
    });
  }

  private takeIpId(): number {
    const id = this.ipId;
    this.ipId = (this.ipId + 1) & 0xffff;
    return id;
  }
}
