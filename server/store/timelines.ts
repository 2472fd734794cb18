/**
 * The timeline of a run as it is asked: a directory of lanes, kept in memory for a while, and chunks
 * that are read when a tile or a window of frames needs them.
 */
import {
  encodeTile,
  type LaneDirectory,
  openDirectory,
  queryFrames,
  queryTile,
  type ReadChunk,
} from '../../analyzer/index.ts';
import type { LanePage } from '../api.ts';
import type { Connection } from './connection.ts';
import { notFound, type Shared, shownRun } from './shared.ts';
import type { LaneWindow } from './store.ts';

/** Incidents that people look at by turns. */
const MOST_DIRECTORIES = 4;
const MOST_FRAMES = 10_000;

export class Timelines {
  private readonly shared: Shared;
  private readonly directories = new Map<number, LaneDirectory | null>();

  constructor(shared: Shared) {
    this.shared = shared;
  }

  tile(incident: string, lane: string, resolution: number, index: number): Uint8Array {
    const found = this.ask(incident, (directory, read) =>
      queryTile(directory, read, lane, resolution, index),
    );
    return encodeTile(found);
  }

  frames(incident: string, lane: string, window: LaneWindow): LanePage {
    const limit = Math.min(MOST_FRAMES, Math.max(0, window.limit));
    return this.ask(incident, (directory, read) => queryFrames(directory, read, lane, { ...window, limit }));
  }

  /** By the flow's number. Call it in a transaction with what chose the run. */
  lanesOfFlow(run: number, flow: number): ReturnType<LaneDirectory['lanesOfFlow']> {
    return this.directory(run)?.lanesOfFlow(flow) ?? [];
  }

  private ask<T>(incident: string, query: (directory: LaneDirectory, read: ReadChunk) => T | null): T {
    const { connection } = this.shared;
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const directory = this.directory(run);
      const found =
        directory === null ? null : query(directory, (chunk) => readChunk(connection, run, chunk));
      if (found === null) throw notFound('lane');
      return found;
    });
  }

  /** Null for a run without a timeline. A run never changes, so what was opened stays true. */
  private directory(run: number): LaneDirectory | null {
    const known = this.directories.get(run);
    const opened = known === undefined ? this.open(run) : known;
    this.directories.delete(run);
    this.directories.set(run, opened);
    for (const old of this.directories.keys()) {
      if (this.directories.size <= MOST_DIRECTORIES) break;
      this.directories.delete(old);
    }
    return opened;
  }

  private open(run: number): LaneDirectory | null {
    const row = this.shared.connection.get<{ directory: Uint8Array | null }>(
      'SELECT directory FROM runs WHERE id = ?',
      run,
    );
    return row?.directory ? openDirectory(plain(row.directory)) : null;
  }
}

function readChunk(connection: Connection, run: number, chunk: number): Uint8Array {
  const row = connection.get<{ bytes: Uint8Array }>(
    'SELECT bytes FROM timeline_chunks WHERE run = ? AND number = ?',
    ...[run, chunk],
  );
  if (row === undefined) throw new Error(`chunk ${chunk} of the timeline is not stored`);
  return plain(row.bytes);
}

/** SQLite hands out `Buffer`s, whose `slice` does not copy: whoever aligns columns relies on that it does. */
const plain = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);
