/**
 * How the sessions of one node become the table of its peer.
 *
 * The sender numbers its batches. A batch has what changed since the one before; the receiver acknowledges the last that it
 * has taken, and with it all before. What is not acknowledged is not kept as messages: each session knows the number of the
 * batch that told its latest state, so that after a break those beyond the acknowledged number are told anew, as they
 * are now. Where that is not enough (another process at either end, or too many closed sessions unacknowledged),
 * the next batch is the whole table. So memory grows with the sessions, never with how long the peer is away.
 *
 * The trap: a batch that builds on one that did not come must not be applied. It says which it builds on (`after`);
 * where that is not the last one taken, the receiver says again what it has (`welcome`).
 */
import type { Session } from '../session.ts';

export type Message =
  /** First on each link, from the sender. The epoch is its process. */
  | { readonly kind: 'hello'; readonly epoch: string }
  /** What the receiver has. */
  | { readonly kind: 'welcome'; readonly epoch: string | null; readonly last: number }
  | Batch
  | { readonly kind: 'ack'; readonly last: number };

export interface Batch {
  readonly kind: 'batch';
  readonly epoch: string;
  readonly number: number;
  readonly after: number;
  /** In place of whatever the receiver has. */
  readonly whole: boolean;
  readonly sessions: readonly Session[];
  /** Of sessions that were told before: id, bytes up, bytes down. */
  readonly bytes: readonly (readonly [id: number, up: number, down: number])[];
  readonly closed: readonly number[];
}
