/** What capinfos counts, as the second opinion; and why ours may differ. */
import { spawnSync } from 'node:child_process';

export interface Counted {
  /** Null where capinfos does not read the file. */
  readonly packets: number | null;
  /** The first line of what it complains of. */
  readonly complaint: string;
}

export function countPackets(path: string): Counted {
  const { stdout, stderr } = spawnSync('capinfos', ['-c', '-M', '-T', '-m', '-r', path], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const packets = /,(\d+)\s*$/.exec(stdout)?.[1];
  return {
    packets: packets === undefined ? null : Number(packets),
    complaint:
      (stderr ?? '')
        .split('\n')[0]
        ?.replace(/^capinfos: /, '')
        .replaceAll(path, 'the file') ?? '',
  };
}
