/** Real failovers, each diagnosed: truth and diagnosis agree. All that the lab is made of has a part in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLab, canRunLab, type LabCommand, startLab } from './test-command.ts';

/** Short ones; of each outcome, both forwarders, both families. */
const SCENARIOS = [
  'proxied-upload', // terminated
  'fail-fast-routed',
  'ipv6-no-state-reject',
  'resumed-upload',
  'no-gratuitous-arp', // hangs
  'control-loss',
];
/**
 * Two at a time beside other tests. Still a machine may be too slow for what must happen within a second of the
 * takeover: a run that did not happen as written measures nothing, and is made once more, by itself.
 */
const LONGEST_MS = 300_000;

interface RunOfJson {
  name: string;
  folder: string;
  agrees: boolean;
  differs: string | null;
  notAsWritten: string[];
}

describe.skipIf(!canRunLab)(
  'six failovers in network namespaces (needs root, tcpdump, nginx, conntrackd, …)',
  () => {
    let folder = '';
    let command: LabCommand;
    let code: number | null = null;
    let runs: RunOfJson[] = [];

    const make = async (names: readonly string[], jobs: number): Promise<RunOfJson[]> => {
      command = startLab(['run', ...names, '--jobs', String(jobs), '--json', '--out', folder]);
      ({ code } = await command.ended);
      return JSON.parse(command.stdout() || '[]') as RunOfJson[];
    };

    beforeAll(async () => {
      buildLab();
      folder = mkdtempSync(path.join(tmpdir(), 'stallscope-lab-'));
      runs = await make(SCENARIOS, 2);
      const again = runs.filter(({ notAsWritten }) => notAsWritten.length > 0).map(({ name }) => name);
      if (again.length === 0) return;
      const kept = runs.filter(({ name }) => !again.includes(name));
      const before = code;
      runs = [...kept, ...(await make(again, 1))];
      // The first command's code told of the others as well.
      if (!kept.every(({ agrees }) => agrees)) code = before;
    }, LONGEST_MS);
    afterAll(async () => {
      command?.child.kill();
      await command?.ended;
      if (folder !== '') rmSync(folder, { recursive: true, force: true });
    });

    it.each(SCENARIOS)('%s is diagnosed as it was', (name) => {
      const run = runs.find((one) => one.name === name);
      expect(run, command.stderr()).toBeDefined();
      expect(run).toMatchObject({ agrees: true, differs: null });
    });

    it('says by its exit code that all agree', () => {
      expect(code, command.stderr()).toBe(0);
    });

    it('leaves captures of all six places, both journals, and the truth', () => {
      const of = (name: string): string[] => readdirSync(path.join(folder, 'resumed-upload', name)).sort();
      const places = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'];
      expect(of('captures')).toEqual(places.map((place) => `${place}.pcapng.gz`));
      expect(of('journals').filter((file) => file.endsWith('.jsonl'))).toEqual([
        'node-a.jsonl',
        'node-b.jsonl',
      ]);
      const truth = JSON.parse(
        readFileSync(path.join(folder, 'resumed-upload', 'truth.json'), 'utf8'),
      ) as object;
      expect(truth).toMatchObject({
        scenario: 'resumed-upload',
        outcome: ['resumed'],
        flow: { clientPort: expect.any(Number), serverPort: 80 },
        pathLost: expect.stringMatching(/^\d+\.\d{9}$/),
        pathRestored: expect.stringMatching(/^\d+\.\d{9}$/),
        clientSaid: expect.stringContaining('exit=0'),
      });
    });
  },
);
