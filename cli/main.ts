/**
 * The entry of `diagnose`: runs the command line and turns whatever ends it
 * into an exit code. 0 analysed, 1 only by --fail-on, 2 usage or unreadable
 * input (and bugs), 130 interrupted; a reader that closes the pipe is no error.
 */
import { printError } from './messages.ts';
import { runProgram } from './program.ts';
import { listenToInterrupts } from './signals.ts';
import { systemErrorCode, UserError } from './user-error.ts';

// Listeners on 'exit' erase the progress line.
listenToInterrupts();

process.stdout.on('error', (error: unknown) => {
  if (systemErrorCode(error) === 'EPIPE') process.exit(0);
  printError(
    new UserError('output', `the result cannot be written (${systemErrorCode(error) || String(error)})`),
  );
  process.exit(2);
});
// Nobody listens there; the result still counts.
process.stderr.on('error', () => {});

// A bug outside of any promise: Node's own exit code for it, 1, is taken.
process.on('uncaughtException', (error) => {
  printError(error);
  process.exit(2);
});

void main();

async function main(): Promise<never> {
  try {
    process.exitCode = await runProgram(process.argv.slice(2));
  } catch (error) {
    printError(error);
    process.exitCode = 2;
  }
  // Left to itself, Node gives back all memory piece by piece before it ends, which takes as long as a small analysis.
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit();
}

/** Whoever reads it has got all that was printed; or does not listen any more. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
