/**
 * Failovers of the lab that collectors captured, with their gaps: adapters came to a node before anybody listened there, and
 * collectors stopped one after the other.
 * The trap: such a gap lies in the middle of every takeover, and takes away proofs that stand on other feet.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createAnalysis, type Report } from '../../analyzer/index.ts';

interface CollectedTruth {
  readonly flows: readonly {
    readonly name: string;
    readonly clientPort: number;
    readonly outcome: readonly string[];
    readonly cause: readonly (string | null)[];
  }[];
  readonly capturedUntil: string;
}

const ROOT = resolve('test/fixtures/collected');

function diagnose(folder: string, until: string): Report {
  const analysis = createAnalysis({
    tool: { name: 'stallscope', version: '0.0.0' },
    until: BigInt(until.replace('.', '').padEnd(19, '0')),
  });
  for (const file of readdirSync(join(folder, 'journals')).sort()) {
    const text = readFileSync(join(folder, 'journals', file), 'utf8');
    analysis.addJournal({ file, text });
  }
  for (const file of readdirSync(join(folder, 'captures')).sort()) {
    const feed = analysis.addCapture({ file });
    feed.push(gunzipSync(readFileSync(join(folder, 'captures', file))));
    feed.end();
  }
  return analysis.finish();
}

describe.each(readdirSync(ROOT).sort())('%s', (name) => {
  const folder = join(ROOT, name);
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as CollectedTruth;
  const report = diagnose(folder, truth.capturedUntil);

  test.each(truth.flows)('$name is told as it was', ({ clientPort, outcome, cause }) => {
    const flow = report.flows.find(({ client }) => client.port === clientPort);
    expect(outcome).toContain(flow?.outcome);
    expect(cause).toContain(flow?.cause);
  });

  test('by collectors, who say when they did not listen', () => {
    expect(report.captures.every(({ collector }) => collector !== undefined)).toBe(true);
  });
});

test('gaps of nodes are among them', () => {
  const folder = join(ROOT, 'udp-questions');
  const { capturedUntil } = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as CollectedTruth;
  const { captures } = diagnose(folder, capturedUntil);
  const named = captures.filter(({ gaps }) => gaps !== undefined).map(({ vantage }) => vantage);
  expect(named).toMatchObject([
    { host: 'node-b', side: 'in' },
    { host: 'node-b', side: 'out' },
  ]);
});
