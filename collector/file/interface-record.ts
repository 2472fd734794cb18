/**
 * What one interface of a vantage has brought to the file that is open, and what is still to be said of it.
 * Statistics are of the file (draft-ietf-opsawg-pcapng, "Interface Statistics Block"): each file is a capture of its own, also
 * for who has only that one. So the counts of an engine, which are since its start, are taken as growth.
 */
import { writeNote } from '../../packet/file/collector-note.ts';
import type { WrittenStatistics } from '../../packet/file/pcapng-writer.ts';
import { type Gap, joinReasons, writeGap } from './gap-note.ts';
import type { RecordedInterface } from './recording.ts';

/** Of notes that wait for a file, the newest. */
const MOST_NOTES = 100;

export class InterfaceRecord {
  readonly plan: RecordedInterface;
  /** LINKTYPE number; null before the interface was there for the first time. */
  linkType: number | null = null;
  /** In the file that is open; null where it is not described there. */
  id: number | null = null;
  /** Nothing is captured since then. */
  gap: Gap | null;
  /** In this file: packets that are in it, and such that the disk did not take. */
  packets = 0;
  lost = 0;
  /** By the engine, in this file; null where it cannot tell. */
  #dropped: number | null = null;
  #lastDropped = 0;
  #lastCounts: bigint | null = null;
  /** Covered by the file from then on. */
  #since = 0n;
  #notes: string[] = [];
  /** Handed out, and not surely in the file. */
  #unsure: string[] = [];

  /** `gap`: what an earlier process left. */
  constructor(plan: RecordedInterface, gap: Gap | null) {
    this.plan = plan;
    this.gap = gap;
  }

  get capturing(): boolean {
    return this.linkType !== null && this.gap === null;
  }

  /** No file says yet what is known of it. */
  get untold(): boolean {
    return this.linkType !== null && (this.#notes.length > 0 || this.lost > 0);
  }

  begin(at: bigint, linkType: number): void {
    // A clock that was set back makes no gap of less than nothing.
    if (this.gap !== null) this.tell({ ...this.gap, to: at < this.gap.from ? this.gap.from : at });
    this.gap = null;
    this.linkType = linkType;
    this.#lastCounts ??= at;
  }

  /** Nothing is captured from then on; `link`: because there is nothing to capture on. */
  endAt(from: bigint, why: string, link?: Gap['link']): void {
    const { gap } = this;
    if (gap !== null && gap.link === link) {
      this.gap = { ...gap, why: joinReasons(gap.why, why) };
      return;
    }
    if (gap !== null) this.tell({ ...gap, to: from });
    this.gap = { from, to: null, why, ...(link !== undefined && { link }) };
  }

  /** Of the engine, since its start; what it lost since the last time is a gap. True where that is something. */
  counts(at: bigint, dropped: number | null, since?: bigint): boolean {
    if (dropped === null) return false;
    const growth = Math.max(0, dropped - this.#lastDropped);
    const from = since ?? this.#lastCounts ?? at;
    this.#lastDropped = dropped;
    this.#lastCounts = at;
    this.#dropped = (this.#dropped ?? 0) + growth;
    if (growth === 0) return false;
    this.tell({ from, to: at, why: 'the kernel had no room for all packets', packets: growth });
    return true;
  }

  /** For the next statistics. */
  tell(gap: Gap): void {
    this.#note(writeGap(gap));
  }

  /** It went down, or is up again. */
  linkAt(at: bigint, up: boolean): void {
    this.#note(writeNote({ note: 'link', at: String(at), state: up ? 'up' : 'down' }));
  }

  /** Described in a file, which covers it from then on. */
  described(id: number, at: bigint): void {
    this.id = id;
    this.#since = at;
  }

  /** What the file says of it now; `more` are comments beside its own notes. */
  statistics(at: bigint, more: readonly string[]): WrittenStatistics {
    const notes = this.#notes.splice(0);
    this.#unsure.push(...notes);
    const { packets, lost } = this;
    const dropped = this.#dropped;
    // Where nothing can come by, nothing is missed.
    const end = this.gap === null || this.gap.link !== undefined ? at : this.gap.from;
    const beforeThis = this.#since > end;
    return {
      interfaceId: this.id ?? 0,
      time: at,
      startTime: beforeThis ? end : this.#since,
      endTime: end,
      received: BigInt(packets + lost + (dropped ?? 0)),
      ...(dropped !== null && { interfaceDropped: BigInt(dropped) }),
      ...(lost > 0 && { osDropped: BigInt(lost) }),
      comments: [...notes, ...more],
    };
  }

  /** All that was handed out is in the file. */
  written(): void {
    this.#unsure = [];
  }

  /** It may not be: it is said again. */
  unwritten(): void {
    this.#notes.unshift(...this.#unsure.splice(0));
  }

  /** The file is over; the next one counts anew. */
  leave(): void {
    this.id = null;
    this.packets = 0;
    this.lost = 0;
    this.#dropped = this.#dropped === null ? null : 0;
  }

  #note(comment: string): void {
    this.#notes.push(comment);
    if (this.#notes.length > MOST_NOTES) this.#notes.shift();
  }
}
