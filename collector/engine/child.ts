/**
 * A capture program as a child: its stream, its words, its end.
 * The trap: a collector that is killed cannot end its children. The kernel ends them with it (setpriv, PR_SET_PDEATHSIG), and
 * where setpriv is missing they end at their next packet, for which they find no reader.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Engine, EnginePlan, EngineWord } from './engine.ts';
import { PcapSplitter, type SplitterTarget } from './pcap-splitter.ts';
import { findProgram } from './program.ts';
import { openWidePipe } from './wide-pipe.ts';

export interface EngineTarget extends SplitterTarget {
  word(word: EngineWord): void;
  /** All that it wrote was told before. `inOrder`: by itself, after it had written all that it had. */
  ended(why: string, hint: string, inOrder: boolean): void;
}

export interface EngineChild {
  readonly pid: number | undefined;
  /** To tell its counts. Only after `begin`: before, the signal would end it. */
  askCounts(): void;
  /** SIGTERM, and SIGKILL where that is not heeded. `why`: what `ended` is to say. */
  end(why: string): void;
}

/** ms. */
const STOP_LIMIT = 2_000;
/** What it said last is kept, for an end without a reason. */
const LONGEST_LINE = 500;
/**
 * ms. tcpdump writes packet by packet. Read one by one, each wakes this process; so after a read that was not full it waits a
 * moment, and then there is more: where the pipe has room for so long.
 */
const BETWEEN_READS = 5;
const FULL_READ = 32_768;

/** Never throws: what cannot be started has ended. */
export const startEngine = (engine: Engine, plan: EnginePlan, target: EngineTarget): EngineChild =>
  new Started(engine, plan, target);

class Started implements EngineChild {
  readonly #engine: Engine;
  readonly #target: EngineTarget;
  readonly #splitter: PcapSplitter;
  readonly #child: ChildProcess;
  /** The first one is why it ended. */
  #trouble: { readonly why: string; readonly hint: string } | null = null;
  #said = '';

  constructor(engine: Engine, plan: EnginePlan, target: EngineTarget) {
    this.#engine = engine;
    this.#target = target;
    this.#splitter = new PcapSplitter(target);
    const [program, ...args] = dieWithParent(engine.command(plan));
    const pipe = openWidePipe();
    this.#child = spawn(program, args, {
      stdio: ['ignore', pipe?.write ?? 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (pipe !== null) closeSync(pipe.write);
    const out = pipe?.stream ?? this.#child.stdout; // null where there was no descriptor left
    const lines = splitLines((line) => this.#heard(line));
    this.#child.stderr?.on('data', (chunk: Buffer) => lines.push(chunk));
    this.#child.on('error', (error) => this.#blame(`${engine.name} cannot be run: ${error.message}`));
    const closed = [this.#closed(), ...(out === null ? [] : [this.#read(out, pipe !== null)])];
    void Promise.all(closed).then(() => {
      lines.end();
      this.#ended();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  askCounts(): void {
    if (this.#engine.countsSignal !== null) this.#child.kill(this.#engine.countsSignal);
  }

  end(why: string): void {
    this.#blame(why);
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT);
    this.#child.once('close', () => clearTimeout(timer));
  }

  #closed(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      // One that could not be started may not close; a signal that could not be sent is no end.
      this.#child.once('error', () => this.#child.pid === undefined && resolve());
    });
  }

  #read(out: Readable, isWide: boolean): Promise<void> {
    out.on('error', () => {}); // then nothing more comes, and it closes
    out.on('data', (chunk: Buffer) => {
      if (this.#splitter.fault !== null) return;
      const fault = this.#splitter.push(chunk);
      if (fault !== null) {
        this.#blame(`${this.#engine.name}: ${fault}`);
        this.#child.kill('SIGKILL');
      } else if (isWide && chunk.length < FULL_READ) {
        out.pause();
        setTimeout(() => out.resume(), BETWEEN_READS);
      }
    });
    return new Promise((resolve) => out.once('close', () => resolve()));
  }

  #heard(line: string): void {
    this.#said = line;
    const word = this.#engine.read(line);
    if (word?.word === 'trouble') this.#blame(word.why, word.hint);
    if (word !== null) this.#target.word(word);
  }

  #blame(why: string, hint = ''): void {
    this.#trouble ??= { why, hint };
  }

  #ended(): void {
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `ended with exit code ${exitCode}` : `was ended by ${signalCode}`;
    const last = signalCode === null && this.#said !== '' ? `: ${this.#said}` : '';
    const { why, hint } = this.#trouble ?? { why: `${this.#engine.name} ${how}${last}`, hint: '' };
    this.#target.ended(why, hint, exitCode === 0);
  }
}

/** The command, ended by the kernel with this process where setpriv (util-linux) is there. */
export function dieWithParent(command: readonly string[]): [string, ...string[]] {
  const setpriv = findProgram('setpriv');
  const [program = '', ...args] = command;
  return setpriv === null ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', program, ...args];
}

export interface Lines {
  push(chunk: Buffer): void;
  /** What had no end of line is a line, too. */
  end(): void;
}

/** Lines as they are whole; those that are too long are cut. */
export function splitLines(onLine: (line: string) => void, longest = LONGEST_LINE): Lines {
  let rest = '';
  const tell = (line: string): void => {
    if (line.trim() !== '') onLine(line.trimEnd().slice(0, longest));
  };
  return {
    push: (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = (lines.pop() ?? '').slice(0, longest);
      for (const line of lines) tell(line);
    },
    end: () => {
      tell(rest);
      rest = '';
    },
  };
}
