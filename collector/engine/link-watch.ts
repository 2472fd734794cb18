/**
 * Which interfaces there are, under which index, and whether they are up; told as it changes: by `ip -o monitor link` within
 * some ms, and where iproute2 is missing by looking every 250 ms.
 * The trap: a name says little. An adapter that was moved away and back has the same name and another index, and who captured
 * on the old one hears nothing more.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dieWithParent, type Lines, splitLines } from './child.ts';
import { findProgram, runProgram } from './program.ts';

export interface LinkState {
  readonly ifindex: number;
  /** By its administrator (IFF_UP); whether it has a carrier does not matter to who captures. */
  readonly up: boolean;
}

export interface LinkWatch {
  /** Null: there is no such interface now. */
  state(name: string): LinkState | null;
  /** After each change of that interface. Returns what ends it. */
  on(name: string, changed: (now: LinkState | null) => void): () => void;
  /** ms: that something has changed may be known so late. */
  readonly late: number;
  /** Resolves when the first look is done. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** ms. The monitor may overflow, and events before it listens are nobody's, so all links are looked at again anyhow. */
const LOOK_AGAIN = 2_000;
const LOOK_ALWAYS = 250;
/** From the kernel to here, on a busy machine. */
const MONITOR_LATE = 100;
const RESTART = 1_000;
/** After the monitor was started: it does not say when it listens. */
const SETTLE = [50, 250];

const IFF_UP = 1;

/** `ip`: the path of iproute2; null: without it. */
export function watchLinks(ip: string | null = findProgram('ip')): LinkWatch {
  const watch = new Watch(ip);
  watch.start();
  return watch;
}

class Watch implements LinkWatch {
  readonly #ip: string | null;
  readonly #listeners = new Map<string, Set<(now: LinkState | null) => void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #links: Map<string, LinkState> = new Map();
  /** Grows with each event, so that a look that is older than one is not believed. */
  #events = 0;
  #monitor: ChildProcess | null = null;
  #stopped = false;
  ready: Promise<void> = Promise.resolve();

  constructor(ip: string | null) {
    this.#ip = ip;
  }

  start(): void {
    this.ready = this.#look();
    if (this.#ip !== null) this.#startMonitor(this.#ip);
    this.#lookAgain();
  }

  get late(): number {
    return this.#monitor === null ? LOOK_ALWAYS + MONITOR_LATE : MONITOR_LATE;
  }

  state(name: string): LinkState | null {
    return this.#links.get(name) ?? null;
  }

  on(name: string, changed: (now: LinkState | null) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(changed));
    return () => void listeners.delete(changed);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#monitor?.kill('SIGKILL');
  }

  #startMonitor(ip: string): void {
    const [program, ...args] = dieWithParent([ip, '-o', 'monitor', 'link']);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#monitor = child;
    const lines: Lines = splitLines((line) => this.#read(line));
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
    child.once('error', () => {}); // `close` comes all the same
    child.once('close', () => {
      this.#monitor = null; // busybox's ip has none: then it is asked all the time
      this.#later(RESTART, () => this.#startMonitor(ip));
    });
    for (const ms of SETTLE) this.#later(ms, () => void this.#look());
  }

  #read(line: string): void {
    const link = parseLink(line);
    if (link === null) return;
    this.#events++;
    const links = new Map(this.#links);
    // It may have had another name.
    for (const [name, { ifindex }] of links) if (ifindex === link.state.ifindex) links.delete(name);
    if (!link.deleted) links.set(link.name, link.state);
    this.#take(links);
  }

  #lookAgain(): void {
    this.#later(this.#monitor === null ? LOOK_ALWAYS : LOOK_AGAIN, () => {
      void this.#look().finally(() => this.#lookAgain());
    });
  }

  async #look(): Promise<void> {
    const events = this.#events;
    const links = (this.#ip === null ? null : await askLinks(this.#ip)) ?? readLinks();
    if (links !== null && events === this.#events && !this.#stopped) this.#take(links);
  }

  #take(links: Map<string, LinkState>): void {
    const before = this.#links;
    this.#links = links;
    for (const [name, listeners] of this.#listeners) {
      const [old, now] = [before.get(name), links.get(name)];
      if (old?.ifindex === now?.ifindex && old?.up === now?.up) continue;
      for (const changed of listeners) changed(now ?? null);
    }
  }

  #later(ms: number, work: () => void): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}

interface LinkLine {
  readonly name: string;
  readonly state: LinkState;
  readonly deleted: boolean;
}

/** `7: eth0@if4: <BROADCAST,UP> mtu …`, or `Deleted 7: …`; null for anything else. */
export function parseLink(line: string): LinkLine | null {
  const found = /^(Deleted )?(\d+): (\S+?)(?:@[^@\s]+)?: <([^>]*)>/.exec(line);
  if (found === null) return null;
  const [, deleted, ifindex, name, flags] = found;
  return {
    name: name!,
    state: { ifindex: Number(ifindex), up: flags!.split(',').includes('UP') },
    deleted: deleted !== undefined,
  };
}

/** By iproute2; null where it does not answer. */
async function askLinks(ip: string): Promise<Map<string, LinkState> | null> {
  const { code, stdout } = await runProgram(ip, ['-o', 'link', 'show']);
  if (code !== 0) return null;
  const links = stdout.split('\n').flatMap((line) => parseLink(line) ?? []);
  return new Map(links.map(({ name, state }) => [name, state]));
}

/**
 * By the kernel's files. /proc/net/dev is always that of our namespace. /sys is that of whoever mounted it (`nsenter -n` leaves
 * it as it was), so where the two do not know the same names, all that is known is that an interface exists.
 */
export function readLinks(proc = '/proc/net/dev', sys = '/sys/class/net'): Map<string, LinkState> | null {
  try {
    const names = readFileSync(proc, 'utf8')
      .split('\n')
      .flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? [])
      .sort();
    const same = readdirSync(sys).sort().join() === names.join();
    return new Map(names.map((name) => [name, same ? readLink(`${sys}/${name}`) : { ifindex: 0, up: true }]));
  } catch {
    return null; // one of them went meanwhile
  }
}

function readLink(folder: string): LinkState {
  const read = (file: string): number => Number(readFileSync(`${folder}/${file}`, 'latin1'));
  return { ifindex: read('ifindex'), up: (read('flags') & IFF_UP) !== 0 };
}
