/**
 * Client, two routers and a server in network namespaces, joined by veth pairs whose router ends move from node to node,
 * MAC and all. Everything is made here and goes with `remove`, whatever has failed before.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { NodeConfigInput } from '../../gateway/config.ts';
import type { Forwarder } from '../../gateway/linux/forwarder.ts';
import { bundleOptions } from '../../scripts/build.mjs';
import type { Line } from './forwarder-process.ts';

export type Place = 'client' | 'a' | 'b' | 'server';
type NodePlace = 'a' | 'b';
type Methods = { [Name in keyof Forwarder]: () => ReturnType<Forwarder[Name]> };

export interface RouterNode extends Methods {
  readonly troubles: string[];
  readonly journal: unknown[];
  readonly child: ChildProcess;
}

const ADDRESSES: Record<'in' | 'out', readonly string[]> = {
  in: ['10.0.1.1/24', 'fd00:0:0:1::1/64'],
  out: ['10.0.2.1/24', 'fd00:0:0:2::1/64'],
};
const execute = promisify(execFile);

export class RouterPair {
  readonly #id = `stallscope-t${randomBytes(3).toString('hex')}`;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'stallscope-routers-'));
  readonly #children = new Set<ChildProcess>();

  readonly namespace = (place: Place): string => `${this.#id}-${place}`;
  readonly stateFolder = (place: NodePlace): string => path.join(this.#folder, place);

  async make(): Promise<void> {
    for (const place of ['client', 'a', 'b', 'server'] as const) {
      await execute('ip', ['netns', 'add', this.namespace(place)]);
      await this.ip(place, 'link set lo up');
    }
    await this.ip('client', `link add eth0 type veth peer name in netns ${this.namespace('a')}`);
    await this.ip('server', `link add eth0 type veth peer name out netns ${this.namespace('a')}`);
    await this.ip('a', `link add sync type veth peer name sync netns ${this.namespace('b')}`);
    for (const [place, end] of [
      ['client', 1],
      ['server', 2],
    ] as const) {
      await this.ip(place, `address add 10.0.${end}.10/24 dev eth0`);
      await this.ip(place, `address add fd00:0:0:${end}::10/64 dev eth0 nodad`);
      await this.ip(place, 'link set eth0 up');
      await this.ip(place, `route add default via 10.0.${end}.1`);
      await this.ip(place, `-6 route add default via fd00:0:0:${end}::1`);
    }
    for (const [place, last] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      await this.ip(place, `address add 10.255.0.${last}/30 dev sync`);
      await this.ip(place, 'link set sync up');
    }
    await build({
      ...bundleOptions(),
      entryPoints: [path.join(import.meta.dirname, 'forwarder-process.ts')],
      outfile: path.join(this.#folder, 'node.mjs'),
    });
  }

  async ip(place: Place, command: string): Promise<string> {
    return (await execute('ip', ['-n', this.namespace(place), ...command.split(' ')])).stdout;
  }

  /** Runs a program to its end. @returns what it printed */
  async run(place: Place, program: string, ...args: string[]): Promise<string> {
    return (await execute('ip', ['netns', 'exec', this.namespace(place), program, ...args])).stdout;
  }

  /** A program of Node, given as text; ended by `remove` at the latest. */
  script(place: Place, text: string, ...args: string[]): Script {
    const child = this.#spawn(place, [process.execPath, '-e', text, ...args]);
    const script: Script = { child, lines: [], input: (line) => child.stdin!.write(`${line}\n`) };
    createInterface(child.stdout!).on('line', (line) => script.lines.push(line));
    child.stderr!.on('data', (data: Buffer) => script.lines.push(data.toString()));
    return script;
  }

  /** A node that has not been prepared yet. */
  async node(
    place: NodePlace,
    forwarding: Omit<Extract<NodeConfigInput['forwarding'], { forwarder: 'routed' }>, 'forwarder'>,
  ): Promise<RouterNode> {
    const file = path.join(this.#folder, `${place}.yaml`);
    mkdirSync(this.stateFolder(place), { recursive: true });
    writeFileSync(file, JSON.stringify(this.#config(place, { ...forwarding, forwarder: 'routed' })));
    const child = this.#spawn(place, [process.execPath, path.join(this.#folder, 'node.mjs'), file]);
    const waiting: { resolve: (value: unknown) => void; reject: (why: Error) => void }[] = [];
    const troubles: string[] = [];
    const journal: unknown[] = [];
    createInterface(child.stdout!).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if ('trouble' in line) troubles.push(line.trouble);
      else if ('journal' in line) journal.push(line.journal);
      else if ('error' in line) waiting.shift()?.reject(new Error(`${line.error} (${line.hint})`));
      else waiting.shift()?.resolve(line.answer);
    });
    child.once('exit', () => {
      for (const one of waiting) one.reject(new Error(`node ${place} has ended: ${troubles.at(-1) ?? ''}`));
    });
    child.stderr!.on('data', (data: Buffer) => troubles.push(data.toString()));
    const call = (name: keyof Forwarder) => () =>
      new Promise<never>((resolve, reject) => {
        waiting.push({ resolve: resolve as (value: unknown) => void, reject });
        child.stdin!.write(`${name}\n`);
      });
    return {
      troubles,
      journal,
      child,
      prepare: call('prepare'),
      startForwarding: call('startForwarding'),
      stopForwarding: call('stopForwarding'),
      commitState: call('commitState'),
      flushState: call('flushState'),
      lostConnections: call('lostConnections'),
      status: call('status'),
      close: call('close'),
    };
  }

  /** Takes both adapters from one node to the other, as a cloud does; no addresses are on them then. */
  async move(from: NodePlace, to: NodePlace): Promise<void> {
    for (const device of ['in', 'out']) {
      await this.ip(from, `link set ${device} netns ${this.namespace(to)}`);
      await this.ip(to, `link set ${device} up`);
    }
  }

  async raise(place: NodePlace): Promise<void> {
    for (const device of ['in', 'out'] as const) {
      await this.ip(place, `link set ${device} up`);
      for (const address of ADDRESSES[device])
        await this.ip(
          place,
          `address replace ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`,
        );
    }
  }

  /** Ends all programs and waits for that; the network stays. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.stdin!.end();
        child.kill('SIGTERM');
        const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
        await ended;
        clearTimeout(killer);
      }),
    );
    this.#children.clear();
  }

  async remove(): Promise<void> {
    await this.stopAll();
    for (const place of ['client', 'a', 'b', 'server'] as const)
      await execute('ip', ['netns', 'delete', this.namespace(place)]).catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(place: Place, command: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.namespace(place), ...command], { stdio: 'pipe' });
    child.stdin.on('error', () => {});
    this.#children.add(child);
    return child;
  }

  #config(place: NodePlace, forwarding: NodeConfigInput['forwarding']): NodeConfigInput {
    const [own, other] = place === 'a' ? ['10.255.0.1', '10.255.0.2'] : ['10.255.0.2', '10.255.0.1'];
    const peer = place === 'a' ? 'b' : 'a';
    return {
      node: `node-${place}`,
      peer: `node-${peer}`,
      start: place === 'a' ? 'active' : 'standby',
      inside: { interface: 'in', addresses: [...ADDRESSES.in] },
      outside: { interface: 'out', addresses: [...ADDRESSES.out] },
      forwarding,
      move: { by: 'adapter', namespace: this.namespace(place), peerNamespace: this.namespace(peer) },
      sync: { interface: 'sync', address: own!, peerAddress: other!, keyFile: 'none' },
      journal: 'none',
      stateFolder: this.stateFolder(place),
    };
  }
}

export interface Script {
  readonly child: ChildProcess;
  readonly lines: string[];
  input(line: string): void;
}

/** Waits until it is so; the test's own limit ends a wait in vain. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}
