/**
 * Prints the table of synthesised failovers: cause against view, what was said
 * and what is true. Arguments choose scenarios by the beginning of their names;
 * `--out FOLDER` also writes their captures and truths there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Recording, record } from './causes/scenario.ts';
import { diagnoseView, type Row, rowOf, sentenceOf, VIEWS } from './causes/views.ts';
import { CAUSE_SCENARIOS } from './causes.ts';

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' }, verbose: { type: 'boolean', short: 'v' } },
  allowPositionals: true,
});
const chosen = CAUSE_SCENARIOS.filter(
  ({ name }) => positionals.length === 0 || positionals.some((p) => name.startsWith(p)),
);
const width = Math.max(...chosen.map(({ name }) => name.length));
const count: Record<Row['verdict'], number> = { right: 0, open: 0, wrong: 0 };

print(`${''.padEnd(width)}  ${VIEWS.map((v) => v.padEnd(36)).join('  ')}  true`);
for (const scenario of chosen) {
  const recording = record(scenario);
  if (values.out !== undefined) write(recording, values.out);
  const rows = VIEWS.map((view) => rowOf(scenario, view, diagnoseView(recording, view), scenario.truth));
  for (const row of rows) count[row.verdict] += 1;
  const { outcome, cause } = scenario.truth;
  const truth = `${outcome.join('|')} ${cause.map((c) => c ?? '-').join('|')}`;
  print(`${scenario.name.padEnd(width)}  ${rows.map((r) => cell(r).padEnd(36)).join('  ')}  ${truth}`);
  if (values.verbose === true) {
    for (const row of rows.filter((r) => r.verdict === 'wrong'))
      print(`    ${sentenceOf(row, scenario.shows)}`);
    print(...othersOf(recording));
  }
}
print(`\n${count.right} right, ${count.open} open with the true cause named, ${count.wrong} wrong`);
process.exitCode = count.wrong === 0 ? 0 : 1;

/** `wrong hung no-state-drop`, `open 3/14 hung`. */
function cell({ verdict, outcome, cause, rank, candidates }: Row): string {
  const place = rank > 0 ? ` ${rank}/${candidates.length}` : '';
  return `${verdict}${place} ${outcome ?? 'no flow'}${cause === null ? '' : ` ${cause}`}`;
}

/** The contrast flows that all six captures do not get right. */
function othersOf(recording: Recording): string[] {
  const { scenario } = recording;
  const report = diagnoseView(recording, 'all six');
  return scenario.truth.others
    .map((truth) => rowOf(scenario, 'all six', report, truth))
    .filter((row) => row.verdict === 'wrong')
    .map((row) => `    ${sentenceOf(row, '')}`);
}

function write({ scenario, six }: Recording, out: string): void {
  const folder = join(out, scenario.name.replace('/', '-'));
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of six) writeFileSync(join(folder, name), bytes);
  const { truth, made, shows } = scenario;
  const text = JSON.stringify({ made, shows, ...truth }, (_k, v) => (typeof v === 'bigint' ? `${v}` : v), 1);
  writeFileSync(join(folder, 'truth.json'), `${text}\n`);
}

function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
