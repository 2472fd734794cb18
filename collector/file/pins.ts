/**
 * Windows of time that are kept: begun by a trigger, filled with the files that are there and those that come, complete when
 * their end is past and on the disk.
 * The trap: what triggers one thing triggers it often. Triggers in each other's windows share a pin, up to a length: one
 * that went on for ever would never be shipped.
 */
import type { OnEvent } from '../words.ts';
import { PinStore } from './pin-store.ts';
import type { Pin, RingFile } from './recording.ts';

const NS_PER_MS = 1_000_000n;
/** A packet is stamped before it is in a file: files reach that far beyond their times. */
const SLACK = 1000n * NS_PER_MS;
/** Windows that one pin may be as long as. */
const LONGEST = 3n;
const MOST_REASONS = 20;

export interface PinPlan {
  readonly folder: string;
  /** ms before and after a trigger. */
  readonly before: number;
  readonly after: number;
  /** Bytes of all pins. */
  readonly keep: number;
  readonly vantages: readonly string[];
  /** Closed files of the ring. */
  readonly files: () => readonly RingFile[];
  /** Closes the files that are open; they are in `files` afterwards. */
  readonly rotate: () => Promise<void>;
  readonly onEvent: OnEvent;
}

export class Pins {
  readonly #plan: PinPlan;
  readonly #store: PinStore;
  /** Whose last files are being closed, and whose are. */
  readonly #completing = new Set<string>();
  readonly #rotated = new Set<string>();
  #hadTrouble = false;

  /** Takes up those that a killed process left open. @throws what the system says, where the folder cannot be read */
  constructor(plan: PinPlan) {
    this.#plan = plan;
    this.#store = new PinStore(plan.folder);
    for (const pin of this.#open) this.#linkAll(pin);
  }

  get all(): readonly Pin[] {
    return this.#store.all;
  }

  get #open(): Pin[] {
    return this.#store.all.filter(({ state }) => state === 'open');
  }

  /** @throws what the system says, where the disk takes none */
  pin(at: bigint, why: string): Pin {
    const { before, after, vantages, onEvent } = this.#plan;
    const from = at - BigInt(Math.round(before)) * NS_PER_MS;
    const to = at + BigInt(Math.round(after)) * NS_PER_MS;
    const shared = this.#sharedBy(from, to);
    const begun =
      shared === undefined
        ? this.#store.add({ from, to, why: [why], vantages }, at)
        : this.#store.change(shared, {
            from: earlier(shared.from, from),
            to: later(shared.to, to),
            why: [...new Set([...shared.why, why])].slice(0, MOST_REASONS),
          });
    this.#linkAll(begun);
    const pin = this.#store.get(begun.id) ?? begun;
    onEvent({ event: 'pinned', pin: pin.id, from: pin.from, to: pin.to, why });
    return pin;
  }

  /** Before the ring may forget it. */
  closed(file: RingFile): void {
    for (const pin of this.#open) if (overlap(pin, file)) this.#try(() => this.#store.link(pin, file));
  }

  /** Completes what is over. */
  tick(now: bigint): void {
    for (const pin of this.#open) {
      if (pin.to <= now && !this.#completing.has(pin.id)) void this.#complete(pin);
    }
  }

  shipped(id: string): void {
    const pin = this.#store.get(id);
    if (pin?.state !== 'complete') return;
    this.#try(() => this.#store.change(pin, { state: 'shipped' }));
    this.#trim();
  }

  /** One that another window falls into and that has not ended yet. */
  #sharedBy(from: bigint, to: bigint): Pin | undefined {
    const longest = (to - from) * LONGEST;
    return this.#open.find(
      (pin) =>
        !this.#completing.has(pin.id) &&
        !this.#rotated.has(pin.id) &&
        pin.from <= to &&
        from <= pin.to &&
        later(pin.to, to) - earlier(pin.from, from) <= longest,
    );
  }

  async #complete(pin: Pin): Promise<void> {
    this.#completing.add(pin.id);
    try {
      if (!this.#rotated.has(pin.id)) await this.#plan.rotate();
      this.#rotated.add(pin.id);
      this.#linkAll(pin);
      // Else it is tried again: the disk may be full.
      if (!this.#try(() => this.#store.change(pin, { state: 'complete' }))) return;
      const { files, bytes } = this.#store.get(pin.id) ?? pin;
      this.#plan.onEvent({ event: 'pin-complete', pin: pin.id, files: files.length, bytes });
      this.#trim();
    } finally {
      this.#completing.delete(pin.id);
    }
  }

  #linkAll(pin: Pin): void {
    for (const file of this.#plan.files()) {
      if (overlap(pin, file)) this.#try(() => this.#store.link(pin, file));
    }
  }

  /** Shipped ones go first, then the oldest; never one that is open, nor the newest. */
  #trim(): void {
    while (this.#store.bytes() > this.#plan.keep) {
      const closed = this.#store.all.slice(0, -1).filter(({ state }) => state !== 'open');
      const gone = closed.find(({ state }) => state === 'shipped') ?? closed[0];
      if (gone === undefined || !this.#try(() => this.#store.remove(gone))) return;
      this.#plan.onEvent({ event: 'forgotten', file: gone.folder, bytes: gone.bytes });
    }
  }

  /** Said once until it works again. */
  #try(action: () => void): boolean {
    try {
      action();
      this.#hadTrouble = false;
      return true;
    } catch (error) {
      const what = `a pin cannot be written: ${(error as Error).message}`;
      const hint = 'make room on that disk; it is tried again';
      if (!this.#hadTrouble) this.#plan.onEvent({ event: 'trouble', what, hint });
      this.#hadTrouble = true;
      return false;
    }
  }
}

/** A clock that was set back within a file leaves it an end before its begin: it is of both times. */
const overlap = (pin: Pin, { from, to }: RingFile): boolean =>
  earlier(from, to) - SLACK <= pin.to && pin.from <= later(from, to) + SLACK;

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
