/**
 * A gateway node of a run: the same `diagnose gateway run` that an operator starts, told what to do by the same
 * control socket.
 * The trap: a node may end although nobody asked it to, and a run that goes on without one shows something else
 * than its scenario says; so its end is reported, unless it was pulled out.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type NodeConfig, type NodeConfigInput, nodeConfigSchema } from '../gateway/config.ts';
import { askNode } from '../gateway/linux/control-client.ts';
import type { Answer, Request, Status } from '../gateway/linux/control-words.ts';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import type { NodeName } from './addresses.ts';
import { type Child, startChild } from './child.ts';

/** Until its daemons are up, on a machine that does much else. */
const READY_MS = 30_000;

export type Step = Extract<Answer, { kind: 'step' }>;

export class GatewayNode {
  readonly name: NodeName;
  readonly config: NodeConfig;
  /** All that may be there. */
  readonly devices: readonly string[];
  readonly #said: string[] = [];
  #child: Child | null = null;
  #mayEnd = false;

  readonly #file: string;

  constructor(input: NodeConfigInput, file: string) {
    this.config = nodeConfigSchema.parse(input);
    this.name = this.config.node as NodeName;
    this.devices = [this.config.inside.interface, this.config.outside.interface, this.config.sync.interface];
    this.#file = file;
    writeFileSync(file, stringify(input));
  }

  /** `onEnd` is called where it ends although nobody asked it to. */
  start(run: string, program: string, onEnd: (why: GatewayError) => void): void {
    const command = [process.execPath, program, 'gateway', 'run', '--config', this.#file];
    this.#child = startChild(command, {
      run,
      host: this.name,
      output: (line) => this.#said.push(line),
    });
    void this.#child.ended.then(() => {
      if (!this.#mayEnd) onEnd(new GatewayError(`${this.name} ended: ${this.#lastWords()}`));
    });
  }

  /** Everything that it printed. */
  get output(): string {
    return this.#said.map((line) => `${line}\n`).join('');
  }

  /** Resolves when it is what it starts as. @throws GatewayError */
  async ready(signal: AbortSignal): Promise<void> {
    const wanted = this.config.start;
    await this.#until((status) => status.role === wanted, READY_MS, `is not ${wanted}`, signal);
  }

  /** @throws GatewayError */
  async untilActive(longest: number, signal: AbortSignal): Promise<void> {
    await this.#until(({ role }) => role === 'active', longest, 'does not take over', signal);
  }

  async isActive(): Promise<boolean> {
    try {
      return (await this.#status()).role === 'active';
    } catch {
      return false;
    }
  }

  /** Without asking the peer; resolves when it forwards. `onStep` hears of each step as it is answered. @throws GatewayError */
  async takeOver(onStep: (step: Step) => void): Promise<void> {
    await this.#tell({ command: 'take-over', force: true }, onStep);
  }

  /** Resolves when it has given the role up. @throws GatewayError */
  async release(): Promise<void> {
    await this.#tell({ command: 'release' }, () => {});
  }

  /** From now on its end is no failure. */
  expectEnd(): void {
    this.#mayEnd = true;
  }

  async stop(): Promise<void> {
    this.#mayEnd = true;
    await this.#child?.stop('SIGTERM', 5000);
  }

  async #until(
    holds: (status: Status) => boolean,
    longest: number,
    not: string,
    signal: AbortSignal,
  ): Promise<void> {
    const began = performance.now();
    let last = 'it does not answer';
    while (performance.now() - began < longest) {
      try {
        const status = await this.#status();
        if (holds(status)) return;
        last = `it is ${status.role}`;
      } catch (error) {
        last = (error as Error).message;
      }
      if (this.#child?.end) break;
      await sleep(50, undefined, { signal });
    }
    throw new GatewayError(`${this.name} ${not}: ${this.#child?.end ? this.#lastWords() : last}`);
  }

  async #tell(request: Request, onStep: (step: Step) => void): Promise<void> {
    const end = await askNode(this.config, request, (answer) => answer.kind === 'step' && onStep(answer));
    if (!end.ok) throw new GatewayError(`${this.name} could not: ${end.why ?? `it is ${end.role}`}`);
  }

  async #status(): Promise<Status> {
    let found: Status | null = null;
    await askNode(this.config, { command: 'status' }, (answer) => {
      if (answer.kind === 'status') found = answer.status;
    });
    if (found === null) throw new GatewayError(`${this.name} does not say what it is`);
    return found;
  }

  #lastWords(): string {
    return (
      this.#said
        .filter((line) => line.trim() !== '')
        .slice(-2)
        .join('; ') || 'it said nothing'
    );
  }
}
