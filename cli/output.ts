/**
 * Where the result goes: stdout, or a file that appears whole or not at all
 * (written beside it, then renamed). The trap: only a regular file may be
 * replaced by a rename; `/dev/null` and pipes are written to.
 */
import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileIdentity } from './read-capture.ts';
import { systemErrorCode, UserError } from './user-error.ts';

/** Writes to `file`, or to stdout where there is none (or `-`). @throws UserError `output` */
export function writeResult(text: string, file: string | undefined): void {
  if (file === undefined || file === '-') process.stdout.write(text);
  else writeWhole(text, file);
}

/** What `-o` must not be, before any work is done. @throws UserError `output` */
export function checkOutput(file: string | undefined, inputs: readonly string[]): void {
  if (file === undefined || file === '-') return;
  if (!existsSync(dirname(file)))
    throw new UserError('output', `${file}: there is no folder ${dirname(file)}`);
  if (!existsSync(file)) return;
  if (statSync(file).isDirectory())
    throw new UserError('output', `${file}: is a folder`, 'name a file in it');
  const target = fileIdentity(file);
  if (inputs.some((input) => fileIdentity(input) === target)) {
    throw new UserError('output', `${file}: is one of the captures and would be overwritten`);
  }
}

function writeWhole(text: string, file: string): void {
  try {
    const target = existsSync(file) ? realpathSync(file) : file;
    if (existsSync(target) && !statSync(target).isFile()) writeFileSync(target, text);
    else replaceFile(text, target);
  } catch (error) {
    throw new UserError('output', `${file}: cannot be written (${systemErrorCode(error) || String(error)})`);
  }
}

function replaceFile(text: string, target: string): void {
  const partial = join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
  try {
    writeFileSync(partial, text, { flag: 'wx' });
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
