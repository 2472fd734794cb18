/**
 * A TCP conversation told in words: who sends, what is lost, who waits.
 * `flow().handshake().client.sends(1460).lost().after(ms(204)).retransmits()`.
 * What is lost changes nothing at the other end; whether the capture still
 * holds it depends on where the capture is taken.
 * The trap: time moves by itself only by a round trip where the word passes
 * from one end to the other; every other wait is told with `after`.
 */
import { seqAdd, seqDistance } from '../../packet/seq.ts';
import { millis, type Nanos } from '../../packet/time.ts';
import { buildTcp, type TcpFrame } from '../../packet/wire/build.ts';
import type { TcpOptions } from '../../packet/wire/tcp-options.ts';
import { endOf, Host, type HostOptions, type Sent } from './host.ts';
import type { Network, SynthFrame } from './network.ts';

export interface ConversationOptions {
  client?: HostOptions;
  server?: HostOptions;
  clientPort?: number;
  start?: Nanos;
  /** Round trip. Default 10 ms. */
  rtt?: Nanos;
}

export type End = 'client' | 'server';

/** What an end received before an action, to take it back when the action is lost. */
interface Undo {
  frames: SynthFrame[];
  received: number;
  una: number;
  echo: number;
  ahead: readonly Sent[];
}

const SPACING: Nanos = 20_000;

export class Conversation {
  readonly hosts: Record<End, Host>;
  now: Nanos;
  private readonly network: Network;
  private readonly rtt: Nanos;
  private speaker: End = 'client';
  private spoke: End | null = null;
  /** Nothing arrives that goes this way. */
  private cut: Record<End, boolean> = { client: false, server: false };
  private undo: Undo = { frames: [], received: 0, una: 0, echo: 0, ahead: [] };
  /** The last frame as built, for ICMP errors that quote it. */
  lastFields: TcpFrame = {};

  constructor(network: Network, options: ConversationOptions) {
    const { client = {}, server = {}, clientPort = 41_000 } = options;
    this.network = network;
    this.rtt = options.rtt ?? millis(10);
    this.now = options.start ?? 0;
    const at = network.options.at ?? 'client';
    this.hosts = {
      client: new Host({
        address: '10.1.0.10',
        port: clientPort,
        mac: '02:00:00:00:01:10',
        isn: (clientPort * 2_654_435_761) >>> 0,
        ttl: at === 'client' ? 64 : 63,
        ...client,
      }),
      server: new Host({
        address: '10.2.0.10',
        port: 80,
        mac: '02:00:00:00:02:01',
        isn: (clientPort * 40_503 + 77) >>> 0,
        ttl: at === 'server' ? 64 : 63,
        ...server,
      }),
    };
  }

  get client(): this {
    this.speaker = 'client';
    return this;
  }

  get server(): this {
    this.speaker = 'server';
    return this;
  }

  /** SYN, SYN-ACK, ACK. */
  handshake(): this {
    return this.client.syn().server.synAck().client.acks();
  }

  syn(): this {
    const host = this.hosts.client;
    host.next = host.isn;
    this.send('SYN', { options: this.handshakeOptions(host), record: false });
    host.next = seqAdd(host.isn, 1);
    return this;
  }

  synAck(): this {
    const host = this.hosts.server;
    host.next = host.isn;
    this.hosts.server.received = seqAdd(this.hosts.client.isn, 1);
    this.send('SYN ACK', { options: this.handshakeOptions(host), record: false, ipId: 0 });
    host.next = seqAdd(host.isn, 1);
    this.hosts.client.received = host.next;
    return this;
  }

  /** As a capture that begins in mid-connection sees it: both ends agree, nobody opened. */
  established(): this {
    const { client, server } = this.hosts;
    client.next = seqAdd(client.isn, 70_001);
    server.next = seqAdd(server.isn, 900_001);
    client.una = server.received = client.next;
    server.una = client.received = server.next;
    return this;
  }

  /** Bytes or text, cut into segments; the last is pushed. */
  sends(what: number | string | Uint8Array, options: { push?: boolean; segment?: number } = {}): this {
    const host = this.hosts[this.speaker];
    const bytes =
      typeof what === 'number'
        ? body(what)
        : typeof what === 'string'
          ? new TextEncoder().encode(what)
          : what;
    const size = options.segment ?? host.segmentSize;
    this.begin();
    for (let at = 0; at < bytes.length; at += size) {
      const payload = bytes.subarray(at, at + size);
      const last = at + size >= bytes.length;
      const pushed = last && options.push !== false;
      const sent: Sent = { seq: host.next, payload, fin: false, pushed };
      this.emit(pushed ? 'PSH ACK' : 'ACK', { seq: host.next, payload });
      host.sent.push(sent);
      host.next = endOf(sent);
      this.deliver(this.speaker, sent);
      if (!last) this.now += SPACING;
    }
    return this;
  }

  /** A bulk transfer of the speaker, acknowledged every other segment, as fast as a few Mbit/s. */
  streams(
    length: number,
    options: { head?: string; push?: boolean; segment?: number; pace?: Nanos } = {},
  ): this {
    const who = this.speaker;
    const host = this.hosts[who];
    const size = options.segment ?? host.segmentSize;
    const head = new TextEncoder().encode(options.head ?? '');
    const all = new Uint8Array(head.length + length).fill(0x61);
    all.set(head);
    let n = 0;
    for (let at = 0; at < all.length; at += size) {
      const last = at + size >= all.length;
      this.say(who).sends(all.subarray(at, at + size), {
        push: last && options.push !== false,
        segment: size,
      });
      n += 1;
      if (n % 2 === 0 || last) {
        this.now += 30_000;
        this.spoke = who === 'client' ? 'server' : 'client';
        this.say(this.spoke).acks();
        this.spoke = who;
      }
      this.now += options.pace ?? millis(1);
    }
    this.spoke = null;
    return this.say(who);
  }

  acks(): this {
    return this.send('ACK', { record: false });
  }

  /** Keepalive: SND.NXT - 1, without payload or with one byte of it (Windows). */
  probes(length: 0 | 1 = 0): this {
    const host = this.hosts[this.speaker];
    this.begin();
    this.emit('ACK', { seq: seqAdd(host.next, -1), payload: new Uint8Array(length) });
    return this;
  }

  /** A series of keepalives at an interval. */
  probesEvery(interval: Nanos, times: number, answered: boolean, length: 0 | 1 = 0): this {
    const who = this.speaker;
    const other: End = who === 'client' ? 'server' : 'client';
    const begins = this.now;
    for (let i = 1; i <= times; i++) {
      const at = begins + interval * i;
      this.at(at).say(who).probes(length);
      if (answered) this.say(other).acks();
    }
    return this.after(millis(1)).say(who);
  }

  /** Sends the oldest segment again that was not acknowledged (RTO), or the newest (tail-loss probe). */
  retransmits(which: 'first' | 'last' = 'first'): this {
    const host = this.hosts[this.speaker];
    const segment = which === 'first' ? host.unacknowledged[0] : host.unacknowledged.at(-1);
    if (segment === undefined) throw new Error('nothing to retransmit');
    return this.resend(segment);
  }

  /** Everything that was not acknowledged, as after an RTO that got through. */
  retransmitsAll(): this {
    for (const segment of this.hosts[this.speaker].unacknowledged) this.resend(segment);
    return this;
  }

  /** Rungs of the RTO ladder, none of which is answered. */
  climbs(rungs: number, rto: Nanos = millis(210)): this {
    for (let k = 0; k < rungs; k++) {
      this.after(rto * 2 ** k);
      this.retransmits().lost();
    }
    return this;
  }

  resend(segment: Sent): this {
    this.begin();
    this.emit(segment.fin ? 'FIN ACK' : segment.pushed ? 'PSH ACK' : 'ACK', {
      seq: segment.seq,
      payload: segment.payload,
    });
    this.deliver(this.speaker, segment);
    this.now += SPACING;
    return this;
  }

  fin(): this {
    const host = this.hosts[this.speaker];
    this.begin();
    const sent: Sent = { seq: host.next, payload: new Uint8Array(0), fin: true, pushed: false };
    this.emit('FIN ACK', { seq: host.next });
    host.sent.push(sent);
    host.next = endOf(sent);
    this.deliver(this.speaker, sent);
    return this;
  }

  /** A reset in the speaker's name; another TTL makes it somebody else's. */
  rst(fields: { ttl?: number; flags?: string; seq?: number; ipId?: number } = {}): this {
    const host = this.hosts[this.speaker];
    this.begin();
    const { flags = 'RST ACK', ...rest } = fields;
    this.emit(flags, { seq: host.next, window: 0, ...rest });
    return this;
  }

  /** Any segment, for what has no word. */
  says(fields: TcpFrame): this {
    this.begin();
    this.emit('ACK', { seq: this.hosts[this.speaker].next, ...fields });
    return this;
  }

  window(raw: number): this {
    this.hosts[this.speaker].window = raw;
    return this;
  }

  after(time: Nanos): this {
    this.now += time;
    this.spoke = null;
    return this;
  }

  at(time: Nanos): this {
    this.now = time;
    this.spoke = null;
    return this;
  }

  /** What was just sent never arrived. */
  lost(): this {
    const peer = this.hosts[this.speaker === 'client' ? 'server' : 'client'];
    peer.received = this.undo.received;
    peer.una = this.undo.una;
    peer.echo = this.undo.echo;
    peer.ahead = [...this.undo.ahead];
    if (!this.seesBefore(this.speaker)) for (const frame of this.undo.frames) this.network.remove(frame);
    return this;
  }

  /** From now on nothing passes, in both directions or from one end. */
  pathDown(from: End | 'both' = 'both'): this {
    this.cut = { client: from !== 'server', server: from !== 'client' };
    return this;
  }

  pathUp(): this {
    this.cut = { client: false, server: false };
    return this;
  }

  say(who: End): this {
    this.speaker = who;
    return this;
  }

  private send(flags: string, extra: TcpFrame & { record?: boolean }): this {
    const { record: _record, ...fields } = extra;
    this.begin();
    this.emit(flags, { seq: this.hosts[this.speaker].next, ...fields });
    this.deliver(this.speaker);
    return this;
  }

  /** The capture stands before the loss for segments of the end it is beside. */
  private seesBefore(sender: End): boolean {
    const at = this.network.options.at ?? 'client';
    return at === sender || at === 'node';
  }

  private begin(): void {
    const { speaker } = this;
    const peer = this.hosts[speaker === 'client' ? 'server' : 'client'];
    this.undo = {
      frames: [],
      received: peer.received,
      una: peer.una,
      echo: peer.echo,
      ahead: [...peer.ahead],
    };
    if (this.spoke !== null && this.spoke !== speaker) {
      const beside = this.network.options.at ?? 'client';
      this.now += beside === 'node' ? this.rtt / 2 : speaker === beside ? 50_000 : this.rtt;
    }
    this.spoke = speaker;
  }

  private emit(flags: string, fields: TcpFrame): void {
    const from = this.hosts[this.speaker];
    const to = this.hosts[this.speaker === 'client' ? 'server' : 'client'];
    const length = (fields.payload as Uint8Array | undefined)?.length ?? 0;
    const isReset = flags.includes('RST');
    const packets = Math.max(1, Math.ceil(length / from.segmentSize));
    const stamps: TcpOptions =
      from.timestamps && to.timestamps && !isReset
        ? { timestamps: { value: from.tsVal(this.now), echo: from.echo } }
        : {};
    const frame: TcpFrame = {
      source: from.address,
      destination: to.address,
      sourcePort: from.port,
      destinationPort: to.port,
      sourceMac: from.mac,
      destinationMac: to.mac,
      ack: flags === 'SYN' || flags === 'RST' ? 0 : from.received,
      window: from.window,
      ttl: from.ttl,
      ipId: fields.ipId ?? from.takeIpId(packets),
      dontFragment: from.dontFragment,
      flags,
      link: this.network.options.link ?? 'ethernet',
      packetType: this.speaker === (this.network.options.at ?? 'client') ? 4 : 0,
      ...fields,
      options: { ...stamps, ...fields.options },
    };
    this.lastFields = frame;
    if (!this.cut[this.speaker]) to.echo = from.tsVal(this.now);
    if (this.cut[this.speaker] && !this.seesBefore(this.speaker)) return;
    this.undo.frames.push(this.network.add(this.now, buildTcp(frame)));
  }

  /** The peer takes what was sent, if it arrives: the acknowledgement, and bytes that close its hole. */
  private deliver(sender: End, segment?: Sent): void {
    if (this.cut[sender]) return;
    const from = this.hosts[sender];
    const to = this.hosts[sender === 'client' ? 'server' : 'client'];
    if (seqDistance(from.received, to.una) > 0) to.una = from.received;
    if (segment !== undefined) to.ahead.push(segment);
    for (;;) {
      const next = to.ahead.find((s) => seqDistance(s.seq, to.received) <= 0);
      if (next === undefined) return;
      to.ahead.splice(to.ahead.indexOf(next), 1);
      if (seqDistance(endOf(next), to.received) > 0) to.received = endOf(next);
    }
  }

  private handshakeOptions(host: Host): TcpOptions {
    const scale = host.windowScale < 0 ? {} : { windowScale: host.windowScale };
    return { mss: host.mss, sackPermitted: true, ...scale };
  }
}

const body = (length: number): Uint8Array => new Uint8Array(length).fill(0x62);
