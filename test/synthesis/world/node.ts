/**
 * A gateway node: two interfaces, a table of connections, and what it does with
 * a packet: forward it (translated, shifted), drop it, or answer it with an RST
 * or an ICMP error.
 * The trap: a node that refuses answers on the side that asked; the other side
 * sees nothing at all, and that is what tells its RST from an end's.
 */
import { seqAdd } from '../../../packet/seq.ts';
import type { Nanos } from '../../../packet/time.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { writeTcpOptions } from '../../../packet/wire/tcp-options.ts';
import type { Chance, Clockwork } from './clockwork.ts';
import type { Link, Station } from './link.ts';
import { resetFor } from './machine.ts';
import { has, isIpv6, isSyn, type Packet, type TcpPacket } from './packet.ts';
import { NodeProxy, type ProxyOptions } from './proxy.ts';
import {
  copyEntry,
  type Entry,
  follow,
  isInWindow,
  NO_SHIFT,
  newEntry,
  type Place,
  type Shift,
  translate,
  type Way,
} from './state.ts';

export type Side = 'in' | 'out';

export interface NodeOptions {
  /** The client's address and port as the server shall see them. Default: unchanged. */
  outsideOf?(client: Place): Place;
  /** Offsets of the numbers of a new connection. Default: none. */
  shiftOf?(client: Place): Shift;
  /** Packets of connections that it does not know: dropped, refused with RST, or taken up from inside (tcp_loose). */
  readonly unknown?: 'drop' | 'reject' | 'pick-up';
  /** Rules of this node alone, for known connections (with entry) and others. */
  judge?(packet: TcpPacket, way: Way, entry: Entry | null, now: Nanos): 'drop' | 'reject' | 'pass';
  /** Largest IP packet that a side can send; with `tooBig`, an ICMP error says so. */
  readonly mtu?: { readonly in?: number; readonly out?: number; readonly tooBig?: boolean };
  /** Drops what does not fit the windows that it has seen. */
  readonly checksWindow?: boolean;
  /** These packets pass in hardware: forwarded, and not followed. */
  offloads?(entry: Entry): boolean;
  /** Connections that it terminates. */
  readonly proxy?: ProxyOptions;
  /** Of what it sends itself. Default 64. */
  readonly ttl?: number;
}

export interface NodeWiring {
  readonly name: string;
  readonly clock: Clockwork;
  readonly chance: Chance;
  readonly link: Record<Side, Link>;
  readonly station: Record<Side, Station>;
  /** The MAC of the next hop on a side. */
  macOf(side: Side, address: string): string;
  /** Its own address on a side, for ICMP. */
  readonly address: Record<Side, string>;
}

const otherSide = (side: Side): Side => (side === 'in' ? 'out' : 'in');
/** What forwarding takes. */
const SHORTEST = 3_000;
const LONGEST = 14_000;

export class GatewayNode {
  readonly entries: Entry[] = [];
  options: NodeOptions;
  readonly proxy: NodeProxy | null;
  private readonly w: NodeWiring;
  private readonly sentAt: Record<Side, Nanos> = { in: 0, out: 0 };

  constructor(wiring: NodeWiring, options: NodeOptions) {
    this.w = wiring;
    this.options = options;
    this.proxy =
      options.proxy === undefined
        ? null
        : new NodeProxy(options.proxy, wiring.clock, wiring.chance, this.ttl, (side, p) =>
            this.emit(side, p),
          );
  }

  get ttl(): number {
    return this.options.ttl ?? 64;
  }

  /** Takes over what another node knows of some connections, as it stands now. */
  adopt(from: GatewayNode, chosen: (entry: Entry) => Entry | null = copyEntry): void {
    for (const theirs of from.entries) {
      const copy = chosen(theirs);
      if (copy === null) continue;
      const at = this.entries.findIndex(
        (e) => isSame(e.client, copy.client) && isSame(e.server, copy.server),
      );
      if (at >= 0) this.entries.splice(at, 1);
      this.entries.push(copyEntry(copy));
    }
  }

  receive(packet: Packet, side: Side): void {
    if (packet.kind !== 'tcp') return;
    if (this.proxy?.serves(packet, side) === true) {
      this.proxy.receive(packet, side);
      return;
    }
    const way: Way = side === 'in' ? 'to-server' : 'to-client';
    const known = this.find(packet, way);
    const verdict = this.options.judge?.(packet, way, known, this.w.clock.now) ?? 'pass';
    if (verdict === 'drop') return;
    if (verdict === 'reject') {
      this.refuse(packet, side);
      return;
    }
    const entry = known ?? this.admit(packet, way, side);
    if (entry !== null) this.forward(entry, packet, way);
  }

  /** RST to both ends of a connection in each other's name, as far as this node knows their numbers. */
  tearDown(entry: Entry, toward: readonly ('client' | 'server')[] = ['client', 'server']): void {
    const [up, down] = [entry.track['to-server'].end ?? 0, entry.track['to-client'].end ?? 0];
    const fields = {
      bits: TcpFlag.Rst | TcpFlag.Ack,
      window: 0,
      windowBytes: 0,
      options: {},
      payload: new Uint8Array(0),
      ttl: this.ttl,
      ipId: 0,
      dontFragment: true,
      talk: entry.talk,
      kind: 'tcp',
    } as const;
    if (toward.includes('client')) {
      const { server, client } = entry;
      this.emit('in', { ...fields, ...between(server, client), seq: down, ack: up });
    }
    if (toward.includes('server')) {
      const { server, outside, shift } = entry;
      const seq = seqAdd(up, shift.toServer);
      this.emit('out', { ...fields, ...between(outside, server), seq, ack: seqAdd(down, shift.toClient) });
    }
  }

  /** Sends on a side after the time that forwarding takes; the order stays. */
  emit(side: Side, packet: TcpPacket | Packet): void {
    const { clock, chance, link, station, macOf } = this.w;
    const time = Math.max(clock.now + chance.between(SHORTEST, LONGEST), this.sentAt[side] + 1_200);
    this.sentAt[side] = time;
    const destination = packet.kind === 'tcp' || packet.kind === 'icmp' ? packet.destination : '';
    clock.at(time, () => link[side].send(station[side], packet, macOf(side, destination)));
  }

  private find(p: TcpPacket, way: Way): Entry | null {
    return (
      this.entries.findLast((e) =>
        way === 'to-server'
          ? isFrom(p, e.client) && isTo(p, e.server)
          : isFrom(p, e.server) && isTo(p, e.outside),
      ) ?? null
    );
  }

  /** A new entry for what may begin one. */
  private admit(p: TcpPacket, way: Way, side: Side): Entry | null {
    const { unknown = 'drop', outsideOf, shiftOf } = this.options;
    const takesUp = unknown === 'pick-up' && !has(p, TcpFlag.Rst);
    if (way === 'to-server' && (isSyn(p) || takesUp)) {
      const client: Place = { address: p.source, port: p.sourcePort };
      const shift = isSyn(p) ? (shiftOf?.(client) ?? NO_SHIFT) : NO_SHIFT;
      const entry = newEntry(p, outsideOf?.(client) ?? client, shift, this.w.clock.now);
      this.entries.push(entry);
      return entry;
    }
    // What comes for a translated address is for the node itself, whose input is closed.
    const isOwn = way === 'to-client' && outsideOf !== undefined;
    if (unknown === 'reject' && !isOwn) this.refuse(p, side);
    return null;
  }

  private refuse(p: TcpPacket, side: Side): void {
    if (!has(p, TcpFlag.Rst)) this.emit(side, resetFor(p, this.ttl));
  }

  private forward(entry: Entry, p: TcpPacket, way: Way): void {
    const translated = translate(entry, p, way);
    const inside = way === 'to-server' ? p : translated;
    // What passes in hardware is neither checked nor followed.
    const isOffloaded = this.options.offloads?.(entry) === true;
    const isChecked = this.options.checksWindow === true && !isOffloaded;
    if (isChecked && !isInWindow(entry, inside, way)) return;
    const side: Side = way === 'to-server' ? 'out' : 'in';
    if (this.isTooBig(p, side)) return;
    entry.packets += 1;
    if (!isOffloaded) follow(entry, inside, way);
    this.emit(side, translated);
  }

  private isTooBig(p: TcpPacket, to: Side): boolean {
    const mtu = this.options.mtu?.[to];
    if (mtu === undefined || ipLengthOf(p) <= mtu) return false;
    if (this.options.mtu?.tooBig === true) {
      const from = otherSide(to);
      const [type, code] = isIpv6(p.source) ? [2, 0] : [3, 4];
      const source = this.w.address[from];
      this.emit(from, {
        kind: 'icmp',
        source,
        destination: p.source,
        type,
        code,
        mtu,
        about: p,
        ttl: this.ttl,
      });
    }
    return true;
  }
}

const isSame = (a: Place, b: Place): boolean => a.address === b.address && a.port === b.port;
const isFrom = (p: TcpPacket, place: Place): boolean =>
  p.source === place.address && p.sourcePort === place.port;
const isTo = (p: TcpPacket, place: Place): boolean =>
  p.destination === place.address && p.destinationPort === place.port;

const between = (from: Place, to: Place) => ({
  source: from.address,
  sourcePort: from.port,
  destination: to.address,
  destinationPort: to.port,
});

/** Bytes of an IP packet. */
const ipLengthOf = (p: TcpPacket): number =>
  (isIpv6(p.source) ? 40 : 20) + 20 + writeTcpOptions(p.options).length + p.payload.length;
