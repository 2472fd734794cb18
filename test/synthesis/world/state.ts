/**
 * What a node remembers of the connections that it forwards: their addresses
 * before and after translation, the offset of their numbers, and how far each
 * direction has come.
 * The trap: all numbers are kept as the client knows them; the offset is
 * added only on the way to the server.
 */
import { seqAdd, seqDistance } from '../../../packet/seq.ts';
import type { Nanos } from '../../../packet/time.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { has, lengthOf, type TcpPacket } from './packet.ts';
import type { Talk } from './talk.ts';

export type Way = 'to-server' | 'to-client';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Added to sequence numbers of a direction at the outer side. */
export interface Shift {
  readonly toServer: number;
  readonly toClient: number;
}

interface Track {
  /** Behind the last byte that this node has seen; null before the first. */
  end: number | null;
  /** Behind the last byte that the receiver has allowed. */
  edge: number | null;
}

export interface Entry {
  readonly client: Place;
  readonly server: Place;
  /** The client as the server knows it. */
  readonly outside: Place;
  readonly shift: Shift;
  readonly talk: Talk;
  /** When it was made, on whichever node. */
  readonly since: Nanos;
  readonly track: Record<Way, Track>;
  /** Packets that it has forwarded. */
  packets: number;
}

export const NO_SHIFT: Shift = { toServer: 0, toClient: 0 };

export function newEntry(p: TcpPacket, outside: Place, shift: Shift, since: Nanos): Entry {
  return {
    client: { address: p.source, port: p.sourcePort },
    server: { address: p.destination, port: p.destinationPort },
    outside,
    shift,
    talk: p.talk,
    since,
    track: { 'to-server': { end: null, edge: null }, 'to-client': { end: null, edge: null } },
    packets: 0,
  };
}

export const copyEntry = (e: Entry, changes: Partial<Pick<Entry, 'outside' | 'shift'>> = {}): Entry => ({
  ...e,
  ...changes,
  track: { 'to-server': { ...e.track['to-server'] }, 'to-client': { ...e.track['to-client'] } },
});

/** The packet as the other side of the node has it, a hop further. */
export function translate(e: Entry, p: TcpPacket, way: Way): TcpPacket {
  const ttl = p.ttl - 1;
  const acks = has(p, TcpFlag.Ack);
  if (way === 'to-server') {
    const ack = acks ? seqAdd(p.ack, e.shift.toClient) : p.ack;
    const { address: source, port: sourcePort } = e.outside;
    return { ...p, ttl, source, sourcePort, seq: seqAdd(p.seq, e.shift.toServer), ack };
  }
  const ack = acks ? seqAdd(p.ack, -e.shift.toServer) : p.ack;
  const { address: destination, port: destinationPort } = e.client;
  return { ...p, ttl, destination, destinationPort, seq: seqAdd(p.seq, -e.shift.toClient), ack };
}

const otherWay = (way: Way): Way => (way === 'to-server' ? 'to-client' : 'to-server');

/** False for what lies beyond what the node has seen allowed, or acknowledges what it has not seen (as conntrack judges). */
export function isInWindow(e: Entry, inside: TcpPacket, way: Way): boolean {
  const { edge } = e.track[way];
  const { end } = e.track[otherWay(way)];
  if (has(inside, TcpFlag.Syn)) return true;
  const beyond = edge !== null && seqDistance(seqAdd(inside.seq, lengthOf(inside)), edge) > 0;
  const unseen = end !== null && has(inside, TcpFlag.Ack) && seqDistance(inside.ack, end) > 0;
  return !beyond && !unseen;
}

/** Notes what a forwarded packet says of both directions. */
export function follow(e: Entry, inside: TcpPacket, way: Way): void {
  const own = e.track[way];
  const other = e.track[otherWay(way)];
  const end = seqAdd(inside.seq, lengthOf(inside));
  if (own.end === null || seqDistance(end, own.end) > 0) own.end = end;
  if (!has(inside, TcpFlag.Ack)) return;
  const edge = seqAdd(inside.ack, inside.windowBytes);
  if (other.edge === null || seqDistance(edge, other.edge) > 0) other.edge = edge;
}
