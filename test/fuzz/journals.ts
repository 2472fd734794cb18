/** Journals and logs to be mutated, how they are, and what holds of each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Journal, type JournalEvent, parseJournal } from '../../analyzer/failover/journal.ts';
import { createAnalysis } from '../../analyzer/index.ts';
import { createRandom } from '../random-tcp.ts';
import { checkReport } from '../report-shape.ts';
import { pick, type Random } from './mutations.ts';

const NEAR = 1_795_345_844_000_000_000n;

const WRITTEN = [
  [
    'Nov 22 11:10:51 fw2 Keepalived_vrrp[59094]: VRRP_Instance(VI_1) Entering MASTER STATE',
    'Nov 22 11:10:51 fw2 Keepalived_vrrp[59094]: Sending gratuitous ARP on eth1 for 10.0.1.1',
    '2026-11-22T11:10:53.123456+01:00 fw1 conntrack-tools[1]: committing all external caches',
    '2026-11-22T11:10:53.234567+01:00 fw1 conntrack-tools[1]: Committed 17 new entries',
  ].join('\n'),
  [
    '{"time":"1795345844254549209","node":"node-a","event":"adapter-detached","adapter":"eni-1"}',
    '{"time":"1795345852307486929","node":"node-b","event":"state-committed","entries":212,"took":0.25}',
    '{"time":"1795345852307486999","node":"node-b","event":"role","from":"standby","to":"active"}',
    '{"time":"1795345852317486929","node":"node-b","event":"counter","name":"invalid","value":-3.5}',
  ].join('\n'),
];

/** Real logs, and lines of every other kind that is read. `fixtures`: the folder of `test/fixtures/captures`. */
export const readBaseJournals = (fixtures: string): string[] => [
  ...['h-race-commit7', 'nat-synced'].map((name) =>
    readFileSync(join(fixtures, name, 'conntrackd-b.log'), 'utf8'),
  ),
  ...WRITTEN,
];

/** What breaks parsers of text: numbers at their edges, other types, deep nesting, ends of lines, marks of direction. */
const HOSTILE = [
  ...['"', '{', '}', '[', ']', '\\', '\n', '\r', '\0', '\t', '\ufeff', '\u202e', '\ud800', ' ', ': ', 'ÿ'],
  ...['null', 'true', '1e999', '-0', '9'.repeat(400), '0.0000001', '-1', '18446744073709551616', '0000'],
  ...['"__proto__":', '"constructor":', '{"toString":1}', '['.repeat(5000), '{"a":'.repeat(2000)],
  ...[
    'Nov 31 99:99:99',
    'Feb 29 00:00:00',
    '2026-02-30T24:60:61+99:99',
    'x'.repeat(70_000),
    '(pid=',
    ' new entries',
  ],
];

const MUTATIONS: Record<string, (text: string, random: Random, bases: readonly string[]) => string> = {
  'a hostile piece put in': (text, random) => spliced(text, random, 0, pick(random, HOSTILE)),
  'a piece replaced': (text, random) => spliced(text, random, 1 + random(12), pick(random, HOSTILE)),
  'a piece cut out': (text, random) => spliced(text, random, 1 + random(80), ''),
  'a digit changed': (text, random) => {
    const at = text.slice(random(text.length)).search(/\d/);
    return at < 0 ? text : text.slice(0, at) + random(10) + text.slice(at + 1);
  },
  'a character changed': (text, random) => spliced(text, random, 1, String.fromCharCode(random(0x10000))),
  'cut off': (text, random) => text.slice(0, random(text.length + 1)),
  'lines shuffled': (text, random) => {
    const lines = text.split('\n');
    for (let i = lines.length - 1; i > 0; i--) {
      const j = random(i + 1);
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    }
    return lines.join('\n');
  },
  'many times over': (text, random) => text.slice(0, 4000).repeat(1 + random(20)),
  'another behind it': (text, random, bases) => `${text}\n${pick(random, bases)}`,
};

function spliced(text: string, random: Random, removed: number, put: string): string {
  const at = random(text.length + 1);
  return text.slice(0, at) + put + text.slice(at + removed);
}

/** Number `seed`, always the same. */
export function makeJournal(seed: number, bases: readonly string[]): { story: string; text: string } {
  const random = createRandom(seed);
  for (let i = 0; i < 8; i++) random(2); // neighbouring seeds begin alike
  let text = pick(random, bases);
  const done: string[] = [];
  for (let n = 1 + random(4); n > 0; n--) {
    const name = pick(random, Object.keys(MUTATIONS));
    text = MUTATIONS[name]!(text, random, bases);
    done.push(name);
  }
  return { story: done.join(', '), text };
}

const unless = (holds: boolean, fault: string): string[] => (holds ? [] : [fault]);

function checkJournal({ events, problems }: Journal, text: string): string[] {
  const lines = text.split('\n').length;
  return [
    ...unless(problems.length <= 30, `${problems.length} problems`),
    ...unless(events.length <= lines, `${events.length} events of ${lines} lines`),
    ...unless(
      problems.every(({ message }) => message.length < 300),
      'a problem as long as a line',
    ),
    ...events.flatMap((event, i) => checkEvent(event, events[i - 1], lines)),
  ];
}

function checkEvent(event: JournalEvent, before: JournalEvent | undefined, lines: number): string[] {
  const { kind, from, until, line, entries = 0, took = 0, value = 0, ...rest } = event;
  const words = Object.values(rest).filter((v) => typeof v === 'string');
  return [
    ...unless(from < until, `${kind} has no time`),
    ...unless(before === undefined || before.from <= from, `${kind} is out of order`),
    ...unless(line >= 1 && line <= lines, `${kind} is in line ${line} of ${lines}`),
    ...unless(Number.isSafeInteger(entries) && entries >= 0, `${entries} entries`),
    ...unless(Number.isFinite(took) && took >= 0 && Number.isFinite(value), `took ${took}, value ${value}`),
    ...unless(
      words.every((w) => w.length <= 201),
      `${kind} has more words than are kept`,
    ),
  ];
}

/** What parsing it breaks, and a report with it where `inReport`. */
export function checkJournalText(text: string, inReport: boolean): { broken: string[]; understood: boolean } {
  const journal = parseJournal(text, 'conntrackd-b.log', { near: NEAR });
  return {
    broken: [...checkJournal(journal, text), ...(inReport ? checkInReport(text) : [])],
    understood: journal.events.length > 0,
  };
}

function checkInReport(text: string): string[] {
  const analysis = createAnalysis({ tool: { name: 'fuzz', version: '0' } });
  analysis.addJournal({ file: 'conntrackd-b.log', text });
  return checkReport(JSON.parse(JSON.stringify(analysis.finish())));
}
