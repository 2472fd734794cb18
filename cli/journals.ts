/**
 * `--journal [NODE=]FILE`: what a gateway node wrote down, read as text, plain or
 * compressed. A pipe will do (`<(journalctl -u conntrackd)`); standard input will
 * not, it is for a capture.
 * The trap: a few bytes may decompress to gigabytes, so reading stops at a limit.
 */
import { statSync } from 'node:fs';
import type { JournalInput } from '../analyzer/index.ts';
import { decompressed } from '../packet/file/compression.ts';
import { unreadable } from './input-errors.ts';
import { splitVantage } from './inputs.ts';
import type { Note } from './messages.ts';
import { fileIdentity, openChunks } from './read-capture.ts';
import { UserError } from './user-error.ts';

export interface JournalSource {
  path: string;
  node?: string;
}

/** Logs of months; an incident is some hundred KB. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A capture shows by then that it is no text. */
const HEAD_BYTES = 4096;

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
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of decompressed(openChunks(source.path), (problem) => problems.push(problem))) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw tooLarge(source.path);
    if (chunks.length === 0 && chunk.subarray(0, HEAD_BYTES).includes(0)) throw noText(source.path);
    chunks.push(chunk);
  }
  return {
    file: source.path,
    ...(source.node !== undefined && { node: source.node }),
    // Bytes that are no UTF-8 become marks that no line of a journal begins with.
    text: new TextDecoder().decode(Buffer.concat(chunks)),
    ...(zone !== undefined && { zone }),
    problems: problems.map(({ code, message }) => ({ code, message })),
  };
}

const tooLarge = (path: string): UserError =>
  new UserError('input', `${path}: more than 64 MiB of text`, 'cut it to the time of the incident');

const noText = (path: string): UserError =>
  new UserError('input', `${path}: this is no text, so no journal`, 'captures are named without --journal');
