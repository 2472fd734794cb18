/**
 * A vantage's recording: what engines tell in order becomes file after file, whole blocks at any moment.
 * The trap: any write may find the disk full. So bytes leave in one place only, `#flush`; what it could not write is counted
 * as lost, and `#file` is null from then on.
 */
import fs from 'node:fs';
import { type ClockNote, type ExchangeNote, writeNote } from '../../packet/file/collector-note.ts';
import type { CaptureSink } from '../engine/engine.ts';
import type { OnEvent } from '../words.ts';
import { BlockBuffer, countRecords } from './block-buffer.ts';
import { CaptureFile } from './capture-file.ts';
import {
  createTrouble,
  type DiskTrouble,
  explainTrouble,
  mayRetry,
  ROOM,
  wantsRoom,
} from './disk-trouble.ts';
import { type Gap, writeGap } from './gap-note.ts';
import { InterfaceRecord } from './interface-record.ts';
import { OpenFile } from './open-file.ts';
import type { RecordedInterface, Recording, RingFile } from './recording.ts';

/** ms; with the beat of whoever calls `tick` it stays below the 10 s that are promised. */
const STATISTICS_MS = 9500;
/** Times that old files may go for one write. */
const MOST_FORGOTTEN = 3;

export interface VantagePlan {
  readonly vantage: string;
  /** Of the ring. */
  readonly folder: string;
  readonly collector: string;
  readonly host: string;
  /** `tcpdump 4.99.3`. */
  readonly engine: string;
  readonly stamps: 'kernel' | 'userland';
  /** `Stallscope collector 1.0.0`. */
  readonly application: string;
  readonly interfaces: readonly RecordedInterface[];
  /** Since when nothing is captured, and why, by the name of an interface: what an earlier process left. */
  readonly gaps: ReadonlyMap<string, Gap>;
  /** A file is closed at this size, or this old. Bytes, ms. */
  readonly rotateBytes: number;
  readonly rotateMs: number;
  readonly ring: {
    /** Where the next file goes. */
    next(vantage: string, at: bigint): { readonly path: string; readonly number: number };
    closed(file: RingFile): void;
    /** Lets old files go; false where that would not make so many bytes free. */
    makeRoom(bytes: number): boolean;
  };
  readonly onEvent: OnEvent;
  /** This host's clock, ns since the epoch. */
  readonly now: () => bigint;
  /** ms of a clock that only goes on. */
  readonly elapsed: () => number;
}

export class VantageRecording implements Recording {
  readonly #plan: VantagePlan;
  readonly #interfaces: readonly InterfaceRecord[];
  readonly #sinks = new Map<string, CaptureSink>();
  readonly #buffer = new BlockBuffer();
  /** The newest note of each kind. */
  readonly #clocks = new Map<string, ClockNote | ExchangeNote>();
  readonly #closing = new Set<Promise<string | null>>();
  #file: OpenFile | null = null;
  #trouble: DiskTrouble | null = null;
  /** What an engine still says is not taken: it would begin a file that nobody closes. */
  #closed = false;

  constructor(plan: VantagePlan) {
    this.#plan = plan;
    this.#interfaces = plan.interfaces.map(
      (one) => new InterfaceRecord(one, plan.gaps.get(one.name) ?? null),
    );
    for (const one of this.#interfaces) this.#sinks.set(one.plan.name, this.#createSink(one));
  }

  /** Bytes of the file that is open. */
  get openBytes(): number {
    return this.#file === null ? 0 : this.#file.part.length + this.#buffer.length;
  }

  sink(interfaceName: string): CaptureSink {
    const sink = this.#sinks.get(interfaceName);
    if (sink === undefined) throw new Error(`${interfaceName} is not of ${this.#plan.vantage}`);
    return sink;
  }

  note(note: ClockNote | ExchangeNote): void {
    this.#clocks.set(note.note, note);
    const first = this.#file?.firstInterface;
    if (first !== undefined) this.#file?.statistics(first, this.#plan.now(), [writeNote(note)]);
  }

  rotate(): Promise<string | null> {
    if (this.#file === null) return Promise.resolve(null);
    const at = this.#plan.now();
    const closed = this.#finish(at);
    if (this.#trouble === null && this.#interfaces.some((one) => one.capturing)) this.#open(at);
    return closed;
  }

  /** To be called every 200 ms: what is in the buffer is lost by a kill. */
  tick(): void {
    const now = this.#plan.elapsed();
    this.#retry(now);
    const file = this.#file;
    if (file === null) return;
    if (now - file.head.openedAt >= this.#plan.rotateMs) {
      void this.rotate();
      return;
    }
    if (now - file.statisticsAt >= STATISTICS_MS) {
      file.statisticsAt = now;
      for (const one of this.#interfaces) file.statistics(one, this.#plan.now());
    }
    this.#flush();
  }

  async close(): Promise<void> {
    const at = this.#plan.now();
    if (this.#trouble !== null) this.#recover(at, this.#trouble);
    else if (this.#file === null && this.#interfaces.some((one) => one.untold)) this.#open(at);
    if (this.#file !== null) void this.#finish(at);
    this.#closed = true;
    await Promise.all(this.#closing);
  }

  /** Up to when each interface that ever was there is covered. */
  ends(): Map<string, bigint> {
    const at = this.#trouble?.since ?? this.#plan.now();
    const there = this.#interfaces.filter((one) => one.linkType !== null || one.gap !== null);
    return new Map(there.map((one) => [one.plan.name, one.gap?.from ?? at]));
  }

  #createSink(one: InterfaceRecord): CaptureSink {
    return {
      begin: (at, linkType) => this.#begin(one, at, linkType),
      packets: (view, from, to) => this.#packets(one, view, from, to),
      // What arrived is what came here and what was dropped: the engine's own word is ahead of its packets.
      counts: (at, _received, dropped, since) => {
        if (one.counts(at, dropped, since)) this.#file?.statistics(one, at);
      },
      gap: (from, why, link) => {
        one.endAt(from, why, link);
        this.#file?.statistics(one, this.#plan.now());
      },
      link: (at, up) => {
        one.linkAt(at, up);
        this.#file?.statistics(one, at);
      },
    };
  }

  #begin(one: InterfaceRecord, at: bigint, linkType: number): void {
    if (one.id !== null && one.linkType !== linkType) {
      // Another interface block follows: what is said of the first is over.
      this.#file?.statistics(one, at);
      if (this.#flush()) one.leave();
    }
    one.begin(at, linkType);
    if (this.#trouble !== null || this.#closed) return;
    const file = this.#file;
    if (file === null) {
      this.#open(at);
      return;
    }
    if (one.id === null) file.describe(one, at);
    file.statistics(one, at);
  }

  #packets(one: InterfaceRecord, view: DataView, from: number, to: number): void {
    if (this.#closed) return;
    if (one.linkType === null) throw new Error(`packets of ${one.plan.name} before it began`);
    if (this.#file === null && this.#trouble === null) this.#open(this.#plan.now());
    let at = from;
    while (at < to && one.id !== null) {
      const next = this.#buffer.appendPackets(view, at, to, one.id);
      one.packets += countRecords(view, at, next);
      at = next;
      if (at < to) this.#flush();
    }
    if (at < to) one.lost += countRecords(view, at, to);
    if (this.openBytes >= this.#plan.rotateBytes) void this.rotate();
  }

  /** Begins a file, with statistics of all that was ever there. False where the disk takes none. */
  #open(at: bigint, more: (one: InterfaceRecord) => string[] = () => []): boolean {
    const { collector, host, vantage, engine, stamps, application, ring, now } = this.#plan;
    const { path, number } = ring.next(vantage, at);
    let part: CaptureFile;
    try {
      part = new CaptureFile(path);
    } catch (error) {
      this.#enterTrouble(error as NodeJS.ErrnoException, now());
      return false;
    }
    const note = { note: 'file', v: 1, collector, host, vantage, number, engine, stamps } as const;
    const openedAt = this.#plan.elapsed();
    const file = new OpenFile({ part, note, application, from: at, openedAt }, this.#buffer);
    this.#file = file;
    const there = this.#interfaces.filter((one) => one.linkType !== null);
    for (const one of there) file.describe(one, at);
    const clocks = [...this.#clocks.values()].map(writeNote);
    for (const [i, one] of there.entries()) {
      file.statistics(one, at, [...more(one), ...(i === 0 ? clocks : [])]);
    }
    return this.#flush();
  }

  #finish(at: bigint): Promise<string | null> {
    const file = this.#file;
    if (file === null) return Promise.resolve(null);
    const missing = this.#interfaces.filter((one) => one.id === null && one.gap !== null);
    for (const one of missing) file.describe(one, at);
    file.lastWords(this.#interfaces, at, null);
    if (this.#flush()) return this.#close(file, at);
    return [...this.#closing].at(-1) ?? Promise.resolve(null);
  }

  /** To the disk in the background, while the next file is written. */
  #close(file: OpenFile, to: bigint): Promise<string | null> {
    this.#file = null;
    for (const one of this.#interfaces) one.leave();
    const closing = this.#closeFile(file, to).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    return closing;
  }

  async #closeFile({ part, head }: OpenFile, to: bigint): Promise<string | null> {
    const { vantage, ring, onEvent } = this.#plan;
    const { path, length: bytes } = part;
    try {
      await part.close();
    } catch (error) {
      const what = `${path} may not be whole: ${(error as Error).message}`;
      onEvent({ event: 'trouble', what, hint: 'look at that disk; the next start mends what it can' });
      if (!fs.existsSync(path)) return null;
    }
    ring.closed({ path, vantage, number: head.note.number, from: head.from, to, bytes });
    onEvent({ event: 'file', vantage, file: path, bytes });
    return path;
  }

  /** All that is in the buffer goes to the file. False where the disk does not take it; the file is closed then. */
  #flush(): boolean {
    const file = this.#file;
    if (file === null) return false;
    const bytes = this.#buffer.filled;
    let written = 0;
    for (let forgotten = 0; ; forgotten++) {
      const result = file.part.write(bytes.subarray(written));
      written += result.written;
      if (result.error === null) break;
      const { error } = result;
      if (forgotten === MOST_FORGOTTEN || !wantsRoom(error) || !this.#plan.ring.makeRoom(ROOM)) {
        this.#cut(file, written, error);
        return false;
      }
    }
    this.#buffer.clear();
    for (const one of this.#interfaces) one.written();
    return true;
  }

  /** The file ends with what is whole of it, and with what a little room allows to say of that. */
  #cut(file: OpenFile, written: number, error: NodeJS.ErrnoException): void {
    const at = this.#plan.now();
    const { why } = this.#enterTrouble(error, at);
    const { lost, empty } = file.cut(written);
    for (const one of this.#interfaces) one.unwritten();
    if (empty) {
      // As if it had not begun; what was lost before it is so still.
      this.#file = null;
      file.part.discard();
    } else {
      file.lastWords(this.#interfaces, at, why);
      const end = file.part.length;
      if (file.part.write(this.#buffer.filled).error !== null) file.part.cut(end);
      this.#buffer.clear();
      void this.#close(file, at);
      for (const one of this.#interfaces) one.unwritten();
    }
    for (const [one, count] of lost) one.lost += count;
  }

  /** Said once, however often it is tried again. */
  #enterTrouble(error: NodeJS.ErrnoException, at: bigint): DiskTrouble {
    if (this.#trouble !== null) return this.#trouble;
    const { folder, vantage, onEvent } = this.#plan;
    const trouble = createTrouble(error, at, this.#plan.elapsed());
    this.#trouble = trouble;
    onEvent(explainTrouble(trouble, folder));
    for (const one of this.#interfaces) {
      if (!one.capturing) continue;
      onEvent({ event: 'gap', vantage, interface: one.plan.name, from: at, to: null, why: trouble.why });
    }
    return trouble;
  }

  #retry(now: number): void {
    const trouble = this.#trouble;
    if (trouble === null || !this.#interfaces.some((one) => one.capturing)) return;
    const { folder, ring } = this.#plan;
    if (mayRetry(trouble, folder, now, () => ring.makeRoom(ROOM))) this.#recover(this.#plan.now(), trouble);
  }

  /** Another file, whose first statistics say what is missing before it. */
  #recover(at: bigint, { since: from, why }: DiskTrouble): void {
    const { vantage, onEvent } = this.#plan;
    const missed = this.#interfaces.filter((one) => one.capturing || one.lost > 0);
    const note = (one: InterfaceRecord) =>
      missed.includes(one) ? [writeGap({ from, to: at, why, packets: one.lost })] : [];
    if (!this.#open(at, note)) return;
    this.#trouble = null;
    for (const one of missed) onEvent({ event: 'gap', vantage, interface: one.plan.name, from, to: at, why });
  }
}
