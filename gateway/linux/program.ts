/**
 * Other programs: run to their end, with their output, or a sentence on why not.
 * The trap: a program that is missing and one that refuses look alike to Node; people need to know which.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { GatewayError } from './forwarder.ts';

export interface RunOptions {
  /** To its standard input. */
  readonly input?: string;
  /** ms. */
  readonly timeout?: number;
}

/** What it printed. @throws GatewayError with the program's own last line, or that it is not installed */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: options.timeout ?? 15_000, maxBuffer: 256 << 20, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(explain(program, args, error, stderr));
      },
    );
    child.stdin?.on('error', () => {}); // it may have ended before it read all
    child.stdin?.end(options.input ?? '');
  });
}

function explain(program: string, args: readonly string[], error: Error, stderr: string): GatewayError {
  if ('code' in error && error.code === 'ENOENT')
    return new GatewayError(`${program} is not installed`, `apt-get install ${PACKAGES[program] ?? program}`);
  const lines = stderr.trim().split('\n');
  // Below its error, nft shows the rule and points at the place.
  const said = lines.find((line) => line.includes('Error: ')) ?? (lines.at(-1) || howEnded(error));
  return new GatewayError(`${[program, ...args].join(' ')}: ${said}`, '', { cause: error });
}

/** Of one that said nothing. */
const howEnded = (error: Error & { code?: unknown; signal?: unknown }): string => {
  if (typeof error.code === 'number') return `exit code ${error.code}`;
  return error.signal ? `ended by ${String(error.signal)}` : error.message.trim();
};

/** Debian's names where they differ from the program's. */
export const PACKAGES: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  ss: 'iproute2',
  nft: 'nftables',
  setpriv: 'util-linux',
  sysctl: 'procps',
  nginx: 'nginx-light',
};

/** Where root finds programs, whatever the caller's own path: daemons are in sbin. */
const SYSTEM = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** On the caller's path, or where root finds programs. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':').filter((folder) => folder !== ''), ...SYSTEM];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Of these, those that are not installed, each once, and Debian's packages that have them. */
export function missingPrograms(programs: readonly string[]): { programs: string[]; packages: string[] } {
  const missing = [...new Set(programs)].filter((program) => !isInstalled(program));
  return {
    programs: missing,
    packages: [...new Set(missing.map((program) => PACKAGES[program] ?? program))],
  };
}
