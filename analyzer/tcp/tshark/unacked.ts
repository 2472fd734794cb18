/**
 * How many segments of one direction wait for an acknowledgement, as Wireshark
 * counts them: at most 10,000, after which a SYN or FIN no longer takes its
 * sequence number (rule D). That is all the flags need from the list, so only
 * the ends of the segments are kept, in ascending order.
 * The trap: a capture of one direction only is never acknowledged, so the list
 * does reach its cap in practice. Room is made as it fills, never ahead.
 */
import { type SeqNum, seqAtMost } from '../../../packet/seq.ts';

/** Wireshark stores no more segments than this a direction. */
export const MAX_UNACKED = 10_000;
const FIRST_ROOM = 8;
/** A list that shrank to nothing gives back more room than this. */
const KEPT_ROOM = 512;
/** Shared by all lists that never held anything: most flows of a scan send in one direction only. */
const NO_ROOM = new Int32Array(0);

export class Unacked {
  /** Ascending between `#first` and `#past`. */
  #ends = NO_ROOM;
  #first = 0;
  #past = 0;

  get count(): number {
    return this.#past - this.#first;
  }

  get isFull(): boolean {
    return this.count >= MAX_UNACKED;
  }

  /** Stores the end (the next sequence number) of a segment. The caller has asked `isFull`. */
  add(end: SeqNum): void {
    if (this.#past === this.#ends.length) this.#makeRoom();
    let at = this.#past++;
    // Segments mostly arrive in order, so the search from the back ends at once.
    while (at > this.#first && !seqAtMost(this.#ends[at - 1]!, end)) at--;
    this.#ends.copyWithin(at + 1, at, this.#past - 1);
    this.#ends[at] = end;
  }

  /** Forgets the segments that end at or before `ack`. */
  acknowledge(ack: SeqNum): void {
    while (this.#first < this.#past && seqAtMost(this.#ends[this.#first]!, ack)) this.#first++;
    if (this.#first < this.#past) return;
    this.#first = this.#past = 0;
    if (this.#ends.length > KEPT_ROOM) this.#ends = NO_ROOM;
  }

  /** Moves the list to the front of its room, which is doubled if it is more than half used. */
  #makeRoom(): void {
    const live = this.#ends.subarray(this.#first, this.#past);
    const room = this.#ends.length;
    if (live.length * 2 > room || room === 0) this.#ends = new Int32Array(Math.max(FIRST_ROOM, room * 2));
    this.#ends.set(live);
    this.#past = live.length;
    this.#first = 0;
  }
}
