/**
 * tcpdump at every place of the path, each file from before the first frame until it is closed.
 * The trap: an adapter that moves away ends the capture of it, and is another interface where it arrives; so links
 * are watched, and a capture begins as soon as one is up, in the time that the gateway leaves for it
 * (`settle`). One that comes back begins a second file of the same vantage.
 */
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { type Child, startChild } from './child.ts';
import type { HostName } from './scenario.ts';

/** Of each packet what a diagnosis needs: its headers, and of an answer the length that it promises. */
const SNAPLEN = '256';
const TCPDUMP = ['tcpdump', '-Z', 'root', '-n', '-s', SNAPLEN, '-B', '10240', '--immediate-mode', '-U'];

/** A program that has not begun to listen in this time has a reason that it printed. */
const READY_MS = 10_000;

/** What tcpdump says where it cannot write. */
const FULL = /No space left|quota exceeded|too large/i;

export interface CaptureFile {
  /** `client`, `node-a.in`. */
  readonly vantage: string;
  readonly path: string;
  /** By tcpdump's own count; null where it did not say. */
  readonly dropped: number | null;
}

interface Running {
  readonly host: HostName;
  readonly device: string;
  readonly vantage: string;
  readonly file: string;
  readonly child: Child;
  readonly said: string[];
  readonly ready: Promise<void>;
}

export class Captures {
  readonly #run: string;
  readonly #folder: string;
  readonly #all: Running[] = [];
  readonly #monitors: Child[] = [];
  readonly #onKilled: (why: GatewayError) => void;
  #closing = false;

  /** `onKilled` is called where a capture is ended from outside: what it should show is not there then. */
  constructor(run: string, folder: string, onKilled: (why: GatewayError) => void) {
    this.#run = run;
    this.#folder = folder;
    this.#onKilled = onKilled;
  }

  /** Client, server, and the nodes' adapters, those that are there and those that come. @throws GatewayError */
  async start(): Promise<void> {
    for (const node of ['node-a', 'node-b'] as const) this.#watch(node);
    this.#capture('client', 'eth0', 'client');
    this.#capture('server', 'eth0', 'server');
    for (const node of ['node-a', 'node-b'] as const) await this.#captureThere(node);
    await this.ready();
  }

  /** All that were begun do capture. @throws GatewayError with what tcpdump said */
  async ready(): Promise<void> {
    await Promise.all(this.#all.map(({ ready }) => ready));
  }

  /** Ends them. */
  async stop(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#monitors.map((child) => child.stop()));
    await Promise.all(this.#all.map(({ child }) => child.stop('SIGINT')));
  }

  /** Compresses the files, and says what each has. Files without a frame stay: nothing came by there. */
  async compress(): Promise<CaptureFile[]> {
    const files: CaptureFile[] = [];
    for (const { vantage, file, said } of this.#all) {
      await compress(file);
      files.push({ vantage, path: `${file}.gz`, dropped: droppedIn(said) });
    }
    return files;
  }

  /** The run is broken off: none is begun any more. */
  abandon(): void {
    this.#closing = true;
  }

  /** Of those whose programs a loss of power must leave alone. */
  pids(): ReadonlySet<number> {
    return new Set(
      [...this.#all, ...this.#monitors.map((child) => ({ child }))].map(({ child }) => child.pid),
    );
  }

  #watch(node: 'node-a' | 'node-b'): void {
    const take = (line: string): void => {
      const device = upDevice(line);
      if (device !== null && !this.#closing) this.#capture(node, device, `${node}.${device}`);
    };
    const monitor = startChild(['ip', '-o', 'monitor', 'link'], { run: this.#run, host: node, output: take });
    this.#monitors.push(monitor);
    this.#hearOfKill(monitor, `the watch of ${node}'s links`);
  }

  /** A capture whose adapter goes away ends by itself, with an exit code; others do so where they cannot go on, such as on a full disk. */
  #hearOfKill(child: Child, what: string, mayLeave?: { readonly said: readonly string[] }): void {
    const tell = (by: string | null): void => {
      const isFull = mayLeave?.said.some((line) => FULL.test(line)) === true;
      const ended = by !== null ? `was ended by ${by}` : isFull ? 'has no room left for its file' : null;
      const why = ended ?? (mayLeave === undefined ? 'ended by itself' : null);
      if (why !== null && !this.#closing) this.#onKilled(new GatewayError(`${what} ${why}`));
    };
    child.ended.then(({ signal }) => tell(signal)).catch(() => {});
  }

  async #captureThere(node: 'node-a' | 'node-b'): Promise<void> {
    const lines: string[] = [];
    const show = startChild(['ip', '-o', 'link', 'show', 'up'], {
      run: this.#run,
      host: node,
      output: (line) => lines.push(line),
    });
    await show.ended;
    for (const device of lines.flatMap((line) => upDevice(line) ?? []))
      this.#capture(node, device, `${node}.${device}`);
  }

  #capture(host: HostName, device: string, vantage: string): void {
    const same = this.#all.filter((one) => one.vantage === vantage);
    if (same.some(({ child }) => child.end === null)) return;
    const file = path.join(this.#folder, `${vantage}${same.length === 0 ? '' : `.${same.length + 1}`}.pcap`);
    const said: string[] = [];
    let listens = (): void => {};
    const listening = new Promise<void>((resolve) => {
      listens = resolve;
    });
    const child = startChild([...TCPDUMP, '--time-stamp-precision=nano', '-i', device, '-w', file], {
      run: this.#run,
      host,
      output: (line) => {
        said.push(line);
        if (line.includes('listening on')) listens();
      },
    });
    const ready = whenReady(
      child,
      listening,
      () => `tcpdump at ${vantage}: ${said.join(' ') || 'says nothing'}`,
    );
    ready.catch(() => {}); // an adapter may leave again before its capture has begun
    this.#hearOfKill(child, `the capture at ${vantage}`, { said });
    this.#all.push({ host, device, vantage, file, child, said, ready });
  }
}

async function whenReady(child: Child, listening: Promise<void>, why: () => string): Promise<void> {
  const timeout = new AbortController();
  const isReady = await Promise.race([
    listening.then(() => true),
    child.ended.then(() => false),
    sleep(READY_MS, false, { signal: timeout.signal, ref: false }),
  ]);
  timeout.abort();
  if (!isReady) throw new GatewayError(why());
}

/** The node's `in` or `out`, where a line of `ip -o link` shows that it is up. */
export function upDevice(line: string): 'in' | 'out' | null {
  const [, device, flags = ''] = /^\d+: (in|out)(?:@[^:]*)?: <([^>]*)>/.exec(line) ?? [];
  return device !== undefined && flags.split(',').includes('UP') ? (device as 'in' | 'out') : null;
}

/** `12 packets dropped by kernel` */
export function droppedIn(said: readonly string[]): number | null {
  const counts = said.flatMap((line) => /^(\d+) packets? dropped by kernel/.exec(line)?.[1] ?? []);
  return counts.length === 0 ? null : counts.map(Number).reduce((sum, one) => sum + one, 0);
}

async function compress(file: string): Promise<void> {
  await pipeline(createReadStream(file), createGzip({ level: 6 }), createWriteStream(`${file}.gz`));
  rmSync(file);
}
