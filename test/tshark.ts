/**
 * Runs tshark as the oracle of `tcp.stream` and `tcp.analysis.*`.
 * The trap: a field that tshark finds twice in a frame prints as `1,1`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { FLAG_NAMES } from '../analyzer/tcp/tshark/flags.ts';

const run = promisify(execFile);

/** Series of the version whose rules we reproduce, 4.0.17. Later ones differ on purpose (docs/tshark-flags.md). */
export const TSHARK_SERIES = '4.0.';

const OPTIONS = [
  'tcp.relative_sequence_numbers:FALSE',
  'tcp.fastrt_supersedes_ooo:TRUE',
  'tcp.analyze_sequence_numbers:TRUE',
  'tcp.check_checksum:FALSE',
].flatMap((option) => ['-o', option]);
const FIELDS = ['frame.number', 'tcp.stream', ...FLAG_NAMES.map((name) => `tcp.analysis.${name}`)].flatMap(
  (field) => ['-e', field],
);

/** The version of the installed tshark, such as `4.0.17`; null where there is none. */
export function detectTshark(): string | null {
  try {
    const text = execFileSync('tshark', ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** `stream \t flags` by frame number, for every frame of a capture file that has a `tcp.stream`. */
export async function tsharkFrames(file: string): Promise<Map<string, string>> {
  const { stdout } = await run('tshark', ['-n', '-r', file, ...OPTIONS, '-T', 'fields', ...FIELDS], {
    maxBuffer: 1 << 30,
  });
  const lines = new Map<string, string>();
  for (const row of stdout.split('\n')) {
    const [frame, stream, ...values] = row.split('\t');
    if (frame && stream) lines.set(frame, `${stream}\t${FLAG_NAMES.filter((_, i) => values[i]).join(',')}`);
  }
  return lines;
}
