/**
 * QUIC conversations of one vantage. One is known by a long header of a known
 * version, on any port; by a connection ID that is known already; or, where the
 * capture missed the opening, only as short headers on port 443.
 * The trap: other things run over port 443 too. Short headers alone are
 * believed only where their protected bits vary, as those of no other protocol do.
 */
import { type Nanos, seconds } from '../../../packet/time.ts';
import type { Frame } from '../../../packet/wire/frame.ts';
import {
  looksLong,
  looksShort,
  QuicHead,
  QuicType,
  readQuicLong,
  SHORT_CID,
} from '../../../packet/wire/quic.ts';
import { type EndIndex, otherEnd } from '../../flow/flow.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import { HashSlots, mix } from '../../flow/hash-slots.ts';
import { UdpTable } from '../../flow/udp-table.ts';
import type { UdpEnds } from './dns-watch.ts';
import { copyOf, QuicFlow, SHORTEST_CID, startsWith } from './quic-flow.ts';
import type { Peers } from './udp-peers.ts';

const MOST_FLOWS = 20_000;
const MOST_KEPT = 10_000;
/** Idle for longer than the usual idle timeout of 30 s, and a failover in it: a conversation is over. */
const REST: Nanos = seconds(120);
const SHORT_REST: Nanos = seconds(40);
const HTTPS = 443;
/** RFC 9000, section 14.1: the client's Initial fills at least so much. */
const SMALLEST_INITIAL = 1200;
/** A short header, an ID, and the 16 bytes that no protected packet lacks. */
const SMALLEST_SHORT = 21;
export interface QuicRecord {
  readonly flow: QuicFlow;
  readonly ends: UdpEnds;
}

export class QuicWatch {
  /** Conversations that were not followed because there was no room. */
  unfollowed = 0;
  private readonly peers: Peers;
  private readonly table = new UdpTable();
  private readonly head = new QuicHead();
  /** By entry of the table. */
  private readonly flows: (QuicFlow | undefined)[] = [];
  /** By server and the first bytes of an ID that leads to it; the value is the entry. */
  private readonly cids = new HashSlots();
  private readonly kept: QuicRecord[] = [];
  private closedFor = 0;

  constructor(peers: Peers) {
    this.peers = peers;
  }

  observe(frame: Frame, id: FrameId): void {
    if (frame.capturedPayload < 1) return;
    const first = frame.view.getUint8(frame.payloadOffset);
    const isLong = looksLong(first);
    // Also what greases the fixed bit (RFC 9287) belongs to a conversation that is known.
    if (!isLong && !looksShort(first) && this.table.size === 0) return;
    let entry = this.table.find(frame, 0);
    if (entry < 0) {
      if (isLong) entry = this.openLong(frame);
      else if (looksShort(first)) entry = this.openShort(frame);
      if (entry < 0) return;
    }
    const flow = this.flows[entry] as QuicFlow;
    const { sender } = this.table;
    flow.take(frame, id, sender);
    if (sender !== flow.client) flow.server.heard(frame.time, id);
    if (isLong) this.readLong(flow, frame, sender);
    else this.readShort(flow, frame, sender, first);
  }

  /** Everything that is still known, in no order; short headers alone may be another protocol's. */
  *records(): Iterable<QuicRecord> {
    yield* this.kept;
    for (const flow of this.flows) if (flow !== undefined) yield { flow, ends: this.endsOf(flow) };
  }

  private openLong(frame: Frame): number {
    const { head } = this;
    if (!readQuicLong(frame.view, frame.payloadOffset, frame.capturedPayload, head)) return -1;
    const fromServer = frame.sourcePort === HTTPS && frame.destinationPort !== HTTPS;
    const isClient = !fromServer;
    const entry = this.open(frame, isClient);
    const flow = this.flows[entry];
    if (flow === undefined) return -1;
    flow.certain = true;
    flow.opened = isClient && head.type === QuicType.Initial && frame.payloadLength >= SMALLEST_INITIAL;
    return entry;
  }

  private openShort(frame: Frame): number {
    if (frame.payloadLength < SMALLEST_SHORT) return -1;
    const kin = this.findKin(frame);
    const toServer = frame.destinationPort === HTTPS;
    if (kin === null && !toServer && frame.sourcePort !== HTTPS) return -1;
    const entry = this.open(frame, kin !== null || toServer);
    const flow = this.flows[entry];
    if (flow === undefined) return -1;
    if (kin === null) return entry;
    flow.kin = kin;
    flow.certain = true;
    flow.established = true;
    flow.cidLength = kin.cidLength;
    for (const cid of kin.cids) if (flow.addCid(cid)) this.file(frame, cid, flow);
    return entry;
  }

  /** Entry of a new conversation whose first datagram the client sent, or the server; -1 where there is no room. */
  private open(frame: Frame, fromClient: boolean): number {
    if (this.table.size >= MOST_FLOWS && !this.makeRoom(frame.time)) {
      this.unfollowed += 1;
      return -1;
    }
    const entry = this.table.open(frame, 0);
    const client = fromClient ? this.table.sender : otherEnd(this.table.sender);
    const server = this.peers.of(frame, fromClient ? 'destination' : 'source');
    this.flows[entry] = new QuicFlow(entry, client, server);
    return entry;
  }

  private readLong(flow: QuicFlow, frame: Frame, sender: EndIndex): void {
    const { head } = this;
    const { view } = frame;
    if (!readQuicLong(view, frame.payloadOffset, frame.capturedPayload, head)) return;
    flow.certain = true;
    if (sender === flow.client) {
      if (head.type === QuicType.Handshake) flow.established = true;
      return;
    }
    flow.cidLength = head.sourceLength;
    const cid = copyOf(view, head.sourceAt, head.sourceLength);
    if (flow.addCid(cid)) this.file(frame, cid, flow);
  }

  private readShort(flow: QuicFlow, frame: Frame, sender: EndIndex, first: number): void {
    flow.sides[sender].bits |= 1 << (first & 31);
    if (sender !== flow.client) return;
    flow.established = true;
    if (!flow.followShort(frame)) return;
    this.file(frame, flow.cids.at(-1) as Uint8Array, flow);
  }

  /** Files an ID under the server that a datagram is from or for, so that a datagram to it from elsewhere finds the conversation. */
  private file(frame: Frame, cid: Uint8Array, flow: QuicFlow): void {
    const at = this.table.sender === flow.client ? 4 : 0;
    const port = at === 0 ? frame.sourcePort : frame.destinationPort;
    const key = keyOf(frame, at, port, new DataView(cid.buffer, cid.byteOffset), 0);
    this.cids.add(key, flow.entry);
    flow.filed.push(key);
  }

  /** The conversation that used the ID of this short header to reach the same server. */
  private findKin(frame: Frame): QuicFlow | null {
    if (this.cids.size === 0 || frame.capturedPayload < SHORT_CID + SHORTEST_CID) return null;
    const { view, capturedPayload } = frame;
    const at = frame.payloadOffset + SHORT_CID;
    const key = keyOf(frame, 4, frame.destinationPort, view, at);
    for (let slot = this.cids.first(key); slot >= 0; slot = this.cids.next(slot, key)) {
      const flow = this.flows[this.cids.valueAt(slot)];
      const fits = (cid: Uint8Array): boolean =>
        cid.length >= SHORTEST_CID && cid.length < capturedPayload && startsWith(view, at, cid);
      if (flow?.cids.some(fits)) return flow;
    }
    return null;
  }

  /** Takes a conversation out of the tables; keeps it where it fell silent. */
  private settle(flow: QuicFlow): void {
    if (flow.isTroubled) {
      if (this.kept.length < MOST_KEPT) this.kept.push({ flow, ends: this.endsOf(flow) });
      else this.unfollowed += 1;
    }
    for (const key of flow.filed) this.cids.remove(key, flow.entry);
    this.flows[flow.entry] = undefined;
    this.table.close(flow.entry);
  }

  /** Settles what has rested for long. */
  private makeRoom(now: Nanos): boolean {
    if (this.closedFor > 0) {
      this.closedFor -= 1;
      return false;
    }
    for (const rest of [REST, SHORT_REST]) {
      for (const flow of this.flows) if (flow !== undefined && now - flow.newest > rest) this.settle(flow);
      if (this.table.size <= MOST_FLOWS * ROOM) return true;
    }
    if (this.table.size < MOST_FLOWS) return true;
    this.closedFor = MOST_FLOWS / 8;
    return false;
  }

  private endsOf({ entry, client, serverEnd }: QuicFlow): UdpEnds {
    const end = (which: EndIndex) => ({
      address: this.table.addressOf(entry, which),
      port: this.table.portOf(entry, which),
    });
    return { client: end(client), server: end(serverEnd) };
  }
}

/** With less room than this made, the next search would come too soon. */
const ROOM = 7 / 8;

/** Of a server (its address begins at `end` of the frame's) and the first bytes of an ID. */
function keyOf(frame: Frame, end: 0 | 4, port: number, view: DataView, at: number): number {
  let hash = mix(port ^ view.getUint32(at));
  for (let i = 0; i < 4; i++) hash = mix(hash ^ (frame.address[end + i] as number)) + i;
  return hash >>> 0;
}
