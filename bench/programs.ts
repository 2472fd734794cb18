/** What is measured: the command as it is installed, and what engineers use today. */
import { spawnSync } from 'node:child_process';

export interface Program {
  readonly name: string;
  /** Program and arguments for one capture. */
  readonly command: (file: string) => readonly [string, ...string[]];
}

/** Our command on any number of captures, each with or without its vantage. */
export const ours = (...captures: readonly string[]): readonly [string, ...string[]] => [
  process.execPath,
  'dist/diagnose.js',
  '--json',
  ...captures,
];

export const OURS: Program = { name: 'diagnose --json', command: (file) => ours(file) };

const PEERS: readonly Program[] = [
  { name: 'tshark -q -z conv,tcp', command: (file) => ['tshark', '-n', '-r', file, '-q', '-z', 'conv,tcp'] },
  {
    name: 'tshark -Y tcp.analysis.flags',
    command: (file) => ['tshark', '-n', '-r', file, '-Y', 'tcp.analysis.flags'],
  },
  { name: 'tcptrace -n -l', command: (file) => ['tcptrace', '-n', '-l', file] },
  { name: 'tcpdump -w /dev/null', command: (file) => ['tcpdump', '-r', file, '-w', '/dev/null'] },
  { name: 'capinfos', command: (file) => ['capinfos', file] },
];

/** Ours first. `missing`: the names of those that are not installed. */
export function findPrograms(): { programs: Program[]; missing: string[] } {
  const isThere = ({ command }: Program): boolean => {
    // Asked for its version a program ends at once, whatever it thinks of the question.
    return spawnSync(command('')[0], ['--version'], { stdio: 'ignore' }).error === undefined;
  };
  return {
    programs: [OURS, ...PEERS.filter(isThere)],
    missing: PEERS.filter((peer) => !isThere(peer)).map(({ name }) => name),
  };
}
