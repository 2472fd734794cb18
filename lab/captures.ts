/**
 * Collectors at every place of the path: `diagnose collect` in each host's namespace, as users run it, from before the first
 * frame until the end.
 * The trap: an adapter that moves away is another interface where it arrives. Each node's collector waits for its adapters, and
 * captures as soon as one is up, in the time that the gateway leaves for it (`settle`); the file notes the time without.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { createCaptureReader } from '../packet/file/reader.ts';
import { HostCollector, type Place } from './host-collector.ts';
import { descendantsOf } from './processes.ts';
import type { HostName } from './scenario.ts';

const PLACES: readonly { readonly host: HostName; readonly captures: readonly Place[] }[] = [
  { host: 'client', captures: [{ interface: 'eth0', vantage: 'client' }] },
  { host: 'server', captures: [{ interface: 'eth0', vantage: 'server' }] },
  ...(['node-a', 'node-b'] as const).map((host) => ({
    host,
    captures: ['in', 'out'].map((side) => ({ interface: side, vantage: `${host}.${side}` })),
  })),
];

export interface CaptureFile {
  /** `client`, `node-a.in`. */
  readonly vantage: string;
  readonly path: string;
  /** Packets that are lacking, by the file's own words; null where it does not say. */
  readonly dropped: number | null;
}

export interface CapturesPlan {
  readonly run: string;
  /** Of the run: where configurations are put. */
  readonly folder: string;
  /** Of the results: collectors write there, and the captures go into `captures/` of it. */
  readonly out: string;
  /** The command. */
  readonly diagnose: string;
  /** A capture that is ended from outside, or that has no room, does not hold what it should show. */
  readonly onLost: (why: GatewayError) => void;
}

export class Captures {
  readonly #plan: CapturesPlan;
  readonly #collectors: HostCollector[] = [];

  constructor(plan: CapturesPlan) {
    this.#plan = plan;
  }

  /** Client, server, and the nodes' adapters, those that are there and those that come. @throws GatewayError */
  async start(): Promise<void> {
    for (const { host, captures } of PLACES)
      this.#collectors.push(new HostCollector(host, captures, { ...this.#plan, into: this.#into(host) }));
    await Promise.all(this.#collectors.map((one) => one.ready()));
  }

  /** Ends them; the files are whole then. */
  async stop(): Promise<void> {
    await Promise.all(this.#collectors.map((one) => one.stop()));
  }

  /** Compresses the files into the results, and says what each lacks. Those without a frame stay: nothing came by there. */
  async compress(): Promise<CaptureFile[]> {
    const found: CaptureFile[] = [];
    for (const { host } of PLACES) {
      const folder = path.join(this.#into(host), 'ring');
      const names = (await readdir(folder)).filter((name) => name.endsWith('.pcapng')).sort();
      for (const name of names) found.push(await this.#take(path.join(folder, name), found));
      await rm(this.#into(host), { recursive: true });
    }
    return found;
  }

  /** The run is broken off: that they end is no reason any more. */
  abandon(): void {
    for (const one of this.#collectors) one.abandon();
  }

  /** Of those whose programs a loss of power must leave alone: collectors and their engines. */
  pids(): ReadonlySet<number> {
    return descendantsOf(this.#collectors.map(({ pid }) => pid));
  }

  readonly #into = (host: HostName): string => path.join(this.#plan.out, `collected-${host}`);

  async #take(file: string, before: readonly CaptureFile[]): Promise<CaptureFile> {
    const { vantage, dropped } = await whatItSays(file);
    const same = before.filter((one) => one.vantage === vantage).length;
    const to = path.join(
      this.#plan.out,
      'captures',
      `${vantage}${same === 0 ? '' : `.${same + 1}`}.pcapng.gz`,
    );
    await pipeline(createReadStream(file), createGzip({ level: 6 }), createWriteStream(to));
    return { vantage, path: to, dropped };
  }
}

/** By its own metadata. */
async function whatItSays(file: string): Promise<{ vantage: string; dropped: number | null }> {
  const reader = createCaptureReader({ packet() {}, problem() {} });
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) reader.push(chunk);
  reader.end();
  const about = reader.notes.collector.find(({ note }) => note.note === 'file')?.note;
  if (about?.note !== 'file')
    throw new GatewayError(`${path.basename(file)} does not say where it was captured`);
  const counts = reader.interfaces.map(({ dropped }) => dropped);
  const isKnown = counts.length > 0 && counts.every((count) => count !== null);
  return {
    vantage: about.vantage,
    dropped: isKnown ? counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) : null,
  };
}
