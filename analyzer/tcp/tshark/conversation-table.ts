/**
 * Finds the conversation of a segment by its two endpoints, in either order.
 * Open addressing over typed arrays: a look-up makes no garbage.
 * The trap: an IPv4 address and an IPv6 address may have the same first word,
 * so the version is part of the key.
 */
import { Conversation } from './conversation.ts';

/** Two endpoints: `address` holds source words 0..3 and destination words 4..7. */
export interface Endpoints {
  readonly ipVersion: number;
  readonly address: Uint32Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Words a key: version, two addresses of four, both ports. */
const KEY = 10;
const FIRST_SLOTS = 256;

export class ConversationTable {
  /** Number of the key + 1, 0 where free; at most half full. */
  #slots = new Int32Array(FIRST_SLOTS);
  #keys = new Uint32Array((FIRST_SLOTS / 2) * KEY);
  readonly #conversations: Conversation[] = [];
  readonly #wanted = new Uint32Array(KEY);
  #streams = 0;

  /** Streams given out so far. */
  get streams(): number {
    return this.#streams;
  }

  /** The newest conversation between these endpoints; made, with the next stream number, where there is none. */
  find(between: Endpoints): Conversation {
    return this.#conversations[this.#keyNumber(between)]!;
  }

  /** A new conversation takes the place of the one between these endpoints. */
  replace(between: Endpoints): Conversation {
    const fresh = new Conversation(this.#streams++);
    this.#conversations[this.#keyNumber(between)] = fresh;
    return fresh;
  }

  #keyNumber(between: Endpoints): number {
    const hash = writeKey(this.#wanted, between);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return this.#insert(slot);
      if (this.#isWanted(number)) return number;
    }
  }

  #isWanted(number: number): boolean {
    const from = number * KEY;
    for (let i = 0; i < KEY; i++) if (this.#keys[from + i] !== this.#wanted[i]) return false;
    return true;
  }

  #insert(slot: number): number {
    const number = this.#conversations.length;
    this.#slots[slot] = number + 1;
    this.#keys.set(this.#wanted, number * KEY);
    this.#conversations.push(new Conversation(this.#streams++));
    if ((number + 1) * 2 === this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#conversations.length; number++) {
      let slot = hashKey(this.#keys, number * KEY) & mask;
      while (slots[slot]) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#slots = slots;
    this.#keys = keys;
  }
}

/** True when the source is the endpoint that sorts first; two equal endpoints count as one sender. */
export function isFromLow(between: Endpoints): boolean {
  const { address } = between;
  for (let i = 0; i < 4; i++) {
    const distance = address[i]! - address[4 + i]!;
    if (distance !== 0) return distance < 0;
  }
  return between.sourcePort <= between.destinationPort;
}

/** Writes the endpoints in their sorted order and returns the hash. */
function writeKey(key: Uint32Array, between: Endpoints): number {
  const { address, sourcePort, destinationPort } = between;
  const low = isFromLow(between) ? 0 : 4;
  key[0] = between.ipVersion;
  for (let i = 0; i < 4; i++) {
    key[1 + i] = address[low + i]!;
    key[5 + i] = address[4 - low + i]!;
  }
  key[9] = low === 0 ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
  return hashKey(key, 0);
}

function hashKey(keys: Uint32Array, from: number): number {
  let hash = 0;
  for (let i = 0; i < KEY; i++) {
    hash = Math.imul(hash ^ keys[from + i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
