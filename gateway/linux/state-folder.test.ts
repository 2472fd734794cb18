/** A state folder has one process at a time, and what a killed one left is put away. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTimeOf } from './process-time.ts';
import { openStateFolder, type StateFolder } from './state-folder.ts';

/** What another process does when a lock has been read. */
const meanwhile = vi.hoisted(() => ({ act: (): void => {} }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const readFileSync = (...args: Parameters<typeof fs.readFileSync>) => {
    const text = fs.readFileSync(...args);
    const { act } = meanwhile;
    if (!String(args[0]).endsWith('node.json')) return text;
    meanwhile.act = () => {};
    act();
    return text;
  };
  return { ...fs, readFileSync };
});

let parent: string;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'stallscope-test-'));
  folder = path.join(parent, 'state');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

const lock = (pid: number, started: string | null): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'node.json'), JSON.stringify({ pid, started }));
};

/** A program of this name that goes on until it is ended, with this word in its command line. */
async function startProgram(name: string, word: string): Promise<ChildProcess> {
  const file = path.join(parent, name);
  copyFileSync('/bin/sh', file);
  // It waits without a child, which would bear its name until it is another program.
  const child = spawn(file, ['-c', 'echo up; read -r never', word], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

describe.skipIf(process.platform !== 'linux')('a state folder', () => {
  it('is made, and removed with all that is in it', async () => {
    const opened = await openStateFolder(folder);
    expect(opened.cleaned).toEqual([]);
    writeFileSync(path.join(folder, 'rendered.conf'), '');
    opened.remove();
    expect(existsSync(folder)).toBe(false);
  });

  it('is refused where it holds what no node put there, and none of that is touched', async () => {
    mkdirSync(path.join(folder, 'letters'), { recursive: true });
    writeFileSync(path.join(folder, 'letters', 'one'), 'dear');
    await expect(openStateFolder(folder)).rejects.toThrow(
      `stateFolder: ${folder} holds what is no node’s: letters`,
    );
    expect(readdirSync(folder)).toEqual(['letters']);
    expect(existsSync(path.join(folder, 'letters', 'one'))).toBe(true);
  });

  it('is its owner’s alone, also where it was there', async () => {
    mkdirSync(folder, { mode: 0o755 });
    const opened = await openStateFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    opened.remove();
  });

  it('is refused where the process that has it runs', async () => {
    const opened = await openStateFolder(folder);
    await expect(openStateFolder(folder)).rejects.toThrow(
      `is in use by a node that runs (pid ${process.pid})`,
    );
    opened.remove();
  });

  it('is taken over by one of two that find the same old lock', async () => {
    lock(2 ** 22 - 1, '1');
    let first: Promise<StateFolder> | undefined;
    meanwhile.act = () => {
      first = openStateFolder(folder);
    };
    await expect(openStateFolder(folder)).rejects.toThrow(
      `is in use by a node that runs (pid ${process.pid})`,
    );
    expect(readdirSync(folder)).toEqual(['node.json']);
    (await first!).remove();
  });

  it('is taken over from a process that is gone, and from one whose pid is another’s by now', async () => {
    for (const [pid, started] of [
      [2 ** 22 - 1, '1'],
      [process.pid, 'earlier'],
    ] as const) {
      lock(pid, started);
      writeFileSync(path.join(folder, 'control.sock'), '');
      const opened = await openStateFolder(folder);
      expect(opened.cleaned).toEqual([
        `an earlier process (${pid}) did not end by itself`,
        `left in ${folder}: control.sock`,
      ]);
      expect(readdirSync(folder)).toEqual(['node.json']);
      opened.remove();
    }
  });

  it('is taken over where the process was killed while it made its lock', async () => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'node.json'), '{"pid":');
    expect((await openStateFolder(folder)).cleaned).toEqual(['an earlier process did not end by itself']);
  });

  it('ends the daemons that an earlier process started with its files, and no others', async () => {
    lock(2 ** 22 - 1, '1');
    const left = await startProgram('conntrackd', `${folder}/conntrackd.conf`);
    const others = await startProgram('keepalived', `${folder}-other/keepalived.conf`);
    const another = await startProgram('another', `${folder}/conntrackd.conf`);
    const { cleaned } = await openStateFolder(folder);
    expect(cleaned.at(-1)).toBe(`ended conntrackd (${left.pid}), which an earlier process had started`);
    expect(startTimeOf(left.pid!)).toBeNull();
    expect(startTimeOf(others.pid!)).not.toBeNull();
    expect(startTimeOf(another.pid!)).not.toBeNull();
  });

  it('says where it cannot be made', async () => {
    writeFileSync(folder, 'a file');
    await expect(openStateFolder(folder)).rejects.toThrow(`stateFolder: ${folder} cannot be made (EEXIST)`);
  });
});
