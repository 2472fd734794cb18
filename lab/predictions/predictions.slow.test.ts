/** Predicted from one failover, and made in others: two settings of the kernel, which need no client but curl and wget. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLab, canRunLab, type LabCommand, startLab } from '../test-command.ts';
import type { Predictions } from './rows.ts';

const LONGEST_MS = 300_000;

describe.skipIf(!canRunLab)('predictions (needs root, tcpdump, nginx, conntrackd, …)', () => {
  let folder = '';
  let command: LabCommand;
  let predictions: Predictions;

  beforeAll(async () => {
    buildLab();
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-predict-'));
    command = startLab(['predict', '--only', 'retries', '--json', '--out', folder]);
    await command.ended;
    predictions = JSON.parse(command.stdout()) as Predictions;
  }, LONGEST_MS);
  afterAll(async () => {
    command?.child.kill();
    await command?.ended;
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it('come true: when an upload is given up by tcp_retries2, and a connection by tcp_syn_retries', () => {
    const changed = predictions.rows.filter(({ id }) => id.startsWith('retries/'));
    expect(changed.map(({ id }) => id)).toEqual(['retries/upload', 'retries/opening']);
    for (const row of changed) expect(row).toMatchObject({ predicted: { outcome: 'fails' }, hit: 'yes' });
  });

  it('come true of the reference itself, by its frames before the path was back', () => {
    const own = predictions.rows.filter(({ id }) => id.startsWith('reference/'));
    expect(own).toHaveLength(3);
    for (const row of own) expect(row).toMatchObject({ predicted: { outcome: 'resumes' }, hit: 'yes' });
  });
});
