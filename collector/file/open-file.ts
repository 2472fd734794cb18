/**
 * The file that a recording is writing: its section, its interfaces, and how it ends.
 * Metadata is written by `createPcapngWriter` and packets by `BlockBuffer`, into the same buffer and so into one section.
 * The trap: an interface is known to the file only once its block is on the disk. What is cut takes it along.
 */
import os from 'node:os';
import { type FileNote, writeNote } from '../../packet/file/collector-note.ts';
import { createPcapngWriter, type PcapngWriter } from '../../packet/file/pcapng-writer.ts';
import type { BlockBuffer } from './block-buffer.ts';
import type { CaptureFile } from './capture-file.ts';
import { writeGap } from './gap-note.ts';
import type { InterfaceRecord } from './interface-record.ts';

/** Of an interface that never was there: that of Ethernet, as most are. */
const USUAL_LINK_TYPE = 1;
const NANOSECONDS = 9;

export interface FileHead {
  readonly part: CaptureFile;
  readonly note: FileNote;
  /** `Stallscope collector 1.0.0`. */
  readonly application: string;
  /** When it begins, ns since the epoch. */
  readonly from: bigint;
  /** ms of a clock that only goes on. */
  readonly openedAt: number;
}

export class OpenFile {
  readonly head: FileHead;
  /** ms of that clock. */
  statisticsAt: number;
  readonly #buffer: BlockBuffer;
  readonly #writer: PcapngWriter;
  /** By their number in the file. */
  readonly #described: InterfaceRecord[] = [];
  readonly #os = `${os.type()} ${os.release()}`;

  constructor(head: FileHead, buffer: BlockBuffer) {
    this.head = head;
    this.statisticsAt = head.openedAt;
    this.#buffer = buffer;
    this.#writer = createPcapngWriter((block) => buffer.append(block), {
      comments: [writeNote(head.note)],
      hardware: os.cpus()[0]?.model ?? os.machine(),
      os: this.#os,
      application: head.application,
    });
  }

  get part(): CaptureFile {
    return this.head.part;
  }

  /** What clock notes are written with. */
  get firstInterface(): InterfaceRecord | undefined {
    return this.#described.find(({ id }) => id !== null);
  }

  describe(one: InterfaceRecord, at: bigint): void {
    const { name, filter, snaplen } = one.plan;
    const id = this.#writer.addInterface({
      linkType: one.linkType ?? USUAL_LINK_TYPE,
      name,
      description: `${this.head.note.vantage} on ${this.head.note.host}`,
      filter,
      snaplen,
      os: this.#os,
      resolution: NANOSECONDS,
    });
    this.#described[id] = one;
    one.described(id, at);
  }

  /** `more`: comments beside the interface's own notes. */
  statistics(one: InterfaceRecord, at: bigint, more: readonly string[] = []): void {
    if (one.id !== null) this.#writer.statistics(one.statistics(at, more));
  }

  /** The last statistics, with the gaps that still last; `why`: nothing is captured from here on. */
  lastWords(interfaces: Iterable<InterfaceRecord>, at: bigint, why: string | null): void {
    for (const one of interfaces) {
      const gap = one.gap ?? (why === null ? null : { from: at, to: null, why });
      this.statistics(one, at, gap === null ? [] : [writeGap(gap)]);
    }
  }

  /**
   * Of the buffer, the disk has taken `written` bytes and will take no more: the file ends with the last block that is whole
   * in it. Empties the buffer. Returns the packets that are lost; the file holds nothing where no interface is left.
   */
  cut(written: number): { readonly lost: ReadonlyMap<InterfaceRecord, number>; readonly empty: boolean } {
    const whole = this.#buffer.wholeBlocks(written);
    const { packets, interfaces } = this.#buffer.behind(whole);
    const lost = new Map<InterfaceRecord, number>();
    for (const [id, count] of packets) {
      const one = this.#described[id]!;
      lost.set(one, (lost.get(one) ?? 0) + count);
    }
    for (const [one, count] of lost) one.packets -= count;
    for (const one of this.#described.splice(this.#described.length - interfaces)) one.id = null;
    this.part.cut(this.part.length - (written - whole));
    this.#buffer.clear();
    return { lost, empty: this.#described.length === 0 };
  }
}
