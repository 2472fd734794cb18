/**
 * Where the server of a data folder can be reached: noted in the folder while it runs, so that
 * `diagnose open` finds it.
 * The trap: a server that was killed leaves its note, and its number or its port may be another's by
 * now. Only a folder that is in use has a server, so this is asked only then.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerAddress } from './api-client.ts';

interface Noted extends ServerAddress {
  readonly pid: number;
}

/** ms; on this machine, and its answer needs no work. */
const LONGEST_ANSWER = 3000;

const noteOf = (folder: string): string => join(folder, 'server.json');

/** Whole or not at all, and for nobody else to read: it holds the token. */
export function noteServer(folder: string, { url, token }: ServerAddress): void {
  const note = noteOf(folder);
  const partial = `${note}.partial`;
  const noted: Noted = { pid: process.pid, url, token };
  writeFileSync(partial, JSON.stringify(noted), { mode: 0o600 });
  renameSync(partial, note);
}

export function forgetServer(folder: string): void {
  rmSync(noteOf(folder), { force: true });
}

/** The server of a folder that is in use; null where none answers (yet). */
export async function findServer(folder: string): Promise<ServerAddress | null> {
  const noted = readNote(folder);
  if (noted === null || !isAlive(noted.pid)) return null;
  const { url, token } = noted;
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(LONGEST_ANSWER) }).catch(
    () => null,
  );
  return answer?.ok === true ? { url, token } : null;
}

function readNote(folder: string): Noted | null {
  try {
    const { pid, url, token } = JSON.parse(readFileSync(noteOf(folder), 'utf8')) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof url !== 'string' || !URL.canParse(url)) return null;
    return { pid, url, token: typeof token === 'string' ? token : null };
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
