/**
 * Captures and journals, as files beside the database.
 * A file is written under another name, forced to the disk, renamed, and only then gets its row: a
 * kill at any moment leaves a file that is there, or leftovers that the next start removes.
 * The trap: the incident may be deleted while its file is still coming in, and its folder goes whenever it is empty: also
 * when another upload to it breaks off.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseVantage } from '../../analyzer/index.ts';
import type { StoredFile } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { detectKind, HEAD_BYTES } from './file-kind.ts';
import { filesChanged, insertFile, storedFile } from './file-rows.ts';
import { filePath, incidentFolder, incomingFolder, incomingPath } from './places.ts';
import { cleanLine, newId, notFound, type Shared, shownRun } from './shared.ts';
import type { FileOnDisk, NewFile } from './store.ts';

const MOST_NAME = 255;
/** Captures hold what people sent each other. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

interface Received {
  readonly kind: 'capture' | 'journal';
  readonly size: number;
  readonly sha256: string;
}

export class Files {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  async add(incident: string, file: NewFile, source: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const { folder } = this.shared;
    this.checkIncident(incident);
    const vantage = checkVantage(file.vantage);
    const name = cleanName(file.name);
    const id = newId();
    const incoming = incomingPath(folder, id);
    try {
      const received = await receive(incoming, { ...file, name }, source);
      const place = filePath(folder, incident, id);
      // In one go, so that nobody removes the folder in between.
      mkdirSync(dirname(place), { recursive: true, mode: PRIVATE_FOLDER });
      renameSync(incoming, place);
      await syncFolder(dirname(place));
      await syncFolder(dirname(dirname(place)));
      return this.insert(incident, { id, name, vantage, ...received });
    } catch (error) {
      await rm(incoming, { force: true });
      this.remove(incident, id);
      // Whatever failed because of that.
      this.checkIncident(incident);
      throw explain(error);
    }
  }

  file(incident: string, file: string): FileOnDisk {
    const stored = storedFile(this.shared.connection, incident, file);
    if (stored === undefined) throw notFound('file');
    return { ...stored, path: filePath(this.shared.folder, incident, file) };
  }

  ofCapture(incident: string, capture: string): FileOnDisk {
    const { connection } = this.shared;
    const row = connection.get<{ file: string }>(
      'SELECT file FROM captures WHERE run = ? AND capture = ?',
      shownRun(connection, incident),
      capture,
    );
    if (row === undefined) throw notFound('capture');
    return this.file(incident, row.file);
  }

  change(incident: string, file: string, vantage: string | null): StoredFile {
    const { connection } = this.shared;
    const said = checkVantage(vantage);
    if (this.file(incident, file).vantage !== said) {
      connection.write(() => {
        connection.run('UPDATE files SET vantage = ? WHERE incident = ? AND id = ?', said, incident, file);
        filesChanged(connection, incident);
      });
      this.shared.changed({ incident, what: 'files' });
    }
    const { path: _, ...stored } = this.file(incident, file);
    return stored;
  }

  /** Also on a full disk. @throws ServerError `disk-full`, see `Reserve.delete` */
  delete(incident: string, file: string): void {
    const { connection, reserve } = this.shared;
    const deleteRow = (): void => {
      if (connection.run('DELETE FROM files WHERE incident = ? AND id = ?', incident, file) === 0)
        throw notFound('file');
      filesChanged(connection, incident);
    };
    reserve.delete(
      () => connection.write(deleteRow),
      () => this.remove(incident, file),
    );
    this.shared.sweep();
    this.shared.changed({ incident, what: 'files' });
  }

  /** In one transaction with the incident that it belongs to, which may be gone by now. */
  private insert(incident: string, file: StoredFile): StoredFile {
    const { connection } = this.shared;
    connection.write(() => {
      this.checkIncident(incident);
      insertFile(connection, incident, file);
      filesChanged(connection, incident);
    });
    this.shared.changed({ incident, what: 'files' });
    return file;
  }

  private checkIncident(incident: string): void {
    const row = this.shared.connection.get('SELECT 1 FROM incidents WHERE id = ?', incident);
    if (row === undefined) throw notFound('incident');
  }

  /** Its folder too, once that is empty. */
  private remove(incident: string, file: string): void {
    const { folder } = this.shared;
    rmSync(filePath(folder, incident, file), { force: true });
    try {
      rmdirSync(incidentFolder(folder, incident));
    } catch {
      // Others are in it, or it is gone.
    }
  }
}

/** Folders that are there before the first file comes. */
export function makeFolders(folder: string): void {
  mkdirSync(incomingFolder(folder), { recursive: true, mode: PRIVATE_FOLDER });
  mkdirSync(join(folder, 'files'), { recursive: true, mode: PRIVATE_FOLDER });
}

/** Writes all of `source` to `path` and forces it to the disk. */
async function receive(path: string, file: NewFile, source: AsyncIterable<Uint8Array>): Promise<Received> {
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let size = 0;
  let kind: Received['kind'] | null = null;
  const handle = await open(path, 'wx', PRIVATE_FILE);
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > file.mostBytes) throw tooLarge(file);
      hash.update(chunk);
      await writeAll(handle, chunk);
      if (kind !== null) continue;
      head.push(Uint8Array.from(chunk));
      // Nobody waits for the rest of what is no capture.
      if (size >= HEAD_BYTES) kind = await kindOf(head, file.name);
    }
    kind ??= await kindOf(head, file.name);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { kind, size, sha256: hash.digest('hex') };
}

/** `position`: null for the end of what was written. */
export async function writeAll(
  handle: FileHandle,
  chunk: Uint8Array,
  position: number | null = null,
): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const place = position === null ? null : position + at;
    const { bytesWritten } = await handle.write(chunk, at, chunk.length - at, place);
    at += bytesWritten;
  }
}

/** @throws ServerError `not-a-capture` */
export async function kindOf(head: readonly Uint8Array[], name: string): Promise<Received['kind']> {
  const found = await detectKind(Buffer.concat(head), name);
  if (found.kind !== null) return found.kind;
  throw new ServerError(
    'not-a-capture',
    `${name}: ${found.why}`,
    'captures are pcap or pcapng, journals are text; plain or compressed with gzip, zstd or lz4',
  );
}

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Only the last part of a path: some programs send all of it. */
export function cleanName(name: string): string {
  return cleanLine(name.split(/[\\/]/).at(-1) ?? '', MOST_NAME) || 'unnamed';
}

/** @throws ServerError `bad-request` */
export function checkVantage(vantage: string | null): string | null {
  if (vantage === null || vantage === '') return null;
  if (vantage.length <= MOST_NAME && parseVantage(vantage) !== null) return vantage;
  throw new ServerError(
    'bad-request',
    `'${cleanLine(vantage, 60)}' is no name of a vantage`,
    'such as client, node-a, fw1.example.net, node-a.in or node-a.out',
  );
}

const tooLarge = ({ name, mostBytes }: NewFile): ServerError =>
  new ServerError(
    'too-large',
    `${name} is larger than ${Math.floor(mostBytes / 2 ** 20)} MiB`,
    'cut it to the time of the incident (editcap -A … -B …), or compress it',
  );

/** A full disk in words; other errors as they are. */
export function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new ServerError(
    'disk-full',
    'the disk is full',
    'delete incidents, or give the data folder more room',
  );
}
