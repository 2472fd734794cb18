/** The TCP sockets of processes and namespaces, by the kernel's own tables (proc(5)): what `ss` shows, without a program. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Socket {
  readonly inode: string;
  readonly localPort: number;
  /** 0 where it listens. */
  readonly remotePort: number;
  readonly listens: boolean;
}

/** Those of this process that have a peer, in no order. Empty where it has ended. */
export function connectionsOf(pid: number): Socket[] {
  const own = inodesOf(pid);
  if (own.size === 0) return [];
  return socketsBeside(pid).filter(({ inode, remotePort }) => own.has(inode) && remotePort !== 0);
}

/** All in the process's namespace. */
export const socketsBeside = (pid: number): Socket[] =>
  ['tcp', 'tcp6'].flatMap((table) => parseSockets(read(`/proc/${pid}/net/${table}`)));

/** Lines of `/proc/net/tcp`; state 0A is LISTEN. */
export function parseSockets(text: string): Socket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || inode === undefined) return [];
      return [{ inode, localPort: portOf(local), remotePort: portOf(remote), listens: state === '0A' }];
    });
}

const portOf = (end: string): number => Number.parseInt(end.split(':')[1] ?? '', 16);

function inodesOf(pid: number): Set<string> {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  } catch {
    return new Set();
  }
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
