/**
 * Arguments to captures: `[VANTAGE=]FILE`, where FILE is a file, a folder (the
 * captures directly in it) or `-`. What is named must be a capture; what lies
 * beside captures in a folder need not be.
 * The trap: a folder that somebody sent may hold links to anywhere on this machine. One that leads out of the folder is not
 * followed: what it leads to would be read, reported and exported as part of the incident. What is named is followed.
 */
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type CaptureInput, parseVantage } from '../analyzer/index.ts';
import { type Headed, inFeedingOrder, readHead } from '../packet/file/feeding-order.ts';
import { asClause } from '../packet/problem.ts';
import { notACapture, unreadable } from './input-errors.ts';
import type { Note } from './messages.ts';
import { type CaptureSource, fileIdentity, openChunks } from './read-capture.ts';
import { sniffFile } from './sniff.ts';
import { UserError } from './user-error.ts';

const HEAD_CHUNK = 64 * 1024;
const CAPTURE_NAME = /\.(pcap|pcapng|cap|ntar)(\.(gz|zst|lz4))?$/i;
/** In the order given, folders sorted by name, the same file once. @throws UserError `usage` or `input` */
export async function expandInputs(args: readonly string[], note: Note): Promise<CaptureSource[]> {
  if (args.length === 0)
    throw new UserError('usage', 'no capture is given', 'diagnose --help begins with examples');
  const sources: CaptureSource[] = [];
  const seen = new Set<string>();
  for (const arg of args) {
    for (const source of await expandArgument(arg, note)) {
      const identity = fileIdentity(source.path);
      if (seen.has(identity)) note(`${source.input.file}: given twice, read once`);
      else sources.push(source);
      seen.add(identity);
    }
  }
  return sources;
}

/** Files of one vantage, which are one capture that was cut, in the order in which they were written; all others as given. */
export async function inOrder(sources: readonly CaptureSource[]): Promise<CaptureSource[]> {
  const headed: Headed<CaptureSource>[] = [];
  for (const file of sources) {
    // What can be read only once is not looked at before.
    const isFile = file.path !== '-' && statSync(file.path).isFile();
    const head = isFile ? await readHead(openChunks(file.path, HEAD_CHUNK)) : { note: null, time: null };
    headed.push({ file, head });
  }
  const said = ({ input: { vantage } }: CaptureSource): string | null =>
    vantage === undefined ? null : `${vantage.host}.${vantage.side ?? ''}`;
  return inFeedingOrder(headed, said).map(({ file, head: { note } }) =>
    note === null ? file : { ...file, input: { ...file.input, collected: note } },
  );
}

async function expandArgument(arg: string, note: Note): Promise<CaptureSource[]> {
  const { path, vantage } = splitVantage(arg);
  const source = (file: string): CaptureSource => {
    return {
      path: file,
      input: { file: file === '-' ? 'standard input' : file, ...(vantage && { vantage }) },
    };
  };
  if (path === '') throw new UserError('usage', `${arg}: no file after '='`);
  if (path === '-') return [source('-')];
  const kind = await kindOf(path);
  if (kind === 'folder') return (await capturesIn(path, note)).map(source);
  // A pipe can be read only once, so it is not looked at before.
  if (kind === 'file') {
    const found = await sniffFile(path);
    if (!found.isCapture) throw notACapture(path, found.why);
  }
  return [source(path)];
}

/** `node-b.out=FILE` as what it names; a file that has such a name is a file. */
export function splitVantage(arg: string): { path: string; vantage?: NonNullable<CaptureInput['vantage']> } {
  const at = arg.indexOf('=');
  const vantage = at < 0 || existsSync(arg) ? null : parseVantage(arg.slice(0, at));
  return vantage === null ? { path: arg } : { path: arg.slice(at + 1), vantage };
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'stream'> {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return 'folder';
    return stat.isFile() ? 'file' : 'stream';
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function capturesIn(folder: string, note: Note): Promise<string[]> {
  const captures: string[] = [];
  for (const entry of listFolder(folder)) {
    const path = join(folder, entry.name);
    if (!isRegularFile(path)) continue;
    if (entry.isSymbolicLink() && leadsOut(path, folder)) {
      note(`${path}: skipped, it is a link that leads out of the folder; name it to have it read`);
      continue;
    }
    const found = await sniffFile(path).catch(({ message }: Error) => ({
      isCapture: false,
      why: message,
    }));
    if (found.isCapture) captures.push(path);
    else if (CAPTURE_NAME.test(entry.name)) note(`${path}: skipped, ${asClause(found.why)}`);
  }
  if (captures.length === 0)
    throw new UserError('input', `no captures in ${folder}`, 'folders inside a folder are not searched');
  return captures;
}

function listFolder(folder: string): Dirent[] {
  try {
    // By code unit, so that the order is the same in every locale.
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** Through however many links. */
function leadsOut(link: string, folder: string): boolean {
  try {
    const inside = realpathSync(folder);
    return !realpathSync(link).startsWith(inside.endsWith(sep) ? inside : inside + sep);
  } catch {
    // One that changes under our eyes.
    return true;
  }
}

/** Follows links; a link to nowhere is no file. */
function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
