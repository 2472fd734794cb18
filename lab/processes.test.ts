import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findProcesses, RUN_MARK } from './processes.ts';

it.skipIf(process.platform !== 'linux')(
  'a process in a namespace is another run\u2019s where its mark says so: numbers of namespaces are used again',
  async () => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, [RUN_MARK]: 'aaaaaa' } });
    try {
      await once(child, 'spawn');
      const here = Number(/\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0]);
      const finds = (namespaces: number[], runs: string[]): boolean =>
        findProcesses({ namespaces: new Set(namespaces), runs: new Set(runs) }).includes(child.pid!);
      expect(finds([here], ['bbbbbb'])).toBe(false);
      expect(finds([here], [])).toBe(true);
      expect(finds([], ['aaaaaa'])).toBe(true);
      expect(finds([], [])).toBe(false);
      expect(findProcesses({ namespaces: new Set([here]), runs: new Set() })).not.toContain(process.pid);
    } finally {
      child.kill('SIGKILL');
    }
  },
);
