/**
 * The collector of one host of a run: `diagnose collect` with a configuration of its own, and what it says.
 * The trap: it goes on whatever happens, which is what users want; a run whose capture was killed, or found no room, shows less
 * than its scenario says, and is to end.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { type Child, startChild } from './child.ts';
import type { HostName } from './scenario.ts';

/** Of each packet what a diagnosis needs: its headers, and of an answer the length that it promises. */
const SNAPLEN = 256;
/** A run is one file of each place. */
const ONE_FILE = { rotate: { size: '4GB', age: '24h' }, keep: '64GB' };
/** One that has not begun in this time has a reason that it said. */
/** Beside much else it takes long to start; what fails for good says so itself. */
const READY_MS = 60_000;

export interface Place {
  readonly interface: string;
  readonly vantage: string;
}

export interface CollectorPlan {
  readonly run: string;
  /** Where its configuration is put, and where it writes. */
  readonly folder: string;
  readonly into: string;
  /** The command. */
  readonly diagnose: string;
  readonly onLost: (why: GatewayError) => void;
}

export class HostCollector {
  readonly #host: HostName;
  readonly #child: Child;
  readonly #onLost: CollectorPlan['onLost'];
  /** Interfaces that are captured, or of which is known why not. */
  readonly #settled = new Set<string>();
  readonly #expected: readonly string[];
  readonly #log: string[] = [];
  #changed: () => void = () => {};
  #closing = false;

  constructor(
    host: HostName,
    captures: readonly Place[],
    { run, folder, into, diagnose, onLost }: CollectorPlan,
  ) {
    this.#host = host;
    this.#onLost = onLost;
    this.#expected = captures.map((one) => one.interface);
    const config = path.join(folder, `collect-${host}.yaml`);
    const plan = { folder: into, captures, filter: '', snaplen: SNAPLEN, ...ONE_FILE };
    writeFileSync(config, JSON.stringify(plan)); // JSON is YAML
    this.#child = startChild([process.execPath, diagnose, 'collect', '--config', config, '--json'], {
      run,
      host,
      output: (line) => this.#read(line),
    });
    this.#child.ended
      .then(({ code, signal }) => {
        this.#changed();
        if (this.#closing) return;
        const how =
          signal === null ? `ended by itself (${code}): ${this.#lastWords()}` : `was ended by ${signal}`;
        onLost(new GatewayError(`the collector at ${host} ${how}`));
      })
      .catch(() => {});
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Captures all that is there. @throws GatewayError with what it said */
  async ready(): Promise<void> {
    const limit = AbortSignal.timeout(READY_MS);
    while (!this.#expected.every((name) => this.#settled.has(name))) {
      if (this.#child.end !== null || limit.aborted)
        throw new GatewayError(`the collector at ${this.#host} did not begin: ${this.#lastWords()}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async stop(): Promise<void> {
    this.#closing = true;
    await this.#child.stop('SIGINT', 10_000);
  }

  abandon(): void {
    this.#closing = true;
  }

  #read(line: string): void {
    this.#log.push(line);
    const event = eventOf(line);
    if (event === null) return;
    if (event.event === 'capturing' || event.event === 'gap') this.#settled.add(String(event.interface));
    const why = lossOf(event);
    if (why !== null && !this.#closing)
      this.#onLost(new GatewayError(`the capture at ${String(event.vantage)} ${why}`));
    this.#changed();
  }

  #lastWords(): string {
    return this.#log.slice(-2).join(' ') || 'it says nothing';
  }
}

/** Null where the line is no event. */
export function eventOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value ? { ...value } : null;
  } catch {
    return null;
  }
}

/** Why packets are lacking that did come by; an adapter that is not there yet, or has moved on, takes none. */
export function lossOf({ event, why }: Record<string, unknown>): string | null {
  if (event !== 'gap' || typeof why !== 'string') return null;
  const [, signal] = /was ended by (SIG[A-Z]+)/.exec(why) ?? [];
  if (signal !== undefined) return `was ended by ${signal}`;
  return /disk/.test(why) ? `has no room left for its file: ${why}` : null;
}
