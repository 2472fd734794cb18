/**
 * `diagnose frames FILE`: a line a TCP frame, tab-separated, as tshark names
 * the flags. Lines are gathered before they are written: there may be millions.
 */
import { createFrameFlags, type FrameFlags } from '../analyzer/frame-flags.ts';
import type { ByteSink } from '../packet/file/feed.ts';
import { asClause } from '../packet/problem.ts';
import { notACapture } from './input-errors.ts';
import { expandInputs } from './inputs.ts';
import { printNote } from './messages.ts';
import { createProgress } from './progress.ts';
import { readCapture } from './read-capture.ts';
import { UserError } from './user-error.ts';

const BATCH_CHARACTERS = 256 * 1024;

/** Writes to stdout. @throws UserError `input` */
export async function printFrames(file: string): Promise<void> {
  const [source, ...others] = await expandInputs([file], printNote);
  if (!source || others.length > 0)
    throw new UserError('usage', 'frames takes one capture', 'name a file of the folder');
  const progress = createProgress(process.stderr);
  process.once('exit', () => progress.erase());
  let batch = '';
  const flags = createFrameFlags((frame, stream, names) => {
    batch += `${frame}\t${stream}\t${names.join(',')}\n`;
    if (batch.length < BATCH_CHARACTERS) return;
    process.stdout.write(batch);
    batch = '';
  });
  await readCapture(source, toSink(flags, source.input.file), progress);
  progress.erase();
  const unknown = findUnknown(flags);
  if (unknown) throw notACapture(source.input.file, unknown.message);
  for (const { message } of flags.problems) printNote(`${source.input.file}: ${asClause(message)}`);
  process.stdout.write(batch);
}

/** The flags do not name the format of what they read; they say when it is none. */
function toSink(flags: FrameFlags, file: string): ByteSink {
  return {
    push: (chunk) => flags.push(chunk),
    end: () => flags.end(),
    problem: ({ message }) => printNote(`${file}: ${asClause(message)}`),
    get format() {
      return findUnknown(flags) ? null : 'known';
    },
  };
}

const findUnknown = ({ problems }: FrameFlags): { message: string } | undefined =>
  problems.find(({ code }) => code === 'not-a-capture' || code === 'empty-file');
