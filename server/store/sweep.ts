/**
 * Takes away runs that no incident shows or waits for, a little at a time, and gives their room
 * back to the disk: deleting a result of millions of frames at once would stop the server for seconds.
 */
import type { Connection } from './connection.ts';
import { RUN_TABLES } from './migrations.ts';
import { isDiskFull, type Reserve } from './reserve.ts';

/** Pages of 4 KiB. */
const VACUUM_PAGES = 1000;
const PAUSE_MS = 5;
const RETRY_MS = 60_000;

export class Sweeper {
  private readonly connection: Connection;
  private readonly reserve: Reserve;
  private timer: NodeJS.Timeout | null = null;
  private waiting: (() => void)[] = [];

  constructor(connection: Connection, reserve: Reserve) {
    this.connection = connection;
    this.reserve = reserve;
  }

  /** Begins soon, unless it is at work. */
  start(): void {
    this.timer ??= setTimeout(() => this.work(), PAUSE_MS);
  }

  /** Settles once there is nothing left to be done. */
  idle(): Promise<void> {
    return this.timer === null ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private work(): void {
    this.timer = null;
    try {
      if (this.step()) {
        this.start();
        return;
      }
      if (!this.reserve.isWhole) this.makeReserve();
      this.stop();
    } catch (error) {
      if (isDiskFull(error) && this.reserve.giveUp()) this.start();
      else this.later();
    }
  }

  /** Somebody may read just now, or the disk have no room at all. Garbage is seen by nobody; it is tried again. */
  private later(): void {
    this.stop();
    this.timer = setTimeout(() => this.work(), RETRY_MS).unref();
  }

  /** Of the room that it was given up for, too. */
  private makeReserve(): void {
    this.connection.cutLog();
    this.reserve.make();
  }

  /** @returns false once there is nothing left */
  private step(): boolean {
    const run = this.garbage();
    if (run !== null) {
      this.connection.write(() => this.deleteSome(run));
      return true;
    }
    const free = Number(this.connection.pragma('freelist_count'));
    if (free === 0) return false;
    // Not `pragma`: that takes one step of it, which is one page.
    this.connection.execute(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    const left = Number(this.connection.pragma('freelist_count'));
    if (left === 0 || left === free) this.connection.cutLog();
    return left > 0 && left < free;
  }

  private garbage(): number | null {
    const row = this.connection.get<{ id: number }>(
      `SELECT id FROM runs WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.run = runs.id)
         AND NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.pending = runs.id) LIMIT 1`,
    );
    return row?.id ?? null;
  }

  /** A slice of the first table that has rows of the run; the run itself at last. */
  private deleteSome(run: number): void {
    for (const { table, key, slice } of RUN_TABLES) {
      const some = `SELECT ${key} FROM ${table} WHERE run = ? LIMIT ${slice}`;
      const deleted = this.connection.run(
        `DELETE FROM ${table} WHERE run = ? AND (${key}) IN (${some})`,
        ...[run, run],
      );
      if (deleted > 0) return;
    }
    this.connection.run('DELETE FROM runs WHERE id = ?', run);
  }
}
