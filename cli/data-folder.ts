/**
 * Where incidents are kept: the place that the system has for such things, or `--data`.
 * The trap: what SQLite says of a folder it cannot write to names neither the folder nor the reason,
 * so that is tried before.
 */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { systemErrorCode, UserError } from './user-error.ts';

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** May throw: not everybody has one. */
  readonly home: () => string;
}

const THIS_MACHINE: Surroundings = { platform: process.platform, env: process.env, home: homedir };

/** `named`: what `--data` says. @throws UserError `usage` where there is no home folder */
export function dataFolder(named: string | undefined, where: Surroundings = THIS_MACHINE): string {
  if (named === '') throw new UserError('usage', '--data names no folder');
  if (named !== undefined) return resolve(named);
  const { XDG_DATA_HOME: xdg = '', LOCALAPPDATA: local = '' } = where.env;
  // As the specification has it: a relative path is no path.
  if (isAbsolute(xdg)) return join(xdg, 'stallscope');
  if (where.platform === 'win32') return join(local || join(home(where), 'AppData', 'Local'), 'Stallscope');
  if (where.platform === 'darwin') return join(home(where), 'Library', 'Application Support', 'Stallscope');
  return join(home(where), '.local', 'share', 'stallscope');
}

function home(where: Surroundings): string {
  let folder = '';
  try {
    folder = where.home();
  } catch {
    // No entry in the system's list of users, for instance.
  }
  if (isAbsolute(folder)) return folder;
  throw new UserError('usage', 'there is no home folder to keep incidents in', 'name a folder with --data');
}

/** Makes the folder where it is missing. @throws UserError `server` when it cannot be used */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!statSync(folder).isDirectory()) throw notUsable(folder, 'it is no folder');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw notUsable(folder, REASONS[systemErrorCode(error)] ?? (systemErrorCode(error) || String(error)));
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'it cannot be written to',
  EEXIST: 'it is no folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOENT: 'it cannot be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
};

const notUsable = (folder: string, why: string): UserError =>
  new UserError('server', `the data folder ${folder} cannot be used: ${why}`, 'name another one with --data');
