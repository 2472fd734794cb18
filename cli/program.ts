/**
 * The command line as commander knows it. `analyze` is the default command, so
 * its options are listed in the help of the program itself; whatever commander
 * refuses leaves here as a `UserError`.
 */
import { Command, CommanderError } from 'commander';
import { reportSchema } from '../analyzer/index.ts';
import { addAdviseCommand } from './advise-command.ts';
import { addCollectCommands } from './collect-commands.ts';
import { COMMANDS } from './commands.ts';
import { completionScript } from './completion.ts';
import { diagnose } from './diagnose.ts';
import { addGatewayCommands } from './gateway-commands.ts';
import { addLabCommands } from './lab-commands.ts';
import { addDiagnoseOptions, type DiagnoseOptions } from './options.ts';
import { addServerCommands } from './server-commands.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

const EXAMPLES = `Examples:
  diagnose client.pcap                            what happened to each connection, and why
  diagnose open client=c.pcapng node-b.out=b.pcap several captures, correlated, on a web page
  diagnose --json --fail-on hung captures/        for scripts: one document, and exit code 1
`;

const NOTES = `
FILE     pcap or pcapng, plain or compressed (gzip, zstd, lz4); a folder means the
         captures in it; - is standard input
VANTAGE  where it was taken: client, server, node-a, node-a.in (towards the client),
         node-a.out (towards the server); inferred where it is not given. Files of
         one rotated capture: the same VANTAGE before each, the oldest first
NODE     whose journal it is, as captures name it: node-b; else its lines or its file
         name say it
TIME     2026-11-22T11:07:02.601Z (UTC where no zone is named), or seconds since the
         epoch: 1795345622.601
Exit     0 analysed, whatever was found; 1 only by --fail-on; 2 usage or unreadable
         input; 130 interrupted`;

/** Runs one command line (without `node` and the script) and returns the exit code. @throws UserError */
export async function runProgram(args: readonly string[]): Promise<number> {
  const run = { exitCode: 0 };
  const program = createProgram(run);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return run.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') throw incomplete(program, args[0] ?? '');
    throw usageError(error, commandNamed(program, args));
  }
}

/** A group without its command; commander would print its help, and say nothing. */
function incomplete(program: Command, group: string): UserError {
  const below = program.commands.find((command) => command.name() === group)?.commands ?? [];
  const names = below.map((command) => command.name()).join(', ');
  return new UserError('usage', `${group} takes a command: ${names}`, `diagnose ${group} --help`);
}

function createProgram(run: { exitCode: number }): Command {
  const program = new Command('diagnose')
    .usage('[options] [VANTAGE=]FILE ...\n       diagnose COMMAND ...')
    .description(
      'Tells for every TCP flow whether it hung, resumed or was reset, why, and which frames prove it.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'display help')
    .helpCommand('help [command]', COMMANDS.help)
    .exitOverride()
    .configureOutput({ writeErr() {}, outputError() {} })
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES);
  const analyze = addDiagnoseOptions(program.command('analyze', { isDefault: true }))
    .description(COMMANDS.analyze)
    .usage('[options] [VANTAGE=]FILE ...')
    .argument('[file...]', '[VANTAGE=]FILE')
    .action(async (files: string[], options: DiagnoseOptions) => {
      run.exitCode = await diagnose(files, options);
    });
  addServerCommands(program, run);
  addCollectCommands(program, run);
  addGatewayCommands(program, run);
  addLabCommands(program, run);
  addOtherCommands(program);
  return showOptionsOf(analyze, program);
}

function addOtherCommands(program: Command): void {
  program
    .command('explain')
    .description(COMMANDS.explain)
    .argument('[cause]')
    .action(async (cause: string | undefined) => {
      const { explainCause } = await import('./explain.ts');
      process.stdout.write(explainCause(cause));
    });
  addAdviseCommand(program);
  program
    .command('frames')
    .description(COMMANDS.frames)
    .argument('<file>')
    .action(async (file: string) => {
      const { printFrames } = await import('./frames.ts');
      await printFrames(file);
    });
  program
    .command('schema')
    .description(COMMANDS.schema)
    .action(() => {
      process.stdout.write(`${JSON.stringify(reportSchema(), null, 2)}\n`);
    });
  program
    .command('completion')
    .description(COMMANDS.completion)
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      process.stdout.write(completionScript(shell, program));
    });
}

/** The help of the program lists the options of its default command before its own. */
function showOptionsOf(command: Command, program: Command): Command {
  return program.configureHelp({
    visibleOptions(shown) {
      const own = Object.getPrototypeOf(this).visibleOptions.call(this, shown);
      return shown === program ? [...command.options, ...own] : own;
    },
  });
}

/** The command that a line names, with its groups (`diagnose lab run`): whose help is the one to read. */
function commandNamed(program: Command, args: readonly string[]): string {
  const names = [program.name()];
  let group = program;
  for (const arg of args) {
    const below = group.commands.find((command) => command.name() === arg);
    if (below === undefined) break;
    names.push(arg);
    group = below;
  }
  return names.join(' ');
}

/** `error: unknown option '--jsn'\n(Did you mean --json?)` as message and hint. */
function usageError({ message }: CommanderError, command: string): UserError {
  const [first, suggestion] = message.replace(/^error: /, '').split('\n');
  const hint = suggestion
    ? suggestion.replace(/^\(Did/, 'did').replace(/\)$/, '')
    : `${command} --help lists the options`;
  return new UserError('usage', first!, hint);
}
