/**
 * `--annotate FILE`: reads the captures a second time, into one file for Wireshark.
 * The trap: what can be read only once (standard input, a pipe) cannot be annotated, which is said before any work.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { count, frameFilter, type Report } from '../analyzer/index.ts';
import { decompressed } from '../packet/file/compression.ts';
import {
  annotateCaptures,
  commentFilter,
  explainLeftOut,
  type FrameChoice,
  packetRedaction,
  type Redaction,
} from '../postmortem/index.ts';
import { printNote } from './messages.ts';
import type { DiagnoseOptions } from './options.ts';
import { checkOutput, writeStream } from './output.ts';
import { type CaptureSource, openChunks } from './read-capture.ts';
import { UserError } from './user-error.ts';

/** A chunk of every capture is in memory at once. */
const CHUNK_BYTES = 256 * 1024;
/** More filters than this are in the file only. */
const MOST_FILTERS = 20;

/** @throws UserError `usage`, `output` */
export function checkAnnotated(
  { annotate, output, html }: DiagnoseOptions,
  sources: readonly CaptureSource[],
  inputs: readonly string[],
): void {
  if (annotate === undefined) return;
  if (annotate === '-')
    throw new UserError('usage', '--annotate: names no file', 'such as --annotate incident.pcapng');
  for (const [name, other] of [
    ['-o', output],
    ['--html', html],
  ] as const) {
    if (other !== undefined && resolve(other) === resolve(annotate))
      throw new UserError(
        'usage',
        `--annotate and ${name} both name ${annotate}`,
        'give each a file of its own',
      );
  }
  checkOutput(annotate, inputs);
  const once = sources.find(({ path }) => path === '-' || !statSync(path).isFile());
  if (once !== undefined) {
    const hint = 'save it to a file first, and name that';
    throw new UserError(
      'usage',
      `--annotate reads captures twice, and ${once.input.file} can be read once`,
      hint,
    );
  }
}

export interface AnnotatedWish {
  readonly file: string;
  readonly frames: FrameChoice;
  /** What `report` was redacted with; null where nothing is to be. */
  readonly redaction: Redaction | null;
  /** The report as the captures have it. */
  readonly whole: Report;
}

/** `sources` in the order of the report's captures. @throws UserError */
export async function writeAnnotated(
  report: Report,
  sources: readonly CaptureSource[],
  { file, frames, redaction, whole }: AnnotatedWish,
): Promise<void> {
  const inputs = report.captures.flatMap(({ id }, i) => {
    const source = sources[i];
    // Damage was told when the captures were read first.
    return source
      ? [{ capture: id, chunks: decompressed(openChunks(source.path, CHUNK_BYTES), () => {}) }]
      : [];
  });
  const redacted = redaction && { unredacted: whole, rewrite: packetRedaction(redaction) };
  const annotated = annotateCaptures({ report, inputs, frames, ...redacted });
  await writeStream(annotated.chunks, file);
  const found = annotated.findings.filter((one) => one.frames.length > 0);
  const how =
    found.length > 0
      ? 'in Wireshark, frame.comment shows those with findings'
      : 'no finding cites a frame, so none has a comment';
  printNote(`${file}: ${count(annotated.written, 'frame')}; ${how}`);
  if (annotated.leftOut > 0) printNote(explainLeftOut(annotated.leftOut));
  for (const { finding, frames: numbers } of found.slice(0, MOST_FILTERS)) {
    printNote(`${commentFilter(finding)}, or ${frameFilter(numbers)}: ${finding.text}`);
  }
  if (found.length > MOST_FILTERS)
    printNote(`and ${found.length - MOST_FILTERS} more: see the file's comment`);
}
