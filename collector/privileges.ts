/**
 * Rights (capabilities(7)). To capture takes CAP_NET_RAW and nothing else, so whoever starts as root goes on with that alone,
 * in a process that setpriv(1) starts: a running one could not give up its bounding set from JavaScript.
 * The traps: tcpdump that is started as root gives root up by itself, for which it needs CAP_SETGID; and a process that is
 * started so must end with this one, whatever happens to it, so it watches a pipe that this one holds.
 */
import { execFile, spawn } from 'node:child_process';
import { lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CollectorError } from './words.ts';

const CAP_SETGID = 6;
const CAP_NET_RAW = 13;

/** Says to a process that it was started by this one with fewer rights: its standard input ends with its parent. */
const DROPPED = 'STALLSCOPE_DROPPED';

export interface Rights {
  readonly isRoot: boolean;
  readonly canCapture: boolean;
  /** It has more than it takes, or could have. */
  readonly hasMore: boolean;
}

/** Of this process (proc(5), `status`). Where there is no such file, those that its user suggests. */
export function readRights(): Rights {
  const isRoot = process.getuid?.() === 0;
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'latin1');
  } catch {
    return { isRoot, canCapture: isRoot, hasMore: false };
  }
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
  const needed = (1n << BigInt(CAP_NET_RAW)) | (1n << BigInt(CAP_SETGID));
  return {
    isRoot,
    canCapture: ((set('CapEff') >> BigInt(CAP_NET_RAW)) & 1n) === 1n,
    hasMore: ((set('CapEff') | set('CapBnd')) & ~needed) !== 0n,
  };
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** @throws CollectorError where there is none of that name */
export async function findUser(name: string): Promise<User> {
  const line = await run('getent', ['passwd', name]).catch(() => '');
  const [, , uid, gid] = line.trim().split(':');
  if (uid === undefined || gid === undefined)
    throw new CollectorError(`user: there is no user '${name}'`, `useradd --system --no-create-home ${name}`);
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** setpriv's words for a process with only what capturing takes. */
export function setprivWords(user: User | null): string[] {
  const sets = user === null ? '-all,+net_raw,+setgid' : '-all,+net_raw';
  const change = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups'];
  return [
    ...change,
    `--inh-caps=${sets}`,
    `--ambient-caps=${sets}`,
    `--bounding-set=${sets}`,
    '--no-new-privs',
  ];
}

/** Why setpriv cannot do that here; null where it can. */
export async function whyNoSetpriv(words: readonly string[]): Promise<string | null> {
  try {
    await run('setpriv', [...words, 'true']);
    return null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return 'setpriv is not installed (Debian: util-linux)';
    return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
  }
}

/** @throws CollectorError where the user could not even read this command */
export async function requireReadable(words: readonly string[], user: User): Promise<void> {
  const script = process.argv[1] ?? '';
  for (const file of [process.execPath, script])
    if ((await run('setpriv', [...words, 'test', '-r', file]).catch(() => null)) === null)
      throw new CollectorError(
        `user: ${user.name} cannot read ${file}`,
        'install the command where everybody can read it: npm install --global',
      );
}

/** Runs this command again, with fewer rights; passes on what it is told. @returns its exit code */
export function runDropped(words: readonly string[]): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('setpriv', [...words, ...again], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, [DROPPED]: '1' },
  });
  child.stdin.on('error', () => {});
  let asked: NodeJS.Signals | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (asked !== null) child.kill('SIGKILL');
      asked = signal;
      // Not by a signal: a terminal, and systemd, send it to the child as well, and a second one would not wait.
      child.stdin.end();
    });
  process.on('SIGUSR1', () => child.kill('SIGUSR1'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(asked === 'SIGINT' ? 130 : (code ?? 2)));
  });
}

/** Where this process was started by `runDropped`: calls once its parent ends, or wants it to. */
export function whenParentEnds(end: () => void): void {
  if (process.env[DROPPED] === undefined) return;
  delete process.env[DROPPED];
  process.stdin.on('error', end).on('end', end).resume();
  // It keeps nothing running.
  process.stdin.unref();
}

/** Whether this process was started by `runDropped`. */
export const isDropped = (): boolean => process.env[DROPPED] !== undefined;

/**
 * Makes the folder where it is missing, and gives it, with what is in it, to the user. The trap: who may write to a folder may
 * put a link into it, and would be given any file; so only one that is root's alone is gone through. @throws CollectorError
 */
export function handOver(folder: string, user: User): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    if (uid === user.uid) return;
    if (uid !== 0 || (mode & 0o022) !== 0) throw new Error("it is not root's alone");
    giveAll(folder, user);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CollectorError(
      `folder: ${folder} cannot be given to ${user.name}: ${why}`,
      `name a new folder, or chown -R ${user.name} ${folder}`,
      { cause: error },
    );
  }
}

/** What is in it first: until then nobody else gets there. */
function giveAll(entry: string, user: User): void {
  if (lstatSync(entry).isDirectory())
    for (const name of readdirSync(entry)) giveAll(path.join(entry, name), user);
  lchownSync(entry, user.uid, user.gid);
}

function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: 10_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(stderr === '' ? error : new Error(stderr, { cause: error }));
    });
  });
}
