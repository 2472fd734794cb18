/** Journals on their way through an analysis: given in any order, read by the captures' time, their problems in the report. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkReport } from '../test/report-shape.ts';
import { createAnalysis } from './analysis.ts';
import { type JournalInput, parseJournals } from './journals.ts';
import type { Report } from './report/report.ts';

const SCENARIO = new URL('../test/fixtures/captures/h-race-commit7/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, SCENARIO));

function reportOf(journals: readonly JournalInput[], journalsFirst = false): Report {
  const analysis = createAnalysis({ tool: { name: 'test', version: '0' } });
  const addJournals = (): void => {
    for (const journal of journals) analysis.addJournal(journal);
  };
  if (journalsFirst) addJournals();
  const feed = analysis.addCapture({ file: 'client.pcap' });
  feed.push(gunzipSync(read('client.pcap.gz')));
  feed.end();
  if (!journalsFirst) addJournals();
  return analysis.finish();
}

test('a journal without a fault adds no problem, before or after the captures', () => {
  const journal = { file: 'conntrackd-b.log', text: read('conntrackd-b.log').toString() };
  const report = reportOf([journal]);
  expect(report.problems).toEqual(reportOf([]).problems);
  expect(reportOf([journal], true)).toEqual(report);
});

test('problems name the file and the line, and the report is still one', () => {
  const report = reportOf([
    { file: 'node-b.jsonl', text: '{"time":"1","event":"note"}\n{"time":1}\n' },
    {
      file: 'cut.log.gz',
      text: '',
      problems: [{ code: 'compressed-file-truncated', message: 'The file ends in the middle.' }],
    },
  ]);
  expect(report.problems.slice(-3)).toMatchObject([
    {
      code: 'journal-line',
      message: expect.stringMatching(/^line 2: "time" is no string/),
      at: { capture: 'node-b.jsonl' },
    },
    { code: 'journal-compressed-file-truncated', at: { capture: 'cut.log.gz' } },
    { code: 'journal-unknown', at: { capture: 'cut.log.gz' } },
  ]);
  expect(checkReport(report)).toEqual([]);
});

test('a time without a year gets that of the captures', () => {
  const report = reportOf([
    { file: 'syslog', text: 'Nov 22 11:10:59 fw2 conntrack-tools[1]: flushing caches\n' },
  ]);
  expect(report.problems).toEqual(reportOf([]).problems);
});

test('the second in which node-b committed lies 6 to 8 s after its path was back, as it was made', () => {
  const inputs = [{ file: 'conntrackd-b.log', text: read('conntrackd-b.log').toString() }];
  const [journal] = parseJournals(inputs, []);
  const commit = journal!.events.find(({ kind }) => kind === 'state-committed')!;
  const { pathRestored } = JSON.parse(read('truth.json').toString()) as { pathRestored: string };
  const after = (time: bigint): number => Number(time) / 1e9 - Number(pathRestored);
  expect(after(commit.from)).toBeGreaterThan(6);
  expect(after(commit.until)).toBeLessThan(8);
});
