/**
 * Any process of the lab is killed at any moment, and the next command finds and removes what is left: namespaces,
 * processes, files. Runs that are under way meanwhile are not touched.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcesses, signal } from './processes.ts';
import { inodeOf, listNamespaces, listRuns, RUNS } from './run-folder.ts';
import { buildLab, canRunLab, type LabCommand, startLab } from './test-command.ts';

const SHORT = `
title: a short one, to be broken
outage: 1500ms
watch: 4s
steps: [{ at: 1s, do: { takeOver: node-b } }]
traffic: [{ name: download, run: wget, size: 2M }]
expect:
  download: { outcome: [resumed], cause: [rto-backoff, outage, null], says: {} }
`;

/** Several at once, on a machine that does much else. */
const LONGEST_MS = 240_000;

/** Words of its command line. */
const VICTIMS = {
  'the lab': '',
  'node A': 'node-a.yaml',
  'node B': 'node-b.yaml',
  'a conntrackd': 'conntrackd',
  'a capture': 'tcpdump',
  'the client': 'wget',
  'the web server': 'nginx',
  'the app server': 'lab-server.js',
} as const;
type Victim = keyof typeof VICTIMS;

/** What the lab says when the moment has come; then so many ms more. */
const MOMENTS = {
  'while it builds': ['short: building', 150],
  'while its programs start': ['short: building', 700],
  'while the client downloads': ['download starts', 300],
  'in the outage': ['node-b takes over', 500],
  'after it': ['the path is back', 200],
  'while it stops': ['short: stopping', 30],
  'while it diagnoses': ['short: diagnosing', 0],
} as const;
type MomentName = keyof typeof MOMENTS;

const CASES: [Victim, MomentName][] = [
  ...(Object.keys(MOMENTS) as MomentName[]).map((moment): [Victim, MomentName] => ['the lab', moment]),
  ['node A', 'while the client downloads'],
  ['node B', 'in the outage'],
  ['a conntrackd', 'while the client downloads'],
  ['a capture', 'in the outage'],
  ['the client', 'after it'],
  ['the web server', 'while the client downloads'],
  ['the app server', 'in the outage'],
];

describe.skipIf(!canRunLab)('what killed runs leave (needs root, tcpdump, nginx, conntrackd, …)', () => {
  let folder = '';
  const commands: LabCommand[] = [];
  const start = (args: readonly string[], onSaid?: (said: string) => void): LabCommand => {
    const command = startLab(args, onSaid);
    commands.push(command);
    return command;
  };

  beforeAll(() => {
    buildLab();
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-sweep-'));
    writeFileSync(path.join(folder, 'short.yaml'), SHORT);
  });
  afterAll(async () => {
    for (const { child } of commands) child.kill('SIGKILL');
    await Promise.all(commands.map(({ ended }) => ended));
    await startLab(['list']).ended;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the short scenario and kills one of its processes. */
  async function breakOne(victim: Victim, moment: MomentName): Promise<Broken> {
    const out = mkdtempSync(path.join(folder, 'out-'));
    const [sign, after] = MOMENTS[moment];
    let come = (): void => {};
    const hasCome = new Promise<void>((resolve) => {
      come = resolve;
    });
    const args = ['run', path.join(folder, 'short.yaml'), '--watch', '--out', out];
    const command = start(args, (said) => said.includes(sign) && come());
    await Promise.race([hasCome, command.ended]);
    await sleep(after);
    const lab = command.child.pid!;
    const id = listRuns().find((run) => run.path.includes(`-${lab}-`))?.id;
    if (id === undefined) throw new Error(`no run: ${command.stderr()}`);
    const namespaces = new Set(listNamespaces().flatMap((one) => (one.id === id ? [inodeOf(one.name)] : [])));
    kill(victim, lab, id);
    await command.ended;
    return { id, namespaces, out, said: command.stderr() };
  }

  it.concurrent.each(CASES)(
    '%s, killed %s',
    async (victim, moment) => {
      const broken = await breakOne(victim, moment);
      await start(['list']).ended;
      expect(leftOf(broken)).toEqual([]);
    },
    LONGEST_MS,
  );

  it.concurrent(
    'a sweep that is killed is finished by the next',
    async () => {
      const broken = await breakOne('the lab', 'in the outage');
      const sweep = start(['list']);
      await sleep(400);
      sweep.child.kill('SIGKILL');
      await sweep.ended;
      await start(['list']).ended;
      expect(leftOf(broken)).toEqual([]);
    },
    LONGEST_MS,
  );

  it.concurrent(
    'Ctrl-C removes everything before the command ends',
    async () => {
      let interrupted = false;
      const out = mkdtempSync(path.join(folder, 'out-'));
      const command = start(['run', path.join(folder, 'short.yaml'), '--watch', '--out', out], (said) => {
        if (interrupted || !said.includes('node-b takes over')) return;
        interrupted = true;
        command.child.kill('SIGINT');
      });
      const { code } = await command.ended;
      expect(code, command.stderr()).toBe(130);
      expect(listRuns().filter((run) => run.path.includes(`-${command.child.pid}-`))).toEqual([]);
      expect(readdirSync(out)).toEqual([]);
    },
    LONGEST_MS,
  );

  it.concurrent(
    'a run that is under way is left alone',
    async () => {
      const out = mkdtempSync(path.join(folder, 'out-'));
      const command = start(['run', 'control-clean', '--out', out]);
      const { code } = await command.ended;
      expect(code, command.stderr()).toBe(0);
    },
    LONGEST_MS,
  );
});

interface Broken {
  readonly id: string;
  /** Inode numbers. */
  readonly namespaces: ReadonlySet<number>;
  readonly out: string;
  readonly said: string;
}

function kill(victim: Victim, lab: number, id: string): void {
  const pid = victim === 'the lab' ? lab : programOf(id, VICTIMS[victim]);
  signal(pid, 'SIGKILL');
}

function programOf(id: string, word: string): number {
  const pids = findProcesses({ namespaces: new Set(), runs: new Set([id]) });
  const found = pids.find((pid) => commandLine(pid).includes(word));
  if (found === undefined) throw new Error(`no ${word} among ${pids.map(commandLine).join('; ')}`);
  return found;
}

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** All that has the run's id in it, in words. */
function leftOf({ id, namespaces, out }: Broken): string[] {
  const processes = findProcesses({ namespaces, runs: new Set([id]) });
  const files = existsSync(RUNS) ? readdirSync(RUNS).filter((name) => name.startsWith(id)) : [];
  return [
    ...listNamespaces().flatMap((one) => (one.id === id ? [`namespace ${one.name}`] : [])),
    ...processes.map((pid) => `process ${commandLine(pid)}`),
    ...files.map((name) => `folder ${name}`),
    ...readdirSync(out)
      .filter((name) => name.includes(id))
      .map((name) => `results ${name}`),
  ];
}
