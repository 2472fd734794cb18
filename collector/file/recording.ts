/**
 * One vantage's files: what its interfaces bring becomes pcapng, file after file.
 */
import type { ClockNote, ExchangeNote } from '../../packet/file/collector-note.ts';
import type { CaptureSink } from '../engine/engine.ts';

export interface RecordedInterface {
  readonly name: string;
  /** pcap-filter(7); empty: everything. */
  readonly filter: string;
  /** Bytes of each packet; 0: all. */
  readonly snaplen: number;
}

export interface Recording {
  /** Of one interface of the vantage, which the configuration names. */
  sink(interfaceName: string): CaptureSink;
  /** How the host's clock stands: goes into this file, and the newest of each kind into every later one. */
  note(note: ClockNote | ExchangeNote): void;
  /** Closes the file that is open and begins another. The closed one's path, null where nothing was in it. */
  rotate(): Promise<string | null>;
  /** Everything is on the disk afterwards. */
  close(): Promise<void>;
}

/** A file of the ring, as its name says: `node-a.out-20261126T031200.123Z-000042.pcapng`; `.part` while it is written. */
export interface RingFile {
  readonly path: string;
  readonly vantage: string;
  readonly number: number;
  readonly from: bigint;
  /** Last change of the file. */
  readonly to: bigint;
  readonly bytes: number;
}

/** A window of time that is kept whatever the ring forgets: hard links to its files, in a folder of its own. */
export interface Pin {
  readonly id: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Of each trigger that fell into it; one at least. */
  readonly why: readonly string[];
  readonly vantages: readonly string[];
  /** Open: its end is still to come, or being closed. Shipped ones are the first to go. */
  readonly state: 'open' | 'complete' | 'shipped';
  readonly folder: string;
  /** Paths in that folder. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/** All that a collector records, in one folder that no other process has. */
export interface Recordings {
  /** Stays over restarts. */
  readonly collector: string;
  recording(vantage: string): Recording;
  /** For all vantages. */
  note(note: ClockNote | ExchangeNote): void;
  /** Files of the ring that are closed, the oldest first. The ring may forget any of them at any time. */
  files(): readonly RingFile[];
  /** Of the ring, with what is being written. */
  readonly bytes: number;
  /**
   * Keeps the window around a moment. A trigger within the window of a pin that is open makes that one longer.
   * The pin's id.
   */
  pin(at: bigint, why: string): Promise<string>;
  /** The oldest first. */
  pins(): readonly Pin[];
  /** All of a pin is on a server's disk: it may go when room is wanted. */
  shipped(id: string): void;
  /** Closes every file; nothing is taken any more. */
  finish(): Promise<void>;
  /** And the folder is another's to take. */
  close(): Promise<void>;
}
