/** What can be wrong with a named input, said in one line each. */
import { asClause } from '../packet/problem.ts';
import { COMMAND_NAMES } from './commands.ts';
import { nearestWord } from './suggest.ts';
import { systemErrorCode, UserError } from './user-error.ts';

/** `why` is the sentence of whoever looked at the bytes. */
export function notACapture(file: string, why: string): UserError {
  return new UserError(
    'input',
    `${file}: ${asClause(why)}`,
    'captures are pcap or pcapng, plain or compressed with gzip, zstd or lz4',
  );
}

/** The error for a path that could not be opened or read. */
export function unreadable(path: string, error: unknown): UserError {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new UserError('input', `${path}: no such file or folder`, commandHint(path));
  if (code === 'EACCES' || code === 'EPERM')
    return new UserError('input', `${path}: no permission to read it`);
  return new UserError('input', `${path}: cannot be read (${code || String(error)})`);
}

/** A missing file may be a mistyped command. */
function commandHint(word: string): string {
  const command = nearestWord(word, COMMAND_NAMES);
  return command ? `did you mean the command 'diagnose ${command}'?` : '';
}
