/**
 * Runs tshark as the oracle of `tcp.stream` and `tcp.analysis.*`: one line a
 * TCP frame, in the form that `diagnose frames` prints.
 * The trap: a field that tshark finds twice in a frame prints as `1,1`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { FLAG_NAMES } from '../analyzer/tcp/tshark/flags.ts';

const run = promisify(execFile);

/** The version whose rules we reproduce. Others differ on purpose (docs/tshark-flags.md). */
export const TSHARK_VERSION = '4.0.17';

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

/** `frame \t stream \t flags` for every frame that has a `tcp.stream`, as tshark sees a capture file. */
export async function tsharkFrames(file: string): Promise<string[]> {
  const { stdout } = await run('tshark', ['-n', '-r', file, ...OPTIONS, '-T', 'fields', ...FIELDS], {
    maxBuffer: 1 << 30,
  });
  return stdout.split('\n').flatMap((row) => {
    const [frame, stream, ...values] = row.split('\t');
    if (!frame || !stream) return [];
    return [`${frame}\t${stream}\t${FLAG_NAMES.filter((_, i) => values[i]).join(',')}`];
  });
}
