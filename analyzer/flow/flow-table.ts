/**
 * Finds the flow of a segment: an open-addressing hash table over typed
 * arrays, because a `Map` with string keys costs eight times as much.
 * A pure SYN with another sequence number on a known pair of ends begins a new
 * flow (port reuse), as Wireshark numbers streams.
 */
import type { Nanos } from '../../packet/time.ts';
import { Frame, PacketType, TcpFlag } from '../../packet/wire/frame.ts';
import { type EndIndex, Flow } from './flow.ts';
import type { FrameId } from './frame-id.ts';
import { MOST_FLOWS } from './room.ts';
import { SharedRows } from './shared-rows.ts';

const INITIAL_SLOTS = 1024;

/** The tuple of a quoted packet, as a frame, for the same look-up. */
const QUOTED = new Frame();

export class FlowTable {
  readonly flows: Flow[] = [];
  /** After `find`: the end that sent the segment. */
  sender: EndIndex = 0;
  /** After `find`: true when the segment opened a new flow. */
  opened = false;

  /** Slot to flow index + 1; 0 is free. */
  private slots = new Uint32Array(INITIAL_SLOTS);
  /** What stands in each slot hashes to this: most comparisons end here. */
  private hashes = new Uint32Array(INITIAL_SLOTS);
  /** Addresses, ports and IP version of each flow, side by side: of two million look-ups few find theirs in the cache. */
  private ends = new Uint32Array(INITIAL_SLOTS * WORDS_OF_ENDS);
  private mask = INITIAL_SLOTS - 1;
  private used = 0;
  /** First sequence number that end's last SYN carried, by flow, to tell port reuse from a repeated SYN. */
  private readonly synSeq: number[] = [];
  private last: Flow | null = null;
  private readonly addresses = new SharedRows((length) => new Uint32Array(length), 512 * 8);

  private readonly most: number;

  constructor(most = MOST_FLOWS) {
    this.most = most;
  }

  /** The flow of a TCP frame, made where it is new; null for a new one beyond as many as may be followed. */
  find(frame: Frame, id: FrameId): Flow | null {
    const sender = senderOf(frame);
    this.sender = sender;
    this.opened = false;
    const last = this.last;
    let slot = -1;
    let flow: Flow | undefined;
    if (last !== null && this.hasEnds(last.index, frame, sender)) {
      flow = last;
    } else {
      slot = this.slotOf(frame, sender, hash(frame));
      const index = this.slots[slot] as number;
      if (index !== 0) flow = this.flows[index - 1];
    }
    if (flow === undefined || this.isReuse(flow, frame)) {
      if (this.flows.length >= this.most) return null;
      if (slot < 0) slot = this.slotOf(frame, sender, hash(frame));
      const before = flow;
      flow = this.open(frame, sender, id, slot);
      if (before !== undefined && isProxied(before, frame)) flow.twin = before;
    }
    // Of the two legs the outer one: it leads to the other.
    this.last = flow;
    if (flow.twin !== null && frame.packetType >= 0) flow = sideOf(flow, flow.twin, frame, sender);
    if ((frame.flags & (TcpFlag.Syn | TcpFlag.Ack)) === TcpFlag.Syn) this.synSeq[flow.index] = frame.seq;
    // Also where time runs backwards, a flow does not end before it starts.
    if (frame.time > flow.lastTime) flow.lastTime = frame.time;
    flow.lastFrame = id;
    flow.frames += 1;
    return flow;
  }

  /** The newest flow of the packet that an ICMP error quotes; undefined where none was seen. Sets `sender`. */
  findQuoted(frame: Frame): Flow | undefined {
    QUOTED.address.set(frame.quotedAddress);
    QUOTED.sourcePort = frame.quotedSourcePort;
    QUOTED.destinationPort = frame.quotedDestinationPort;
    QUOTED.ipVersion = frame.ipVersion;
    this.sender = senderOf(QUOTED);
    const index = this.slots[this.slotOf(QUOTED, this.sender, hash(QUOTED))] as number;
    return index === 0 ? undefined : this.flows[index - 1];
  }

  private isReuse(flow: Flow, frame: Frame): boolean {
    if ((frame.flags & (TcpFlag.Syn | TcpFlag.Ack | TcpFlag.Rst)) !== TcpFlag.Syn) return false;
    if (flow.twin !== null && this.synSeq[flow.twin.index] === frame.seq) return false;
    const known = this.synSeq[flow.index];
    return known === undefined ? flow.frames > 0 : known !== frame.seq;
  }

  private open(frame: Frame, sender: EndIndex, id: FrameId, slot: number): Flow {
    const index = this.flows.length;
    const address = this.addresses.take(8);
    const from = sender === 0 ? 0 : 4;
    for (let i = 0; i < 4; i++) {
      address[i] = frame.address[(from + i) & 7] as number;
      address[4 + i] = frame.address[(from + 4 + i) & 7] as number;
    }
    const flow = new Flow({
      index,
      stream: index,
      ipVersion: frame.ipVersion === 6 ? 6 : 4,
      address,
      port:
        sender === 0 ? [frame.sourcePort, frame.destinationPort] : [frame.destinationPort, frame.sourcePort],
      frame: id,
      time: frame.time,
      seq: frame.seq,
    });
    this.flows.push(flow);
    this.opened = true;
    if (this.slots[slot] === 0) this.used += 1;
    this.slots[slot] = index + 1;
    this.hashes[slot] = hash(frame);
    this.noteEnds(flow);
    if (this.used * 2 > this.slots.length) this.grow();
    return flow;
  }

  private slotOf(frame: Frame, sender: EndIndex, wanted: number): number {
    const { slots, hashes, mask } = this;
    let slot = wanted & mask;
    for (;;) {
      const index = slots[slot] as number;
      if (index === 0) return slot;
      if (hashes[slot] === wanted && this.hasEnds(index - 1, frame, sender)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private noteEnds({ index, address, port, ipVersion }: Flow): void {
    const at = index * WORDS_OF_ENDS;
    if (at === this.ends.length) {
      const grown = new Uint32Array(this.ends.length * 2);
      grown.set(this.ends);
      this.ends = grown;
    }
    this.ends.set(address, at);
    this.ends[at + PORTS] = portsOf(port[0], port[1]);
    this.ends[at + VERSION] = ipVersion;
  }

  private hasEnds(index: number, frame: Frame, sender: EndIndex): boolean {
    const { ends } = this;
    const { address, ipVersion } = frame;
    const at = index * WORDS_OF_ENDS;
    const ports =
      sender === 0
        ? portsOf(frame.sourcePort, frame.destinationPort)
        : portsOf(frame.destinationPort, frame.sourcePort);
    if (ends[at + PORTS] !== ports || ends[at + VERSION] !== ipVersion) return false;
    const from = sender === 0 ? 0 : 4;
    const words = wordsOf(ipVersion);
    for (let i = 0; i < words; i++) {
      if (ends[at + i] !== address[from + i] || ends[at + 4 + i] !== address[4 - from + i]) return false;
    }
    return true;
  }

  private grow(): void {
    const { slots: old, hashes: oldHashes } = this;
    this.slots = new Uint32Array(old.length * 2);
    this.hashes = new Uint32Array(old.length * 2);
    this.mask = this.slots.length - 1;
    for (let from = 0; from < old.length; from++) {
      if (old[from] === 0) continue;
      const hashed = oldHashes[from] as number;
      let slot = hashed & this.mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = old[from] as number;
      this.hashes[slot] = hashed;
    }
  }
}

/** Of a flow's ends: eight words of address, the ports, the IP version. */
const WORDS_OF_ENDS = 10;
const PORTS = 8;
const VERSION = 9;

const portsOf = (ofEnd0: number, ofEnd1: number): number => ((ofEnd0 << 16) | ofEnd1) >>> 0;

/** A transparent proxy opens its own connection under the client's tuple as soon as the client has opened its own. */
const AT_ONCE: Nanos = 2_000_000_000;

/** On a cooked capture: this SYN leaves the host, and the one before under the tuple had just come to it. */
function isProxied(before: Flow, frame: Frame): boolean {
  return (
    frame.packetType === PacketType.Outgoing &&
    frame.time - before.lastTime <= AT_ONCE &&
    before.frames <= FEW_FRAMES
  );
}

/** A handshake and a request. */
const FEW_FRAMES = 8;

/** The client's leg is what comes from the client and goes to it; the server's what goes to the server and comes from it. */
function sideOf(outer: Flow, inner: Flow, frame: Frame, sender: EndIndex): Flow {
  const leaves = frame.packetType === PacketType.Outgoing;
  return (sender === outer.client) === leaves ? outer : inner;
}

/** End 0 is the lower address, or the lower port where both addresses are the same. */
function senderOf(frame: Frame): EndIndex {
  const a = frame.address;
  const words = wordsOf(frame.ipVersion);
  for (let i = 0; i < words; i++) {
    const s = a[i] as number;
    const d = a[4 + i] as number;
    if (s !== d) return s < d ? 0 : 1;
  }
  return frame.sourcePort <= frame.destinationPort ? 0 : 1;
}

/** Words of an address that can differ from 0. */
const wordsOf = (ipVersion: number): number => (ipVersion === 4 ? 1 : 4);

/** Symmetric in the two ends, so that both directions meet in one slot. */
function hash(frame: Frame): number {
  return hashEnds(frame.address, frame.ipVersion, frame.sourcePort, frame.destinationPort);
}

function hashEnds(a: Uint32Array, ipVersion: number, port: number, otherPort: number): number {
  const words = wordsOf(ipVersion);
  let h = 0;
  for (let i = 0; i < words; i++) h ^= mix((a[i] as number) + (a[4 + i] as number));
  return mix(h ^ Math.imul(port + otherPort, 0x9e3779b1) ^ (port ^ otherPort));
}

/** Finaliser of MurmurHash3 (public domain): spreads every bit of a word. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
