/**
 * `npm run fuzz -- foreign`: the captures in Debian's source packages, each through everything under a limit
 * of time and memory, its frames compared with capinfos. Prints a table, then every difference, fault and
 * verdict. Exit code 1 for a fault, and for a difference of frames.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Outcome, SupervisedChild } from '../supervised.ts';
import { countPackets } from './capinfos.ts';
import { findCaptures } from './capture-files.ts';
import type { ForeignJob, ForeignReply } from './child.ts';
import type { Judgement } from './judge.ts';
import { type ForeignPackage, fetchPackages } from './packages.ts';
import { type PackageRow, tableOf } from './table.ts';

const CACHE = '.cache/foreign';
const CHILD = '.cache/fuzz/foreign-child.mjs';
const LIMITS = { ms: 120_000, heapMiB: 512 };
const MOST_MIB = 700;

type Child = SupervisedChild<ForeignJob, ForeignReply>;

/** Exit code. */
export async function runForeign({ offline }: { offline: boolean }): Promise<number> {
  mkdirSync(CACHE, { recursive: true });
  const packages = fetchPackages(CACHE, offline);
  const child: Child = new SupervisedChild(CHILD, LIMITS);
  const rows: PackageRow[] = [];
  const log = new Log();
  for (const one of packages) {
    if (one.folder !== null) rows.push(await runPackage(one, one.folder, child, log));
  }
  child.end();
  process.stdout.write(`\n${tableOf(rows)}${costsOf(rows)}`);
  for (const { name, folder, skipped } of packages) {
    if (folder === null) process.stdout.write(`skipped: ${name}: ${skipped}\n`);
  }
  writeFileSync(join(CACHE, 'verdicts.txt'), log.verdicts.join(''));
  process.stdout.write(
    `\n${log.notRead.join('')}${log.faults.join('')}What was said of each: ${CACHE}/verdicts.txt\n` +
      `${log.faults.length} faults, ${log.notRead.length} files that only we read\n`,
  );
  return log.faults.length === 0 ? 0 : 1;
}

const costsOf = (rows: readonly PackageRow[]): string =>
  rows.map(({ slowest, largest }) => `slowest: ${slowest.file}; most memory: ${largest.file}\n`).join('');

class Log {
  readonly faults: string[] = [];
  readonly notRead: string[] = [];
  readonly verdicts: string[] = [];
}

async function runPackage(
  { name }: ForeignPackage,
  folder: string,
  child: Child,
  log: Log,
): Promise<PackageRow> {
  const row: PackageRow = {
    name,
    files: 0,
    frames: 0,
    equal: 0,
    notRead: 0,
    neither: 0,
    faults: 0,
    slowest: { ms: 0, file: '' },
    largest: { mib: 0, file: '' },
  };
  for (const file of findCaptures(folder)) {
    const path = join(folder, file);
    const faultsBefore = log.faults.length;
    row.files++;
    const outcome = await child.ask({ path });
    const shown = relative(CACHE, path).replace(/^packages\//, '');
    noteCost(row, shown, outcome);
    const judged = judgementOf(outcome, shown, log);
    if (judged !== null) {
      row.frames += judged.frames;
      compare(row, path, shown, judged, log);
      for (const broken of judged.broken) log.faults.push(`FAULT ${shown}: ${broken}\n`);
      log.verdicts.push(verdictOf(shown, judged));
    }
    row.faults += log.faults.length - faultsBefore;
    if (process.stderr.isTTY) process.stderr.write(`\r${name} ${row.files} \x1b[K`);
  }
  return row;
}

function noteCost(row: PackageRow, file: string, outcome: Outcome<ForeignReply>): void {
  if (outcome.ms > row.slowest.ms) row.slowest = { ms: outcome.ms, file };
  if (outcome.kind !== 'done' || outcome.peakMiB === null) return;
  if (outcome.peakMiB > row.largest.mib) row.largest = { mib: outcome.peakMiB, file };
}

function judgementOf(outcome: Outcome<ForeignReply>, file: string, log: Log): Judgement | null {
  if (outcome.kind === 'hung') log.faults.push(`HANG ${file}: no end after ${Math.round(outcome.ms)} ms\n`);
  if (outcome.kind === 'crashed') log.faults.push(`CRASH ${file}: ${outcome.how}\n`);
  if (outcome.kind !== 'done') return null;
  if ((outcome.peakMiB ?? 0) > MOST_MIB) {
    log.faults.push(`MEMORY ${file}: ${Math.round(outcome.peakMiB ?? 0)} MiB\n`);
  }
  if ('judged' in outcome.reply) return outcome.reply.judged;
  log.faults.push(`THROWS ${file}: ${outcome.reply.threw}\n`);
  return null;
}

function compare(row: PackageRow, path: string, file: string, judged: Judgement, log: Log): void {
  const { packets, complaint } = countPackets(path);
  if (packets === null && judged.format === null) row.neither++;
  else if (packets === null) {
    row.notRead++;
    log.notRead.push(`capinfos does not read ${file}: ${complaint}; here ${judged.frames} frames\n`);
  } else if (packets === judged.frames) row.equal++;
  else {
    const said = `${file}: capinfos ${packets}, here ${judged.frames} frames`;
    log.faults.push(`DIFFERENCE ${said} (${judged.problems.join(', ')}; capinfos: ${complaint})\n`);
  }
}

function verdictOf(file: string, { headline, flows, failovers, outcomes, frames }: Judgement): string {
  const parts = Object.entries(outcomes).map(([name, count]) => `${count} ${name}`);
  return `${failovers} failovers, ${flows} flows (${parts.join(', ')}), ${frames} frames: ${file}\n    ${headline}\n`;
}
