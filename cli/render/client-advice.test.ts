/** `diagnose advise`, whole texts to read (`UPDATE_GOLDEN=1` writes them anew), and that they fit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AdviceMode, advise, CLIENTS, waitFor } from '../../analyzer/index.ts';
import type { Goal } from '../advise-command.ts';
import { renderClientAdvice } from './client-advice.ts';
import { detectStyle } from './style.ts';

interface View {
  readonly outage: number;
  readonly rto?: number;
  readonly mode?: AdviceMode;
  readonly goal?: Goal;
  readonly clients?: readonly string[];
  readonly columns?: number;
}

function text({ outage, rto, mode = 'routed', goal = 'both', clients, columns = 80 }: View): string {
  const wait = waitFor(outage, rto ?? null);
  const shown = CLIENTS.filter(({ id }) => clients === undefined || clients.includes(id));
  const advice = shown.map((client) => advise(client, wait, mode));
  const style = detectStyle({ color: 'never', env: { LANG: 'C.UTF-8' }, isTerminal: false, columns });
  return renderClientAdvice({ wait, mode, goal, advice, inFull: clients !== undefined }, style);
}

describe('the advice', () => {
  it.each<[string, View]>([
    ['advise-30s', { outage: 30 }],
    ['advise-60s-proxy', { outage: 60, mode: 'proxy', goal: 'fail-fast' }],
    ['advise-clients', { outage: 30, rto: 0.2, clients: ['curl', 'grpc', 'nginx'] }],
    ['advise-too-long', { outage: 3600, clients: ['requests'] }],
  ])('%s', (name, view) => {
    const golden = new URL(`golden/${name}.txt`, import.meta.url);
    const made = text(view);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, made);
    expect(made).toBe(readFileSync(golden, 'utf8'));
  });

  it.each([80, 100])('fits %i columns, but for addresses', (columns) => {
    const all = CLIENTS.map(({ id }) => id);
    const views: View[] = [
      { outage: 30 },
      { outage: 2000 },
      { outage: 30, mode: 'proxy' },
      { outage: 30, clients: all },
    ];
    const lines = views.flatMap((view) => text({ ...view, columns }).split('\n'));
    const tooLong = lines.filter((line) => line.length > columns && line.trim().includes(' '));
    expect(tooLong).toEqual([]);
  });

  it.each<[Goal, AdviceMode, readonly string[]]>([
    ['both', 'routed', ['ride through', 'fail fast']],
    ['ride-through', 'routed', ['ride through']],
    ['fail-fast', 'routed', ['fail fast']],
    ['ride-through', 'proxy', ['fail fast']],
  ])('for %s, %s, has the columns %j', (goal, mode, columns) => {
    const head = text({ outage: 30, goal, mode })
      .split('\n')
      .find((line) => line.startsWith('client '));
    expect(head?.match(/ride through|fail fast/g)).toEqual(columns);
  });
});
