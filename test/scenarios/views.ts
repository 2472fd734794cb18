/**
 * The ways in which the captures of a scenario are given: some of them, without
 * their names, with other clocks, over IPv6, with the nodes' logs. A report is
 * made once for each way.
 * The trap: files without names are given in an order that differs from
 * scenario to scenario but never from run to run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAnalysis, type JournalInput, type Report } from '../../analyzer/index.ts';
import { bytesOf, recordsOf } from './capture-cache.ts';
import { clockFor, moveClock, type SetClock, TRUE_CLOCK } from './clock-rewrite.ts';
import { snaplenOver6, toIpv6 } from './ipv6-rewrite.ts';
import { writeCapture } from './pcap-records.ts';
import type { Scenario } from './scenario.ts';

/** One capture, as it is given. */
export interface Given {
  /** Its file in the scenario's folder. */
  readonly source: string;
  /** The name that the analysis is told. */
  readonly file: string;
  readonly bytes: () => Uint8Array;
  readonly clock: SetClock;
}

export interface View {
  readonly name: string;
  /** The captures given; none where the scenario has nothing for this view. */
  readonly given: (scenario: Scenario) => readonly Given[];
  readonly journals?: true;
}

/** What the analysis of a view has said, and of what. */
export interface Diagnosis {
  readonly report: Report;
  readonly given: readonly Given[];
}

/** `node-a` of `node-a.out.pcap.gz`. */
export const hostOf = (file: string): string => file.split('.')[0] as string;

const asItIs = (scenario: Scenario, source: string): Given => ({
  source,
  file: source,
  bytes: () => bytesOf(scenario, source),
  clock: TRUE_CLOCK,
});

/** The captures of these hosts, as they are. */
export const hostsView = (name: string, ...hosts: readonly string[]): View => ({
  name,
  given: (scenario) =>
    scenario.captures.filter((f) => hosts.includes(hostOf(f))).map((f) => asItIs(scenario, f)),
});

/** A view and one more capture of a scenario, as it is. */
export const withCapture = (view: View, source: string): View => ({
  ...view,
  name: `${view.name} + ${source}`,
  given: (scenario) => [...view.given(scenario), asItIs(scenario, source)],
});

export const withJournals = (view: View): View => ({
  ...view,
  name: `${view.name} + journals`,
  journals: true,
});

export const CLIENT = hostsView('client', 'client');
export const ALL = hostsView('all', 'client', 'node-a', 'node-b', 'server');
export const NO_NODE_B = hostsView('no node-b', 'client', 'node-a', 'server');
export const NODE_B = hostsView('node-b', 'node-b');
export const SERVER = hostsView('server', 'server');

/** Named 1.pcap, 2.pcap, … in an order that says nothing. */
export const SHUFFLED: View = {
  name: 'shuffled',
  given: (scenario) =>
    shuffle(scenario.captures, scenario.name).map((source, i) => ({
      ...asItIs(scenario, source),
      file: `${i + 1}.pcap`,
    })),
};

/** Every capture by a clock of its own. */
export const SHIFTED: View = {
  name: 'shifted',
  given: (scenario) => {
    const since = firstTime(scenario);
    return scenario.captures.map((source, i) => {
      const clock = clockFor(i, since);
      const bytes = (): Uint8Array => {
        const pcap = recordsOf(scenario, source);
        return writeCapture(moveClock(pcap, clock), pcap, { format: 'pcap', nanoseconds: true });
      };
      return { source, file: source, bytes, clock };
    });
  },
};

export const IPV6: View = {
  name: 'ipv6',
  given: (scenario) =>
    scenario.captures.map((source) => ({
      ...asItIs(scenario, source),
      bytes: () => {
        const pcap = recordsOf(scenario, source);
        return writeCapture(toIpv6(pcap), { ...pcap, snaplen: snaplenOver6(pcap.snaplen) });
      },
    })),
};

export const JOURNAL: View = {
  name: 'all+journal',
  given: (scenario) => (journalsOf(scenario).length > 0 ? ALL.given(scenario) : []),
  journals: true,
};

/** The columns of the table. */
export const VIEWS: readonly View[] = [
  CLIENT,
  ALL,
  SHUFFLED,
  SHIFTED,
  IPV6,
  NO_NODE_B,
  NODE_B,
  SERVER,
  JOURNAL,
];

/** Ways from one capture to all of them, one host more at each step. */
export const CHAINS: readonly (readonly View[])[] = [
  [CLIENT, hostsView('client, server', 'client', 'server'), NO_NODE_B, ALL],
  [
    CLIENT,
    hostsView('client, node-b', 'client', 'node-b'),
    hostsView('client, node-b, server', 'client', 'node-b', 'server'),
    ALL,
  ],
  [SERVER, ALL],
  [NODE_B, ALL],
];

/** True where every capture of the scenario is given. */
export const isWhole = (scenario: Scenario, given: readonly Given[]): boolean =>
  given.length === scenario.captures.length;

export const hasTrueClocks = (given: readonly Given[]): boolean => given.every((g) => g.clock === TRUE_CLOCK);

/** What was given as the capture with this id in the report. */
export function givenOf(report: Report, given: readonly Given[], id: string): Given | undefined {
  const file = report.captures.find((c) => c.id === id)?.file;
  return given.find((g) => g.file === file);
}

export const hasClient = (given: readonly Given[]): boolean =>
  given.some((g) => hostOf(g.source) === 'client');

/** The logs of the scenario's nodes: `conntrackd-a.log` is node A's. */
export function journalsOf(scenario: Scenario): JournalInput[] {
  return readdirSync(scenario.folder)
    .filter((file) => file.endsWith('.log'))
    .sort()
    .map((file) => ({
      file,
      text: readFileSync(join(scenario.folder, file), 'utf8'),
      node: `node-${/-(\w+)\.log$/.exec(file)?.[1] ?? '?'}`,
    }));
}

const made = new Map<string, Diagnosis>();

/** What the analysis says of a scenario in a view; null where the view has nothing of it. */
export function diagnoseView(scenario: Scenario, view: View): Diagnosis | null {
  const key = `${scenario.name}: ${view.name}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const given = view.given(scenario);
  if (given.length === 0) return null;
  const diagnosis = { report: analyse(given, view.journals ? journalsOf(scenario) : []), given };
  made.set(key, diagnosis);
  return diagnosis;
}

function analyse(given: readonly Given[], journals: readonly JournalInput[]): Report {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const { file, bytes } of given) {
    const feed = analysis.addCapture({ file });
    feed.push(bytes());
    feed.end();
  }
  for (const journal of journals) analysis.addJournal(journal);
  return analysis.finish();
}

function firstTime(scenario: Scenario): bigint {
  const times = scenario.captures.flatMap((file) => recordsOf(scenario, file).records[0]?.time ?? []);
  return times.sort((a, b) => Number(a - b))[0] ?? 0n;
}

/** Fisher and Yates, with Numerical Recipes' generator started from the text (FNV-1a). */
function shuffle<T>(items: readonly T[], text: string): T[] {
  const turned = [...items];
  let state = 0x811c9dc5;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  for (let i = turned.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [turned[i], turned[j]] = [turned[j] as T, turned[i] as T];
  }
  return turned;
}
