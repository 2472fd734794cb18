/**
 * tcpdump as an engine (tcpdump(1) 4.99, pcap-filter(7)). With `--immediate-mode -U` a packet is here as soon as it came, and
 * what a kill takes with it is as little as can be.
 * The trap: root's tcpdump becomes the user `tcpdump`, which not every system has, and a process that changes its user is no
 * longer ended with its parent; so `-Z` says who it is to be.
 */
import { CollectorError } from '../words.ts';
import type { Engine, EnginePlan, EngineWord } from './engine.ts';
import { findProgram, runProgram } from './program.ts';

export interface TcpdumpOptions {
  /** Who captures where root starts it. Without it: root, which writes to a pipe and decodes nothing. */
  readonly user?: string;
}

export const PERMISSION_HINT =
  'run it as root, or give it that one privilege: setcap cap_net_raw+ep "$(command -v tcpdump)"';

export function tcpdumpEngine(options: TcpdumpOptions = {}): Engine {
  return {
    name: 'tcpdump',
    stamps: 'kernel',
    version: readVersion,
    refuses: () => null,
    checkFilter,
    command: (plan) => [findProgram('tcpdump') ?? 'tcpdump', ...tcpdumpArguments(plan, options)],
    countsSignal: 'SIGUSR1',
    read: readTcpdumpLine,
  };
}

export function tcpdumpArguments(plan: EnginePlan, { user }: TcpdumpOptions = {}): string[] {
  // Where another user starts it, it stays that user, and needs CAP_NET_RAW only.
  const who = process.getuid?.() === 0 ? ['-Z', user ?? 'root'] : [];
  // The kernel's buffer is in KiB, and 0 would be its default of 2 MiB.
  const buffer = Math.max(1, Math.ceil(plan.buffer / 1024));
  return [
    ...who,
    ...['-i', plan.interface, '-n', '-s', String(plan.snaplen), '-B', String(buffer)],
    ...['--immediate-mode', '-U', '--time-stamp-precision=nano', '-w', '-'],
    ...(plan.filter === '' ? [] : ['--', plan.filter]),
  ];
}

/** `tcpdump 4.99.3`. @throws CollectorError */
async function readVersion(): Promise<string> {
  const file = findProgram('tcpdump');
  if (file === null)
    throw new CollectorError('tcpdump is not installed', 'apt-get install tcpdump, or dnf install tcpdump');
  const { stdout, stderr } = await runProgram(file, ['--version']);
  const version = /tcpdump version (\S+)/.exec(stdout + stderr)?.[1];
  if (version === undefined)
    throw new CollectorError(`${file} does not tell its version: ${stderr.trim().split('\n')[0]}`);
  return `tcpdump ${version}`;
}

/** Compiles it for Ethernet, or for what `any` gives: that needs no privilege, and no interface. */
async function checkFilter({ interface: name, filter }: EnginePlan): Promise<void> {
  if (filter === '') return;
  const linkType = name === 'any' ? 'LINUX_SLL2' : 'EN10MB';
  const { code, stderr } = await runProgram(findProgram('tcpdump') ?? 'tcpdump', [
    ...['-y', linkType, '-d', '--', filter],
  ]);
  if (code === 0) return;
  const said = stderr
    .split('\n')
    .map(readTcpdumpLine)
    .find((word) => word?.word === 'trouble');
  const why = said?.word === 'trouble' ? said.why : stderr.trim();
  throw new CollectorError(`${name}: ${why}: ${filter}`, 'how filters are written: man pcap-filter');
}

/** On SIGUSR1 all three are in one line, at its end each has a line of its own. */
const COUNTS = /(\d+) packets? received by filter(?:, (\d+) packets? dropped by kernel)?/;
const DROPPED = /^(\d+) packets? dropped by kernel/;

/** Null: nothing of meaning, such as a warning. */
export function readTcpdumpLine(line: string): EngineWord | null {
  if (/^(?:tcpdump: )?listening on /.test(line)) return { word: 'listening' };
  const counts = COUNTS.exec(line);
  if (counts !== null)
    return { word: 'counts', received: Number(counts[1]), dropped: counts[2] ? Number(counts[2]) : null };
  const dropped = DROPPED.exec(line);
  if (dropped !== null) return { word: 'counts', received: null, dropped: Number(dropped[1]) };
  const said = /^tcpdump: (?!WARNING)(.+)$/i.exec(line)?.[1];
  return said === undefined ? null : explainTrouble(said);
}

const TROUBLES: readonly (readonly [RegExp, (found: RegExpExecArray) => { why: string; hint?: string }])[] = [
  [
    /^(\S+): .*(?:permission|Operation not permitted)/i,
    ([, device]) => ({ why: `tcpdump may not capture on ${device}`, hint: PERMISSION_HINT }),
  ],
  [/^(\S+): No such device/, ([, device]) => ({ why: `there is no interface ${device}` })],
  [/^(\S+): That device is not up/, ([, device]) => ({ why: `${device} is down` })],
  [
    /Couldn't (?:change to|initgroups|setgid|setuid)/,
    () => ({
      why: 'tcpdump cannot change its user, which it always does as root',
      hint: 'give root CAP_SETGID too, or run it as another user with CAP_NET_RAW alone',
    }),
  ],
  [/The interface disappeared/, () => ({ why: 'the interface is gone' })],
  [
    /^can't parse filter expression: (.+)/,
    ([, error]) => ({ why: `the filter does not hold: ${error}`, hint: 'man pcap-filter' }),
  ],
];

function explainTrouble(said: string): EngineWord {
  for (const [pattern, explain] of TROUBLES) {
    const found = pattern.exec(said);
    if (found !== null) return { word: 'trouble', ...explain(found) };
  }
  return { word: 'trouble', why: `tcpdump: ${said}` };
}
