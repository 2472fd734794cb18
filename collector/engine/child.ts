/**
 * A capture program as a child: its stream, its words, its end.
 * The trap: a collector that is killed cannot end its children. The kernel ends them with it (setpriv, PR_SET_PDEATHSIG), and
 * where setpriv is missing they end at their next packet, for which they find no reader.
 */
import { spawn } from 'node:child_process';
import type { Engine, EnginePlan, EngineWord } from './engine.ts';
import { PcapSplitter, type SplitterTarget } from './pcap-splitter.ts';
import { findProgram } from './program.ts';

export interface EngineTarget extends SplitterTarget {
  word(word: EngineWord): void;
  /** All that it wrote was told before. */
  ended(why: string, hint: string): void;
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
 * moment, and then there is more. The kernel's buffer holds a second.
 */
const BETWEEN_READS = 5;
const FULL_READ = 32_768;

export function startEngine(engine: Engine, plan: EnginePlan, target: EngineTarget): EngineChild {
  const [program, ...args] = dieWithParent(engine.command(plan));
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let trouble: { why: string; hint: string } | null = null;
  let said = '';
  const splitter = new PcapSplitter(target);
  const blame = (why: string, hint = ''): void => {
    trouble ??= { why, hint };
  };
  const out = child.stdout;
  out.on('data', (chunk: Buffer) => {
    if (splitter.fault !== null) return;
    const fault = splitter.push(chunk);
    if (fault !== null) {
      blame(`${engine.name}: ${fault}`);
      child.kill('SIGKILL');
    } else if (chunk.length < FULL_READ && child.exitCode === null) {
      out.pause();
      setTimeout(() => out.resume(), BETWEEN_READS);
    }
  });
  const lines = splitLines((line) => {
    said = line;
    const word = engine.read(line);
    if (word?.word === 'trouble') blame(word.why, word.hint);
    if (word !== null) target.word(word);
  });
  child.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
  child.once('error', (error) => blame(`${engine.name} cannot be started: ${error.message}`));
  child.once('close', (code, signal) => {
    lines.end();
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    const last = signal === null && said !== '' ? `: ${said}` : '';
    target.ended(trouble?.why ?? `${engine.name} ${how}${last}`, trouble?.hint ?? '');
  });
  return {
    pid: child.pid,
    askCounts: () => {
      if (engine.countsSignal !== null) child.kill(engine.countsSignal);
    },
    end: (why) => {
      blame(why);
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
      child.once('close', () => clearTimeout(timer));
    },
  };
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
