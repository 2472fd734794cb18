/**
 * UDP conversations by their ends (both addresses and ports, either way round)
 * and a tag, which sets apart what shares the ends: the id of a DNS query. An
 * entry is a number: whoever keeps something about it keeps it by that number.
 * Everything lies in typed arrays; a datagram makes no object.
 * The trap: entries are taken out again, and their numbers used again. UDP has
 * no end that could be seen, so whoever opens an entry must know when to close it.
 */
import { formatAddress } from '../../packet/address.ts';
import type { Frame } from '../../packet/wire/frame.ts';
import type { EndIndex } from './flow.ts';
import { HashSlots, mix } from './hash-slots.ts';

const INITIAL_ENTRIES = 256;

export class UdpTable {
  /** After `find` or `open`: the end that sent the datagram. */
  sender: EndIndex = 0;
  private readonly slots = new HashSlots();
  /** Addresses of end 0 (the lower) and end 1, eight words an entry. */
  private words = new Uint32Array(8 * INITIAL_ENTRIES);
  private ports = new Uint16Array(2 * INITIAL_ENTRIES);
  private versions = new Uint8Array(INITIAL_ENTRIES);
  private tags = new Uint32Array(INITIAL_ENTRIES);
  private hashes = new Uint32Array(INITIAL_ENTRIES);
  private made = 0;
  private readonly free: number[] = [];

  /** Entries that are open. */
  get size(): number {
    return this.made - this.free.length;
  }

  /** The entry of a datagram, or -1. */
  find(frame: Frame, tag: number): number {
    this.sender = senderOf(frame);
    const hash = hashOf(frame, tag);
    for (let slot = this.slots.first(hash); slot >= 0; slot = this.slots.next(slot, hash)) {
      const entry = this.slots.valueAt(slot);
      if (this.isOf(entry, frame, tag)) return entry;
    }
    return -1;
  }

  /** A new entry for a datagram whose ends and tag have none. */
  open(frame: Frame, tag: number): number {
    this.sender = senderOf(frame);
    const entry = this.free.pop() ?? this.made++;
    if (entry >= this.tags.length) this.grow();
    const lower = this.sender === 0 ? 0 : 4;
    for (let i = 0; i < 4; i++) {
      this.words[8 * entry + i] = frame.address[lower + i] as number;
      this.words[8 * entry + 4 + i] = frame.address[4 - lower + i] as number;
    }
    this.ports[2 * entry + this.sender] = frame.sourcePort;
    this.ports[2 * entry + 1 - this.sender] = frame.destinationPort;
    this.versions[entry] = frame.ipVersion;
    this.tags[entry] = tag;
    const hash = hashOf(frame, tag);
    this.hashes[entry] = hash;
    this.slots.add(hash, entry);
    return entry;
  }

  close(entry: number): void {
    this.slots.remove(this.hashes[entry] as number, entry);
    this.free.push(entry);
  }

  addressOf(entry: number, end: EndIndex): string {
    const words = this.words.subarray(8 * entry, 8 * entry + 8);
    return formatAddress(words, end === 0 ? 0 : 4, this.versions[entry] === 6 ? 6 : 4);
  }

  portOf(entry: number, end: EndIndex): number {
    return this.ports[2 * entry + end] as number;
  }

  private isOf(entry: number, frame: Frame, tag: number): boolean {
    const { sender } = this;
    if (this.tags[entry] !== tag || this.versions[entry] !== frame.ipVersion) return false;
    if (this.ports[2 * entry + sender] !== frame.sourcePort) return false;
    if (this.ports[2 * entry + 1 - sender] !== frame.destinationPort) return false;
    const lower = sender === 0 ? 0 : 4;
    const at = 8 * entry;
    for (let i = 0; i < 4; i++) {
      if (this.words[at + i] !== frame.address[lower + i]) return false;
      if (this.words[at + 4 + i] !== frame.address[4 - lower + i]) return false;
    }
    return true;
  }

  private grow(): void {
    const entries = this.tags.length * 2;
    this.words = enlarge(this.words, new Uint32Array(8 * entries));
    this.ports = enlarge(this.ports, new Uint16Array(2 * entries));
    this.versions = enlarge(this.versions, new Uint8Array(entries));
    this.tags = enlarge(this.tags, new Uint32Array(entries));
    this.hashes = enlarge(this.hashes, new Uint32Array(entries));
  }
}

function enlarge<T extends Uint32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** End 0 is the lower address, or the lower port where both addresses are the same. */
function senderOf({ address, sourcePort, destinationPort }: Frame): EndIndex {
  for (let i = 0; i < 4; i++) {
    const from = address[i] as number;
    const to = address[4 + i] as number;
    if (from !== to) return from < to ? 0 : 1;
  }
  return sourcePort <= destinationPort ? 0 : 1;
}

/** Symmetric in the two ends, so that both directions meet in one slot. */
function hashOf(frame: Frame, tag: number): number {
  const { address: a, sourcePort, destinationPort } = frame;
  let hash = mix(tag ^ (frame.ipVersion << 24));
  for (let i = 0; i < 4; i++) hash ^= mix((a[i] as number) + (a[4 + i] as number) + i);
  return mix(hash ^ Math.imul(sourcePort + destinationPort, 0x9e3779b1) ^ (sourcePort ^ destinationPort));
}
