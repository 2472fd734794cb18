/**
 * `--journal [NODE=]FILE`: what a gateway node wrote down, read as text, plain or
 * compressed. A pipe will do (`<(journalctl -u conntrackd)`); standard input will
 * not, it is for a capture.
 */
import { statSync } from 'node:fs';
import type { JournalInput } from '../analyzer/index.ts';
import { readPlainText } from '../packet/file/plain-text.ts';
import { unreadable } from './input-errors.ts';
import { splitVantage } from './inputs.ts';
import type { Note } from './messages.ts';
import { fileIdentity, openChunks } from './read-capture.ts';
import { UserError } from './user-error.ts';

export interface JournalSource {
  path: string;
  node?: string;
}

/** In the order given, the same file once. @throws UserError `usage` or `input` */
export function expandJournals(args: readonly string[], note: Note): JournalSource[] {
  const sources: JournalSource[] = [];
  const seen = new Set<string>();
  for (const arg of args) {
    // A node has one journal, whichever side a capture of it is from.
    const { path, vantage } = splitVantage(arg);
    checkPath(path, arg);
    const identity = fileIdentity(path);
    if (seen.has(identity)) note(`${path}: given twice, read once`);
    else sources.push({ path, ...(vantage && { node: vantage.host }) });
    seen.add(identity);
  }
  return sources;
}

function checkPath(path: string, arg: string): void {
  if (path === '') throw new UserError('usage', `--journal ${arg}: no file after '='`);
  if (path === '-') {
    throw new UserError('usage', '--journal: standard input is for a capture', 'name a file, or <(COMMAND)');
  }
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
  if (isFolder) throw new UserError('input', `${path}: is a folder`, 'name each journal in it');
}

/** All of it, decompressed. `zone` is ns east of UTC. @throws UserError `input` */
export async function readJournal(source: JournalSource, zone: bigint | undefined): Promise<JournalInput> {
  const problems: { code: string; message: string }[] = [];
  const read = await readPlainText(openChunks(source.path), (problem) => problems.push(problem));
  if (read === 'too-large') throw tooLarge(source.path);
  if (read === 'no-text') throw noText(source.path);
  return {
    file: source.path,
    ...(source.node !== undefined && { node: source.node }),
    text: read.text,
    ...(zone !== undefined && { zone }),
    problems: problems.map(({ code, message }) => ({ code, message })),
  };
}

const tooLarge = (path: string): UserError =>
  new UserError('input', `${path}: more than 64 MiB of text`, 'cut it to the time of the incident');

const noText = (path: string): UserError =>
  new UserError('input', `${path}: this is no text, so no journal`, 'captures are named without --journal');
