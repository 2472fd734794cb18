/** For tests of memory and of kills: a server in a process of its own, and the most that it ever had (`VmHWM`, Linux only). */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundled, bundledWorker } from '../jobs/test-worker.ts';

export interface ChildServer {
  readonly port: number;
  readonly address: string;
  /** Bytes. */
  highestMemory(): number;
  end(): Promise<void>;
  /** By SIGKILL. */
  kill(): Promise<void>;
}

/** `port`: 0 for any. */
export async function startChildServer(folder: string, port = 0): Promise<ChildServer> {
  const script = fileURLToPath(await bundled('server/http/child-server.ts'));
  const worker = fileURLToPath(await bundledWorker());
  const child = spawn(process.execPath, [script, folder, String(port), worker], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const listening = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server ended')));
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
  });
  return {
    port: listening,
    address: `http://127.0.0.1:${listening}`,
    highestMemory: () => highestMemory(child),
    end: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

function highestMemory({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
