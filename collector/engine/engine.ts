/**
 * What captures: a program that runs as a child and writes a pcap stream (nanoseconds where it can) to its standard
 * output. So whatever happens to it, a crash or a kill, happens to the child.
 * The trap: an engine outlives neither its interface nor its memory; that it ended is a gap to be noted, never the end.
 */
import type { GapNote } from '../../packet/file/collector-note.ts';

export interface EnginePlan {
  readonly interface: string;
  /** pcap-filter(7); empty: everything. */
  readonly filter: string;
  /** Bytes of each packet; 0: all. */
  readonly snaplen: number;
  /** Bytes of the kernel's buffer. */
  readonly buffer: number;
}

export interface Engine {
  readonly name: 'tcpdump' | 'cap';
  readonly stamps: 'kernel' | 'userland';
  /** `tcpdump 4.99.3`. @throws CollectorError where it is not there, with how to get it */
  version(): Promise<string>;
  /** Null where it can capture there, else why not: such as that cap captures on `any` alone. */
  refuses(plan: EnginePlan): string | null;
  /** As far as it can be told without the interface. @throws CollectorError where the filter does not hold */
  checkFilter(plan: EnginePlan): Promise<void>;
  /** What is run. */
  command(plan: EnginePlan): readonly string[];
  /** The signal that makes it write its counts to standard error; null where it has none. */
  readonly countsSignal: NodeJS.Signals | null;
  /** Of a line of its standard error. */
  read(line: string): EngineWord | null;
}

export type EngineWord =
  /** It captures now. */
  | { readonly word: 'listening' }
  /** Since its start; null where this line does not tell. */
  | { readonly word: 'counts'; readonly received: number | null; readonly dropped: number | null }
  /** Why it ends, or cannot begin, and what to do about it where that is known. */
  | { readonly word: 'trouble'; readonly why: string; readonly hint?: string };

/** What a source of packets tells the file that it is written to, in order. */
export interface CaptureSink {
  /** An interface is there (again): `linkType` is a LINKTYPE number. */
  begin(at: bigint, linkType: number): void;
  /** Whole pcap records, one after the other, little-endian, times in ns: `from` to `to` of the view. Valid during the call. */
  packets(view: DataView, from: number, to: number): void;
  /** Counts of the interface since the collector's start. `since`: the newly dropped came after that, else after the last counts. */
  counts(at: bigint, received: number | null, dropped: number | null, since?: bigint): void;
  /**
   * Nothing is captured from here on, until `begin` is called again. Also before the first `begin`, where it has to wait.
   * `link`: because there is no interface; where that changes, it is called again within the gap.
   */
  gap(from: bigint, why: string, link?: GapNote['link']): void;
  /**
   * The interface went down, or is up again, while the engine listens. No gap: an interface that is down takes nothing in,
   * so what was not captured was not there.
   */
  link(at: bigint, up: boolean): void;
}
