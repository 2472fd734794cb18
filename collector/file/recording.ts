/**
 * One vantage's files: what its interfaces bring becomes pcapng, file after file.
 */
import type { CaptureSink } from '../engine/engine.ts';

export interface RecordingPlan {
  /** Of the collector: its ring is in it. */
  readonly folder: string;
  readonly collector: string;
  readonly vantage: string;
  readonly host: string;
  readonly engine: string;
  readonly stamps: 'kernel' | 'userland';
  readonly filter: string;
  readonly snaplen: number;
  /** A file is closed at this size, or this old. Bytes, ms. */
  readonly rotateBytes: number;
  readonly rotateMs: number;
}

export interface Recording {
  /** Of one interface of the vantage. */
  sink(interfaceName: string): CaptureSink;
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
