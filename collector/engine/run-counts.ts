/**
 * What an engine's counts say: how much the kernel took in, dropped, and still holds.
 * The trap: the kernel counts from the moment it listens, some packets before the filter is in place. So not the figures are
 * compared with what arrived, but whether the engine is further behind than it was at its start.
 */
import type { EngineWord } from './engine.ts';
import type { Batch } from './pcap-splitter.ts';

export interface Counts {
  readonly packets: number;
  readonly bytes: number;
  readonly received: number | null;
  readonly dropped: number | null;
}

/** Of an engine from its start to its end. */
export class RunCounts implements Counts {
  packets = 0;
  bytes = 0;
  received: number | null = null;
  dropped: number | null = null;
  /** When it said them last; 0: never. */
  readAt = 0n;
  /** Packets that were counted and did not arrive, when that was least. */
  #level: number | null = null;

  add(batch: Batch): void {
    this.packets += batch.count;
    this.bytes += batch.bytes;
  }

  /** Whether that proves that everything which was received until now has arrived. */
  read(counts: Extract<EngineWord, { word: 'counts' }>, at: bigint): boolean {
    this.readAt = at;
    this.received = counts.received ?? this.received;
    this.dropped = counts.dropped ?? this.dropped;
    const behind = this.behind;
    const isProof = this.#level !== null && behind <= this.#level;
    this.#level = Math.min(behind, this.#level ?? behind);
    return isProof;
  }

  /** Received, not dropped, and not here. */
  get behind(): number {
    return this.received === null ? 0 : this.received - (this.dropped ?? 0) - this.packets;
  }

  /** What an engine that has ended, and said its counts, left in the kernel's buffer. */
  get left(): number {
    return Math.max(0, this.behind - (this.#level ?? 0));
  }
}

/** Of all engines of an interface, one after the other. */
export class SumOfRuns {
  #sum: Counts = { packets: 0, bytes: 0, received: null, dropped: null };

  /** Of those that have ended, and of the one that runs. */
  with(run: Counts | null): Counts {
    if (run === null) return this.#sum;
    return {
      packets: this.#sum.packets + run.packets,
      bytes: this.#sum.bytes + run.bytes,
      received: add(this.#sum.received, run.received),
      dropped: add(this.#sum.dropped, run.dropped),
    };
  }

  /** It has ended: what it left in the kernel's buffer is lost. */
  close(run: RunCounts): void {
    const { packets, bytes, received, dropped, left } = run;
    this.#sum = this.with({ packets, bytes, received, dropped: dropped === null ? null : dropped + left });
  }
}

const add = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b);
