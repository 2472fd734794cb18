/**
 * What goes to stderr: notes, and the one error that ends a run. The result
 * alone goes to stdout, so that a pipe or a file holds nothing else.
 */
import { escapeText } from './render/escape.ts';
import { UserError } from './user-error.ts';

export type Note = (text: string) => void;

export const printNote: Note = (text) => {
  process.stderr.write(`note: ${escapeText(text)}\n`);
};

/** Prints what ended the run. Anything but a `UserError` is a bug of ours and says so. */
export function printError(error: unknown): void {
  if (error instanceof UserError) {
    process.stderr.write(`error: ${escapeText(error.message)}\n`);
    if (error.hint !== '') process.stderr.write(`help: ${escapeText(error.hint)}\n`);
    return;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: internal error: ${escapeText(text)}\n`);
  process.stderr.write(
    'help: this is a bug; please report it with the command line and, if you can, the capture\n',
  );
  if (process.env.STALLSCOPE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
