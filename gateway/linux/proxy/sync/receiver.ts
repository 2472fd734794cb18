/** The receiver's side of the protocol in `messages.ts`: a table of what the peer carries. Pure. */
import type { Session } from '../session.ts';
import type { Batch, Message } from './messages.ts';

export class SyncReceiver {
  readonly #table = new Map<number, Session>();
  /** The peer's process; null before anything was taken. */
  #epoch: string | null = null;
  /** Number of the last batch taken. */
  #last = 0;

  /** By the ids of the peer. */
  get table(): ReadonlyMap<number, Session> {
    return this.#table;
  }

  /** @returns the answer */
  receive(message: Message): Message | null {
    if (message.kind !== 'hello' && message.kind !== 'batch') return null;
    if (message.kind === 'hello' || !this.#canTake(message))
      return { kind: 'welcome', epoch: this.#epoch, last: this.#last };
    this.#take(message);
    return { kind: 'ack', last: this.#last };
  }

  #canTake({ whole, epoch, after }: Batch): boolean {
    return whole || (epoch === this.#epoch && after === this.#last);
  }

  #take({ epoch, number, whole, sessions, bytes, closed }: Batch): void {
    if (whole) this.#table.clear();
    for (const session of sessions) this.#table.set(session.id, { ...session });
    for (const [id, up, down] of bytes) {
      const session = this.#table.get(id);
      if (session !== undefined) Object.assign(session, { up, down });
    }
    for (const id of closed) this.#table.delete(id);
    this.#epoch = epoch;
    this.#last = number;
  }
}
