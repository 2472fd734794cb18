/**
 * Where the result goes: stdout, or a file that appears whole or not at all
 * (written beside it, then renamed). The trap: only a regular file may be
 * replaced by a rename; `/dev/null` and pipes are written to.
 */
import {
  closeSync,
  existsSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileIdentity } from './read-capture.ts';
import { systemErrorCode, UserError } from './user-error.ts';

/** Pieces are written together up to this length: few system calls, and never the whole in memory. */
const BATCH = 1 << 20;

/** Writes to `file`, or to stdout where there is none (or `-`). @throws UserError `output` */
export function writeResult(pieces: Iterable<string>, file: string | undefined): void {
  if (file === undefined || file === '-') {
    for (const batch of batches(pieces)) process.stdout.write(batch);
  } else writeWhole(pieces, file);
}

function* batches(pieces: Iterable<string>): Generator<string> {
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
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
    throw new UserError(
      'output',
      `${file}: is one of the inputs and would be overwritten`,
      'name another file',
    );
  }
}

/** What `--html` must not be: it is always a file, and not that of `-o`. @throws UserError `usage`, `output` */
export function checkHtml(
  html: string | undefined,
  output: string | undefined,
  inputs: readonly string[],
): void {
  if (html === undefined) return;
  if (html === '-') throw new UserError('usage', '--html: names no file', 'such as --html postmortem.html');
  const isSame = output !== undefined && resolve(html) === resolve(output);
  if (isSame) throw new UserError('usage', `--html and -o both name ${html}`, 'give each a file of its own');
  checkOutput(html, inputs);
}

function writeWhole(pieces: Iterable<string>, file: string): void {
  try {
    const target = existsSync(file) ? realpathSync(file) : file;
    if (existsSync(target) && !statSync(target).isFile()) writeTo(target, 'w', pieces);
    else replaceFile(pieces, target);
  } catch (error) {
    throw new UserError('output', `${file}: cannot be written (${systemErrorCode(error) || String(error)})`);
  }
}

/** The same for bytes as they come. What `source` throws is thrown on, and leaves nothing. @throws UserError `output` */
export async function writeStream(source: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const target = existsSync(file) ? realpathSync(file) : file;
  const isSpecial = existsSync(target) && !statSync(target).isFile();
  const written = isSpecial ? target : partialOf(target);
  const failed = (error: unknown): UserError =>
    new UserError('output', `${file}: cannot be written (${systemErrorCode(error) || String(error)})`);
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw failed(error);
    }
  };
  const opened = attempt(() => openSync(written, isSpecial ? 'w' : 'wx'));
  const forget = (): void => (isSpecial ? undefined : rmSync(written, { force: true }));
  // Also on an interrupt.
  process.once('exit', forget);
  try {
    try {
      for await (const chunk of source) attempt(() => writeFully(opened, chunk));
    } finally {
      closeSync(opened);
    }
    if (!isSpecial) attempt(() => renameSync(written, target));
  } finally {
    forget();
    process.removeListener('exit', forget);
  }
}

const partialOf = (target: string): string =>
  join(dirname(target), `.${basename(target)}.${process.pid}.partial`);

function replaceFile(pieces: Iterable<string>, target: string): void {
  const partial = partialOf(target);
  try {
    writeTo(partial, 'wx', pieces);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function writeTo(path: string, flag: 'w' | 'wx', pieces: Iterable<string>): void {
  const file = openSync(path, flag);
  try {
    for (const batch of batches(pieces)) writeFully(file, Buffer.from(batch));
  } finally {
    closeSync(file);
  }
}

/** A write to a pipe or a full disk may take only a part. */
function writeFully(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
