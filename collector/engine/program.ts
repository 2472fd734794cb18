/**
 * Programs of the system that the collector needs: where they are, and what they print.
 * The trap: daemons and cron have no sbin in their path, and that is where some systems keep tcpdump and ip.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const SYSTEM = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Its path, by the caller's PATH, else where root finds programs; null where it is not installed. */
export function findProgram(name: string, searched = process.env.PATH ?? ''): string | null {
  const folders = [...searched.split(':').filter((folder) => folder !== ''), ...SYSTEM];
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // the next one
    }
  }
  return null;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to its end, at most 5 s. `code` null: it could not be started, or was ended by a signal. */
export function runProgram(file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { timeout: 5_000, env: { ...process.env, LC_ALL: 'C' } };
    execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
    });
  });
}
