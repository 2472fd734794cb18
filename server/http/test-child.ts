/** For tests of memory: a server in a process of its own, and the most that it ever had (`VmHWM`, Linux only). */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundled } from '../jobs/test-worker.ts';

export interface ChildServer {
  readonly port: number;
  readonly address: string;
  /** Bytes. */
  highestMemory(): number;
  end(): Promise<void>;
}

export async function startChildServer(folder: string): Promise<ChildServer> {
  const script = fileURLToPath(await bundled('server/http/child-server.ts'));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server ended')));
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
  });
  return {
    port,
    address: `http://127.0.0.1:${port}`,
    highestMemory: () => highestMemory(child),
    end: () => end(child),
  };
}

function highestMemory({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
