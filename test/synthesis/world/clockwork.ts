/**
 * Time and chance of a simulated world: actions at times, in order, and numbers
 * that look random and are the same on every run.
 * The trap: two actions of one instant happen in the order in which they were
 * planned, so a run never depends on how the heap is laid out.
 */
import type { Nanos } from '../../../packet/time.ts';

export interface Timer {
  cancel(): void;
}

interface Planned {
  readonly time: Nanos;
  readonly order: number;
  action: (() => void) | null;
}

export class Clockwork {
  now: Nanos = 0;
  private readonly heap: Planned[] = [];
  private planned = 0;

  /** An action at a time; one that has passed means now. */
  at(time: Nanos, action: () => void): Timer {
    const entry: Planned = { time: Math.max(time, this.now), order: this.planned, action };
    this.planned += 1;
    this.heap.push(entry);
    this.rise(this.heap.length - 1);
    return {
      cancel() {
        entry.action = null;
      },
    };
  }

  after(wait: Nanos, action: () => void): Timer {
    return this.at(this.now + wait, action);
  }

  /** All that is planned before `until`, and what that plans. */
  run(until: Nanos): void {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined || first.time >= until) break;
      this.removeFirst();
      this.now = first.time;
      first.action?.();
    }
    this.now = until;
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(at: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.swapIfLater(parent, at)) return;
      at = parent;
    }
  }

  private sink(at: number): void {
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      if (left >= this.heap.length) return;
      const smaller = right < this.heap.length && this.isLater(left, right) ? right : left;
      if (!this.swapIfLater(at, smaller)) return;
      at = smaller;
    }
  }

  private isLater(a: number, b: number): boolean {
    const [x, y] = [this.heap[a] as Planned, this.heap[b] as Planned];
    return x.time === y.time ? x.order > y.order : x.time > y.time;
  }

  private swapIfLater(a: number, b: number): boolean {
    if (!this.isLater(a, b)) return false;
    const kept = this.heap[a] as Planned;
    this.heap[a] = this.heap[b] as Planned;
    this.heap[b] = kept;
    return true;
  }
}

/** Numbers from a seed (mulberry32). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** From 0 up to, and not, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}
