/** The lab's command as a process of its own, for tests: as it is built, since nodes and clients are started from `dist/`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { isInstalled } from '../gateway/linux/program.ts';
import { neededPrograms } from './requirements.ts';
import { parseScenario } from './scenario.ts';

const ROOT = path.join(import.meta.dirname, '..');
const EVERYTHING = parseScenario(
  'title: x\ntraffic: [{name: a, run: wget, size: 1k}, {name: b, run: curl, size: 1k}]\nexpect: {}\n',
);

/** Whether this machine can make failovers. */
export const canRunLab =
  process.platform === 'linux' && process.getuid?.() === 0 && neededPrograms(EVERYTHING).every(isInstalled);

/** Builds what is not built, or not as the sources are. */
export function buildLab(): void {
  const setup = JSON.stringify(path.join(ROOT, 'scripts/setup.mjs'));
  execFileSync(process.execPath, ['-e', `import(${setup}).then((setup) => setup.setUp())`], {
    stdio: 'pipe',
  });
}

export interface LabCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** `diagnose lab …`; `onSaid` is given stderr as far as it has come, each time there is more. */
export function startLab(args: readonly string[], onSaid: (stderr: string) => void = () => {}): LabCommand {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/diagnose.js'), 'lab', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onSaid(stderr);
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}
