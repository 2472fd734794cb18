/**
 * What every capture format is turned into. A reader is fed bytes in chunks of
 * any size and calls its sink once a packet; formats end at this file.
 * The trap: `PacketRecord` and its `view` are reused for the next packet, so a
 * sink copies what it wants to keep.
 */
import type { Problem } from '../problem.ts';
import type { Nanos } from '../time.ts';
import type { CollectorNote } from './collector-note.ts';

/** One captured packet, valid only during the call that delivers it. */
export interface PacketRecord {
  /** 1-based; equals Wireshark's `frame.number`. */
  frame: number;
  /** ns after the reader's `origin`. */
  time: Nanos;
  /** False for a simple packet block, which carries no time (then `time` repeats the previous one). */
  hasTime: boolean;
  /** Index into the reader's `interfaces` (over all sections, in file order). */
  interfaceIndex: number;
  /** DLT / LINKTYPE number of that interface. */
  linkType: number;
  /** The bytes of the frame are `view` from `offset` to `offset + capturedLength`. */
  view: DataView;
  offset: number;
  capturedLength: number;
  /** Length on the wire. */
  originalLength: number;
}

/** A capture interface: one for pcap, any number for pcapng. */
export interface CaptureInterface {
  readonly section: number;
  readonly linkType: number;
  readonly snaplen: number;
  readonly name?: string;
  readonly description?: string;
  readonly filter?: string;
  readonly os?: string;
  readonly hardware?: string;
  /** Packets the capture lost here, from the newest interface statistics block; null where none says. */
  dropped: number | null;
  received: number | null;
  /** Start of capture on this interface, from the first statistics block that says it, ns after the origin. */
  startTime: Nanos | null;
  /** End of capture on this interface, from the newest statistics block, ns after the origin. */
  endTime: Nanos | null;
}

/** What a collector said of itself, and where in the capture. */
export interface PlacedCollectorNote {
  readonly note: CollectorNote;
  readonly section: number;
  /** Index into the reader's `interfaces`; null where it is of the whole section. */
  readonly interfaceIndex: number | null;
}

/** Free text and names that a capture carries about itself. */
export interface CaptureNotes {
  /** Comments of sections, interfaces and statistics, as written, but for those that are a collector's notes. */
  readonly comments: string[];
  /** In file order, the first ten thousand. */
  readonly collector: PlacedCollectorNote[];
  /** Packet comments, the first few hundred of them. */
  readonly packetComments: { readonly frame: number; readonly text: string }[];
  readonly hardware?: string;
  readonly os?: string;
  readonly application?: string;
  /** From name resolution blocks: address text to names. */
  readonly names: Map<string, string[]>;
}

export type CaptureFormat = 'pcap' | 'pcapng';

export interface RecordSink {
  /** Called once a packet, in file order, with a record that is reused. */
  packet(record: PacketRecord): void;
  /** Called for each problem; the reader goes on where that makes sense. */
  problem(problem: Problem): void;
}

/**
 * Reads a capture that is pushed into it. Never throws on bytes. Bytes of an
 * unknown format make one problem `not-a-capture`, and `format` stays null.
 */
export interface CaptureReader {
  /** Feeds bytes. The reader keeps only an unfinished record of them, never the whole. */
  push(chunk: Uint8Array): void;
  /** No more bytes will come: reports a record that was cut. */
  end(): void;
  readonly format: CaptureFormat | null;
  /** Absolute time (ns since the epoch) that every `Nanos` of this capture is relative to: the first timed packet's second, or as given. 0n until known. */
  readonly origin: bigint;
  readonly interfaces: readonly CaptureInterface[];
  readonly notes: CaptureNotes;
  /** Frames delivered so far. */
  readonly frames: number;
  /** Bytes taken in so far (decompressed). */
  readonly bytes: number;
  /** True when the file ended inside a record. */
  readonly truncated: boolean;
  /** True once damage made the rest unreadable: further bytes are ignored, so nobody need read them. */
  readonly stopped: boolean;
}
