/**
 * conntrackd of one node: run, asked, and told what to do, as its own primary-backup.sh does it.
 *
 * A node that takes over: `-c` (external cache into the kernel; entries that are there already are replaced, which also
 * cures stale ones), `-f` (both caches are of the past), `-R` (internal cache anew from the kernel), `-B` (all of it to the
 * peer). A node that was replaced: the kernel's table and the internal cache go at once (the script leaves them for 60 s
 * more, `-t`), then `-n` (asks the peer for all it has).
 * The traps: a table emptied by `conntrack -F` would tell the peer that every connection has ended; `-F` does not. And `-c`
 * says nothing: how many it committed stands only in the log.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoutedConfig } from '../../config.ts';
import { GatewayError, type NodeContext } from '../forwarder.ts';
import { run } from '../program.ts';
import { type Connection, parseConnections } from './connection-list.ts';
import { conntrackdFiles, renderConntrackd } from './conntrackd-config.ts';
import { type SupervisedDaemon, superviseDaemon } from './supervised-daemon.ts';

/** ms until the log must have what a commit said. */
const LOG_LIMIT = 2_000;

export interface Conntrackd {
  readonly pid: number | undefined;
  /** What the peer has told: its external cache. */
  readForeign(): Promise<Connection[]>;
  /** Puts them into the kernel. `committed`, `failed`, `took` (seconds) are the daemon's own words. */
  commit(): Promise<CommitWords>;
  /** After a commit: this node's own connections are what counts now, here and at the peer. */
  becomePrimary(): Promise<void>;
  /** Forgets its own connections without a word to the peer, and asks for the peer's. */
  becomeBackup(): Promise<void>;
  readStatistics(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface CommitWords {
  readonly committed: number;
  readonly failed: number;
  readonly took: number;
}

/** Starts it, and keeps it running. @throws GatewayError */
export async function startConntrackd(context: NodeContext, routed: RoutedConfig): Promise<Conntrackd> {
  const files = conntrackdFiles(context.config.stateFolder);
  mkdirSync(path.dirname(files.config), { recursive: true });
  writeFileSync(files.config, renderConntrackd(context.config, routed, files));
  const ask = (...args: string[]): Promise<string> => run('conntrackd', ['-C', files.config, ...args]);
  const forget = (): void => {
    for (const file of [files.config, files.log]) rmSync(file, { force: true });
  };
  const daemon: SupervisedDaemon = await superviseDaemon({
    program: 'conntrackd',
    args: ['-C', files.config],
    package: 'conntrackd',
    clear: () => {
      for (const file of [files.lock, files.socket]) rmSync(file, { force: true });
    },
    probe: () => ask('-s'),
    // The kernel's own entries it has read at its start.
    restarted: async () => {
      await ask('-n');
      await ask('-B');
    },
    onTrouble: context.onTrouble,
  }).catch((error: unknown) => {
    forget();
    throw error;
  });
  return {
    get pid() {
      return daemon.pid;
    },
    readForeign: async () => parseConnections(await ask('-e')),
    commit: async () => {
      const before = readLog(files.log).length;
      await ask('-c');
      return commitWords(files.log, before);
    },
    becomePrimary: async () => {
      for (const option of ['-f', '-R', '-B']) await ask(option);
    },
    becomeBackup: async () => {
      await ask('-F');
      await ask('-f', 'internal');
      await ask('-n');
    },
    readStatistics: async () => parseStatistics(await ask('-s')),
    stop: async () => {
      await daemon.stop();
      forget();
    },
  };
}

async function commitWords(log: string, before: number): Promise<CommitWords> {
  for (const limit = Date.now() + LOG_LIMIT; Date.now() < limit; await sleep(5)) {
    const words = parseCommit(readLog(log).slice(before));
    if (words !== undefined) return words;
  }
  throw new GatewayError(
    'conntrackd was told to commit, but its log does not say that it did',
    `look into ${log}`,
  );
}

/** Of the last commit that is complete in a piece of its log. */
export function parseCommit(log: string): CommitWords | undefined {
  const last = log.slice(log.lastIndexOf('committing all external caches'));
  const took = /commit has taken (\d+\.\d+) seconds/.exec(last)?.[1];
  if (took === undefined) return undefined;
  const committed = [...last.matchAll(/Committed (\d+) new entries/g)];
  const failed = [...last.matchAll(/(\d+) entries can't be committed/g)];
  return { committed: sum(committed), failed: sum(failed), took: Number(took) };
}

const sum = (matches: readonly RegExpMatchArray[]): number =>
  matches.reduce((total, match) => total + Number(match[1]), 0);

/** Of `conntrackd -s`: objects in both caches, what failed there, and messages between the nodes. */
export function parseStatistics(output: string): Record<string, number> {
  const cache = (name: string): Record<string, number> => {
    const part = output.split(`cache ${name}:`)[1]?.split('\n\n')[0] ?? '';
    const failed = [...part.matchAll(/failed:\s+(\d+)/g)];
    return {
      [`sync-${name}-entries`]: number(part, /current active connections:\s+(\d+)/),
      [`sync-${name}-failed`]: sum(failed),
    };
  };
  return {
    ...cache('internal'),
    ...cache('external'),
    'sync-packets-sent': number(output, /(\d+) Pckts sent/),
    'sync-packets-received': number(output, /(\d+) Pckts recv/),
    'sync-send-errors': number(output, /(\d+) Error send/),
    'sync-messages-malformed': number(output, /(\d+) Malformed msgs/),
    'sync-messages-lost': number(output, /(\d+) Lost msgs/),
  };
}

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
