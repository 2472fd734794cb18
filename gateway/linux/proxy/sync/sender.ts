/**
 * The sender's side of the protocol in `messages.ts`. Pure: times are ms of a clock that only goes forward, given.
 * The trap: what was told is no more known than what was never told, until it is acknowledged.
 */
import type { Session } from '../session.ts';
import type { Batch, Message } from './messages.ts';

/** So many batches may be on their way; what changes meanwhile goes into the next. */
export const WINDOW = 8;
/** An empty batch, or a greeting, where nothing else was sent for so long: a link that lies is found out. */
export const QUIET_MS = 1000;
/** Nothing heard for so long, the link is dead. */
export const DEAD_MS = 3000;
const MOST_CLOSED = 10_000;

interface Row {
  readonly session: Session;
  /** As it was last told. */
  up: number;
  down: number;
  /** Number of the batch that told it last; 0: none yet. */
  toldIn: number;
  /** To be told in full. */
  isNew: boolean;
}

const NOT_TOLD = 0;

export class SyncSender {
  readonly #epoch: string;
  readonly #mostClosed: number;
  readonly #rows = new Map<number, Row>();
  /** Sessions that ended, to the batch that told it. */
  readonly #closed = new Map<number, number>();
  #link: 'down' | 'greeting' | 'up' = 'down';
  /** Of the last batch. */
  #number = 0;
  /** What the next batch builds on. */
  #base = 0;
  #acknowledged = 0;
  /** Batches up to here are not waited for. */
  #windowFrom = 0;
  /** The last whole table; a receiver that has not taken it needs another. */
  #wholeIn = NOT_TOLD;
  #needsWhole = true;
  #sentAt = 0;
  #heardAt = 0;
  /** Sessions that were told in full again because of a break; and tables that were told whole. */
  resent = 0;
  wholes = 0;

  /** @param epoch no other process of this node has it */
  constructor(epoch: string, mostClosed = MOST_CLOSED) {
    this.#epoch = epoch;
    this.#mostClosed = mostClosed;
  }

  /** The object is looked at again at every tick: whoever relays goes on counting in it. */
  open(session: Session): void {
    this.#rows.set(session.id, { session, up: 0, down: 0, toldIn: NOT_TOLD, isNew: true });
  }

  /** More than its bytes changed. */
  change(id: number): void {
    const row = this.#rows.get(id);
    if (row !== undefined) row.isNew = true;
  }

  close(id: number): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    if (row.toldIn === NOT_TOLD) return;
    this.#closed.set(id, NOT_TOLD);
    if (this.#closed.size <= this.#mostClosed) return;
    this.#closed.clear();
    this.#needsWhole = true;
  }

  /** @returns the first message on the link */
  linkUp(now: number): Message {
    this.#link = 'greeting';
    this.#sentAt = now;
    this.#heardAt = now;
    return { kind: 'hello', epoch: this.#epoch };
  }

  linkDown(): void {
    this.#link = 'down';
  }

  receive(message: Message, now: number): void {
    this.#heardAt = now;
    if (message.kind === 'ack') this.#acknowledge(message.last);
    if (message.kind !== 'welcome') return;
    this.#link = 'up';
    this.#windowFrom = this.#number;
    if (message.epoch === this.#epoch && message.last >= this.#wholeIn) this.#resume(message.last);
    else this.#needsWhole = true;
  }

  #resume(last: number): void {
    this.#acknowledge(last);
    this.#base = last;
    for (const row of this.#rows.values()) {
      if (row.toldIn <= last || row.isNew) continue;
      row.isNew = true;
      this.resent++;
    }
    for (const [id, toldIn] of this.#closed) if (toldIn > last) this.#closed.set(id, NOT_TOLD);
  }

  #acknowledge(last: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, last);
    for (const [id, toldIn] of this.#closed)
      if (toldIn !== NOT_TOLD && toldIn <= this.#acknowledged) this.#closed.delete(id);
  }

  /** What is to be sent now, if anything. */
  tick(now: number): Message | null {
    if (this.#link === 'down') return null;
    const isQuiet = now - this.#sentAt >= QUIET_MS;
    if (this.#link === 'greeting') return isQuiet ? this.#hello(now) : null;
    const isFull = this.#number - Math.max(this.#acknowledged, this.#windowFrom) >= WINDOW;
    if (!isQuiet && (isFull || !this.#hasNews())) return null;
    this.#sentAt = now;
    return this.#makeBatch();
  }

  #hello(now: number): Message {
    this.#sentAt = now;
    return { kind: 'hello', epoch: this.#epoch };
  }

  #hasNews(): boolean {
    if (this.#needsWhole) return true;
    for (const toldIn of this.#closed.values()) if (toldIn === NOT_TOLD) return true;
    for (const row of this.#rows.values()) if (isUntold(row)) return true;
    return false;
  }

  #makeBatch(): Batch {
    const whole = this.#needsWhole;
    const number = ++this.#number;
    if (whole) {
      this.#needsWhole = false;
      this.#wholeIn = number;
      this.#closed.clear();
      this.wholes++;
    }
    const sessions: Session[] = [];
    const bytes: [number, number, number][] = [];
    for (const row of this.#rows.values()) {
      const { session } = row;
      const { id, up, down } = session;
      if (whole || row.isNew) sessions.push({ ...session });
      else if (isUntold(row)) bytes.push([id, up, down]);
      else continue;
      Object.assign(row, { up, down, toldIn: number, isNew: false });
    }
    const closed = [...this.#closed].filter(([, toldIn]) => toldIn === NOT_TOLD).map(([id]) => id);
    for (const id of closed) this.#closed.set(id, number);
    const after = this.#base;
    this.#base = number;
    return { kind: 'batch', epoch: this.#epoch, number, after, whole, sessions, bytes, closed };
  }

  /** The link is up, and nothing comes back. */
  isDead(now: number): boolean {
    return this.#link !== 'down' && now - this.#heardAt >= DEAD_MS;
  }

  /** Sessions whose latest state is not acknowledged. */
  get lag(): number {
    if (this.#needsWhole) return this.#rows.size + this.#closed.size;
    let lag = this.#closed.size;
    for (const row of this.#rows.values()) if (isUntold(row) || row.toldIn > this.#acknowledged) lag++;
    return lag;
  }
}

const isUntold = ({ session, up, down, isNew }: Row): boolean =>
  isNew || session.up !== up || session.down !== down;
