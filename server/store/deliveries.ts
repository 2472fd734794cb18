/**
 * Files that collectors deliver in pieces, each of which is on the disk before its collector is told so.
 * A delivery lies in `incoming/` under its id until all of it is there; that it is a file of its incident, and that the
 * delivery is done, is one transaction.
 * The trap: the file is moved before that transaction ends, and a kill may fall in between: it lies where no row knows
 * it, and the next start moves it back (`restoreDeliveries`). For what was acknowledged is never asked for again.
 */
import { constants, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Delivery, IncidentWish, NewDelivery } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { Collected, checkWish } from './collected.ts';
import { digest, move } from './delivery-file.ts';
import { fileAdded, insertFile } from './file-rows.ts';
import { checkVantage, cleanName, explain, kindOf, PRIVATE_FILE, syncFolder, writeAll } from './files.ts';
import type { Incidents } from './incidents.ts';
import { filePath, incomingFolder, incomingPath } from './places.ts';
import { newId, notFound, type Shared } from './shared.ts';
import type { DeliveryStore, TakenPiece } from './store.ts';

/** Of what a collector began and never went on with. */
const ABANDONED_MS = 86_400_000;
/** Longer than a collector remembers, or a spool lasts. */
const FORGOTTEN_MS = 90 * 86_400_000;

interface Row {
  readonly id: string;
  readonly collector: string;
  readonly name: string;
  readonly sha256: string;
  readonly wish: string;
  readonly size: number;
  readonly kind: 'capture' | 'journal';
  readonly vantage: string | null;
  readonly received: number;
  readonly done: number;
  readonly incident: string | null;
}

export class Deliveries implements DeliveryStore {
  private readonly shared: Shared;
  private readonly collected: Collected;
  /** One piece of a delivery at a time. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(shared: Shared, incidents: Incidents) {
    this.shared = shared;
    this.collected = new Collected(shared, incidents);
  }

  async open(wanted: NewDelivery): Promise<Delivery> {
    const wish = checkWish(wanted.incident);
    const clean = { ...wanted, name: cleanName(wanted.name), vantage: checkVantage(wanted.vantage) };
    const row = this.same(clean, wish) ?? this.insert(clean, wish);
    this.touch(row.id);
    // All of it came, and then somebody was killed.
    if (row.done === 0 && row.received === row.size) await this.inTurn(row.id, () => this.complete(row.id));
    return this.get(row.id);
  }

  get(id: string): Delivery {
    const { size, received, done, incident, wish } = this.row(id);
    return {
      id,
      size,
      offset: received,
      done: done === 1,
      incident: done === 1 ? incident : this.collected.find(JSON.parse(wish) as IncidentWish),
    };
  }

  append(
    id: string,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    mostBytes: number,
  ): Promise<TakenPiece> {
    return this.inTurn(id, async () => {
      const row = this.row(id);
      if (row.done === 1 || row.received !== offset) return { taken: false, delivery: this.get(id) };
      const most = Math.min(mostBytes, row.size - offset);
      const received = offset + (await this.write(row, offset, source, most));
      const { connection } = this.shared;
      connection.run(
        'UPDATE deliveries SET received = ?, touched = ? WHERE id = ?',
        received,
        Date.now(),
        id,
      );
      const taken = received < row.size || (await this.complete(id));
      return { taken, delivery: this.get(id) };
    });
  }

  waiting(): string[] {
    return this.collected.waiting();
  }

  /** Rows first: what a kill leaves in `incoming/` is cleared at the next start. */
  purge(): void {
    const { connection, folder } = this.shared;
    const abandoned = connection.column<string>(
      'SELECT id FROM deliveries WHERE done = 0 AND touched <= ?',
      Date.now() - ABANDONED_MS,
    );
    for (const id of abandoned) {
      if (this.turns.has(id)) continue;
      this.forget(id);
      rmSync(incomingPath(folder, id), { force: true });
    }
    connection.run('DELETE FROM deliveries WHERE done = 1 AND touched <= ?', Date.now() - FORGOTTEN_MS);
  }

  /** The delivery that is asked for again; or one that brought the same file into the same incident for another reason. */
  private same({ collector, name, sha256 }: NewDelivery, wish: IncidentWish): Row | undefined {
    const { connection } = this.shared;
    const row = connection.get<Row>(
      'SELECT * FROM deliveries WHERE collector = ? AND name = ? AND sha256 = ? AND wish = ?',
      ...[collector, name, sha256, JSON.stringify(wish)],
    );
    return row ?? this.twin({ collector, name, sha256 }, this.collected.find(wish));
  }

  private twin(file: Pick<Row, 'collector' | 'name' | 'sha256'>, incident: string | null): Row | undefined {
    return this.shared.connection.get<Row>(
      'SELECT * FROM deliveries WHERE collector = ? AND name = ? AND sha256 = ? AND incident = ? AND done = 1',
      ...[file.collector, file.name, file.sha256, incident],
    );
  }

  private insert({ collector, name, sha256, size, kind, vantage }: NewDelivery, wish: IncidentWish): Row {
    const id = newId();
    this.shared.connection.run(
      `INSERT INTO deliveries (id, collector, name, sha256, wish, size, kind, vantage, touched)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, collector, name, sha256, JSON.stringify(wish), size, kind, vantage, Date.now()],
    );
    return this.row(id);
  }

  private row(id: string): Row {
    const row = this.shared.connection.get<Row>('SELECT * FROM deliveries WHERE id = ?', id);
    if (row === undefined) throw notFound('delivery');
    return row;
  }

  private touch(id: string): void {
    this.shared.connection.run('UPDATE deliveries SET touched = ? WHERE id = ?', Date.now(), id);
  }

  private forget(id: string): void {
    this.shared.connection.run('DELETE FROM deliveries WHERE id = ?', id);
  }

  /** A collector that lost its connection asks again while the server still reads from the old one. */
  private async inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.turns.get(id) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(id) === turn) this.turns.delete(id);
    }
  }

  /** Forced to the disk afterwards. What a broken piece has left behind the offset is written over by the next one. */
  private async write(
    row: Row,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    most: number,
  ): Promise<number> {
    const path = incomingPath(this.shared.folder, row.id);
    let size = 0;
    try {
      const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, PRIVATE_FILE);
      try {
        for await (const chunk of source) {
          if (size + chunk.length > most) throw tooMuch(row.name, most);
          await writeAll(handle, chunk, offset + size);
          size += chunk.length;
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (offset === 0) await syncFolder(incomingFolder(this.shared.folder));
    } catch (error) {
      throw explain(error);
    }
    return size;
  }

  /** @returns false where its bytes are others than were promised: it begins anew */
  private async complete(id: string): Promise<boolean> {
    const row = this.row(id);
    if (row.done === 1) return true;
    const path = incomingPath(this.shared.folder, id);
    const { sha256, head } = await digest(path);
    if (sha256 !== row.sha256) {
      this.shared.connection.run('UPDATE deliveries SET received = 0 WHERE id = ?', id);
      await rm(path, { force: true });
      return false;
    }
    try {
      await checkKind(row, head);
    } catch (error) {
      this.forget(id);
      await rm(path, { force: true });
      throw error;
    }
    try {
      this.finish(row);
    } catch (error) {
      throw explain(error);
    }
    return true;
  }

  private finish(row: Row): void {
    const { connection, folder, changed } = this.shared;
    const incoming = incomingPath(folder, row.id);
    let moved: string | null = null;
    /** An analysis that waits, or runs, is not called off. */
    let goesOn = true;
    let result: { incident: string; isNew: boolean };
    try {
      result = connection.write(() => {
        const taken = this.collected.take(JSON.parse(row.wish) as IncidentWish);
        const { incident } = taken;
        if (this.twin(row, incident) === undefined) {
          moved = filePath(folder, incident, row.id);
          move(incoming, moved);
          const { id, name, kind, size, sha256, vantage } = row;
          insertFile(connection, incident, { id, name, kind, size, sha256, vantage });
          goesOn = fileAdded(connection, incident);
        }
        connection.run(
          'UPDATE deliveries SET done = 1, incident = ?, touched = ? WHERE id = ?',
          ...[incident, Date.now(), row.id],
        );
        return taken;
      });
    } catch (error) {
      if (moved !== null) renameSync(moved, incoming);
      throw error;
    }
    rmSync(incoming, { force: true });
    if (result.isNew) changed({ incident: result.incident, what: 'created' });
    changed({ incident: result.incident, what: goesOn ? 'changed' : 'files' });
  }
}

async function checkKind({ kind, name }: Row, head: Uint8Array): Promise<void> {
  const found = await kindOf([head], name);
  if (found !== kind)
    throw new ServerError('not-a-capture', `${name}: it is a ${found}, and was said to be a ${kind}`);
}

const tooMuch = (name: string, most: number): ServerError =>
  new ServerError(
    'too-large',
    `${name}: more than the ${most} bytes that may come now`,
    'send it in smaller pieces',
  );
