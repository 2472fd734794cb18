/**
 * For tests: a network namespace with a collector in it, links that come and go, and frames of any kind on them.
 * The trap: a test that waits for a time is right on an idle machine only; here everything waits for what was said.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { splitLines } from './child.ts';
import { findProgram } from './program.ts';
import type { TestCollectorPlan } from './test-collector.ts';

export const canMakeNamespaces = process.getuid?.() === 0 && findProgram('ip') !== null;
export const canCapture = canMakeNamespaces && findProgram('tcpdump') !== null;

export interface TestNamespace {
  readonly name: string;
  /** `ip -n NAMESPACE …` */
  ip(words: string): void;
  /** Another one, by its short name. */
  other(role: string): TestNamespace;
  /** Sends whole frames on an interface of it. */
  send(device: string, frames: readonly Uint8Array[]): void;
  collect(plan: TestCollectorPlan): Promise<TestCollector>;
  /** Ends what runs in it, removes it and the others. */
  close(): Promise<void>;
}

/** With a veth pair, `v0` to `v1`, both up. `program`: `test-collector.ts`, bundled. */
export function makeNamespace(program: URL): TestNamespace {
  const id = `stallscope-t${randomBytes(3).toString('hex')}`;
  const made: string[] = [];
  const collectors: TestCollector[] = [];
  const make = (role: string): TestNamespace => {
    const name = `${id}-${role}`;
    execFileSync('ip', ['netns', 'add', name]);
    made.push(name);
    const ip = (words: string): void =>
      void execFileSync('ip', ['-n', name, ...words.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
    ip('link set lo up');
    return {
      name,
      ip,
      other: make,
      send: (device, frames) => sendFrames(name, device, frames),
      collect: async (plan) => {
        const collector = await startCollector(name, program, plan);
        collectors.push(collector);
        return collector;
      },
      close: async () => {
        for (const collector of collectors) await collector.kill();
        for (const namespace of made.splice(0)) execFileSync('ip', ['netns', 'delete', namespace]);
      },
    };
  };
  const namespace = make('a');
  addPair(namespace);
  return namespace;
}

export function addPair({ ip }: TestNamespace): void {
  ip('link add v0 type veth peer name v1');
  ip('link set v0 up');
  ip('link set v1 up');
}

/** An ARP request of 42 bytes, with a number to know it by. */
export function arp(number: number): Uint8Array {
  const frame = new Uint8Array(42).fill(0xff, 0, 6);
  frame.set([2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1], 6);
  frame.set([10, 0, 0, number], 38);
  return frame;
}

/** The process of that name below another one; null: there is none. */
export function childOf(pid: number, name: string): number | null {
  for (const entry of readdirSync('/proc').filter((folder) => /^\d+$/.test(folder))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const [, id, comm, parent] = /^(\d+) \((.*)\) \S (\d+)/.exec(stat) ?? [];
      if (comm === name && Number(parent) === pid) return Number(id);
    } catch {
      // it has ended
    }
  }
  return null;
}

/** What the collector said, a line. */
export type Said = Readonly<Record<string, unknown>>;

export interface TestCollector {
  readonly said: readonly Said[];
  readonly pid: number;
  /** The first line from `from` on that is so, and where it stands. @throws after 15 s */
  heard(what: string, is: (said: Said) => boolean, from?: number): Promise<number>;
  stop(): Promise<void>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
}

async function startCollector(
  namespace: string,
  program: URL,
  plan: TestCollectorPlan,
): Promise<TestCollector> {
  const args = ['netns', 'exec', namespace, process.execPath, fileURLToPath(program), JSON.stringify(plan)];
  const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  const lines = splitLines((line) => said.push(JSON.parse(line) as Said), 1_000_000);
  child.stdout.on('data', (chunk: Buffer) => {
    lines.push(chunk);
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    said,
    pid: child.pid!,
    heard: (what, is, from = 0) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(
            new Error(`not heard: ${what}; but:\n${said.map((line) => JSON.stringify(line)).join('\n')}`),
          );
        }, 15_000);
        const look = (): void => {
          const found = said.findIndex((line, i) => i >= from && is(line));
          if (found < 0) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      child.stdin.write('\n');
      await ended;
    },
    kill: async () => {
      if (isRunning(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const CLONE_NEWNET = 0x40000000;

/** From within the namespace: the socket stays there. */
function sendFrames(namespace: string, device: string, frames: readonly Uint8Array[]): void {
  const libc = koffi.load('libc.so.6');
  const setns = libc.func('int setns(int, int)');
  const home = openSync('/proc/self/ns/net', 'r');
  const there = openSync(`/run/netns/${namespace}`, 'r');
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${namespace}`);
    const socket = libc.func('int socket(int, int, int)')(AF_PACKET, SOCK_RAW, 0) as number;
    const address = new DataView(new ArrayBuffer(20)); // struct sockaddr_ll
    address.setUint16(0, AF_PACKET, true);
    address.setInt32(4, libc.func('int if_nametoindex(const char *)')(device) as number, true);
    const sendto = libc.func('int64 sendto(int, const uint8 *, size_t, int, const uint8 *, uint32)');
    for (const frame of frames) {
      const sent = Number(sendto(socket, frame, frame.length, 0, new Uint8Array(address.buffer), 20));
      if (sent !== frame.length) throw new Error(`a frame of ${frame.length} bytes is refused by ${device}`);
    }
    closeSync(socket);
  } finally {
    setns(home, CLONE_NEWNET);
    closeSync(there);
    closeSync(home);
  }
}
