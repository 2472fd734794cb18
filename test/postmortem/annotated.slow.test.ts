/**
 * For every scenario: tshark opens the annotated file and shows each comment at the frame that the report cites, found
 * again in the source capture by its number and bytes; and its time is the source's by the report's clocks.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createAnalysis, vantageName } from '../../analyzer/index.ts';
import { listCapture } from '../../packet/file/test-listing.ts';
import { annotateCaptures, commentFilter } from '../../postmortem/index.ts';
import { allScenarios, captureBytes, type Scenario } from '../scenarios/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'annotated-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The annotated file of a scenario, and what it says it has. */
async function annotate(scenario: Scenario) {
  const files = scenario.captures.map((file) => ({ file, bytes: captureBytes(scenario, file) }));
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const { file, bytes } of files) {
    const feed = analysis.addCapture({ file });
    feed.push(bytes);
    feed.end();
  }
  const report = analysis.finish();
  const inputs = report.captures.map(({ id }, i) => ({ capture: id, chunks: once(files[i]!.bytes) }));
  const pieces: Uint8Array[] = [];
  const made = annotateCaptures({ report, inputs, frames: 'evidence' });
  for await (const piece of made.chunks) pieces.push(piece);
  const path = join(folder, `${scenario.name}.pcapng`);
  writeFileSync(path, Buffer.concat(pieces));
  return { files, report, made, path, bytes: Buffer.concat(pieces) };
}

test.each(allScenarios())('$name', async (scenario) => {
  const { files, report, made, path, bytes } = await annotate(scenario);
  execFileSync('capinfos', [path]);

  const fields = ['frame.number', 'frame.interface_name', 'frame.time_epoch', 'frame.comment'];
  const args = ['-n', '-r', path, '-T', 'fields', '-E', 'aggregator=|', ...fields.flatMap((f) => ['-e', f])];
  const shown = execFileSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const rows = shown
    .trimEnd()
    .split('\n')
    .map((row) => row.split('\t'));
  expect(rows).toHaveLength(made.written);
  const written = listCapture(bytes).packets;
  const seen = new Set<string>();
  const sources = new Map(
    report.captures.map((one, i) => [vantageName(one), { one, listed: listCapture(files[i]!.bytes) }]),
  );
  for (const [number, name, epoch, comment] of rows) {
    for (const [, vantage, frame] of (comment ?? '').matchAll(/(?:^|\|)(\S+) #(\d+): /g)) {
      expect(vantage).toBe(name);
      const { one, listed } = sources.get(vantage!)!;
      seen.add(`${one.id} ${frame}`);
      const source = listed.packets[Number(frame) - 1]!;
      expect(written[Number(number) - 1]!.data).toBe(source.data);
      const stretches = report.clocks.filter((clock) => clock.capture === one.id);
      if (stretches.length > 1) continue;
      const [clock] = stretches;
      const since = clock?.at === undefined ? 0n : source.epoch! - BigInt(clock.at);
      const ahead = (clock?.offset ?? 0) * 1e9 + ((clock?.skewPpm ?? 0) / 1e6) * Number(since);
      const [s, ns] = epoch!.split('.');
      const difference =
        BigInt(s!) * 1_000_000_000n + BigInt(ns!) - (source.epoch! - BigInt(Math.round(ahead)));
      expect(Math.abs(Number(difference))).toBeLessThanOrEqual(1000);
    }
  }
  const cited = [
    ...report.failovers.flatMap(({ marks }) => marks.flatMap(({ frames }) => frames)),
    ...report.path.claims.flatMap(({ frames }) => frames),
    ...report.flows.flatMap(({ claims, stalls, endedBy }) => [
      ...claims.flatMap(({ frames }) => frames),
      ...stalls.flatMap(({ frames: { last, first } }) => (first ? [last, first] : [last])),
      ...(endedBy ? [endedBy.frame] : []),
    ]),
  ];
  expect([...seen].sort()).toEqual([...new Set(cited.map((c) => `${c.capture} ${c.frame}`))].sort());
});

/** One with several captures and a proxy, one with many flows: their filters differ most. */
test.each(['f-tproxy-wget', 'mixed-24'])(
  'the filter of each finding of %s finds its frames',
  { timeout: 120_000 },
  async (name) => {
    const { made, path } = await annotate(allScenarios().find((s) => s.name === name)!);
    const all = made.findings.filter(({ frames }) => frames.length > 0);
    // The last ones as well: [finding 1] must not find [finding 11].
    const findings = all.length <= 8 ? all : [...all.slice(0, 4), ...all.slice(-4)];
    expect(findings.length).toBe(8);
    for (const { finding, frames } of findings) {
      const args = ['-n', '-r', path, '-Y', commentFilter(finding), '-T', 'fields', '-e', 'frame.number'];
      const found = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
        .trim()
        .split('\n')
        .map(Number);
      expect(found, finding.text).toEqual([...frames].sort((a, b) => a - b));
    }
  },
);
