/**
 * The commands `open`, `export` and `serve` as commander knows them. What they do is loaded when one is called:
 * it brings a web server and a database along.
 */
import { type Command, Option } from 'commander';
import { COMMANDS } from './commands.ts';
import type { ExportOptions } from './export.ts';
import { describeForms } from './export-forms.ts';
import type { OpenOptions } from './open.ts';
import type { ServeOptions } from './serve.ts';
import { UserError } from './user-error.ts';

const OPEN_NOTES = `
The files are kept as an incident; the same files again are the same incident. The page is there
until Ctrl-C. Where a server runs on the same data already, that one is used.`;

const EXPORT_NOTES = `
INCIDENT is the id in the page's address (#/i/INCIDENT), or the beginning of its title. The ending of
FILE says what is written: ${describeForms()}.
Where a server runs on the same data, it is asked.`;

const SERVE_NOTES = `
On a host that is not loopback, a token is asked for: that of --token-file, or a new one each time,
which the printed link has. Ctrl-C or SIGTERM ends; analyses that are not done go on at the next start.`;

/** Between those of the diagnosis and the others. */
export function addServerCommands(program: Command, run: { exitCode: number }): void {
  const repeated = (value: string, others: string[] | undefined): string[] => [...(others ?? []), value];
  program
    .command('open')
    .description(COMMANDS.open)
    .usage('[options] [VANTAGE=]FILE ...')
    .argument('[file...]', '[VANTAGE=]FILE')
    .addOption(
      new Option(
        '--journal <file>',
        'journal or log of a gateway node: [NODE=]FILE; may be repeated',
      ).argParser(repeated),
    )
    .addOption(dataOption())
    .addOption(portOption('the port of the page; else 7878, or another one where that is taken'))
    .option('--no-browser', 'only print the link')
    .addOption(noTimes('--from', 'cut the file first: editcap -A TIME FILE CUT'))
    .addOption(noTimes('--to', 'cut the file first: editcap -B TIME FILE CUT'))
    .addOption(noTimes('--until', '`diagnose FILE --until TIME` prints the report with it'))
    .addHelpText('after', OPEN_NOTES)
    .action(async (files: string[], options: OpenOptions) => {
      const { open } = await import('./open.ts');
      run.exitCode = await open(files, options);
    });
  program
    .command('serve')
    .description(COMMANDS.serve)
    .addOption(portOption('7878 without it; 0: any that is free'))
    .addOption(dataOption())
    .option('--host <host>', 'address to listen on; 127.0.0.1 without it')
    .addOption(
      new Option('--allow-host <name>', 'a name that the server is reached by; may be repeated').argParser(
        repeated,
      ),
    )
    .option('--token-file <file>', 'the token that is asked for')
    .option('--keep <span>', 'new incidents are deleted after this time, such as 30d; else never')
    .option('--max-upload <size>', 'the largest file that is taken, such as 500MB; 20GB without it')
    .addHelpText('after', SERVE_NOTES)
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.ts');
      await serve(options);
    });
  program
    .command('export')
    .description(COMMANDS.export)
    .argument('<incident>', 'id or title')
    .requiredOption('--to <file>', 'where to write it')
    .option('--redact', 'without addresses, names and payload (docs/redaction.md)')
    .addOption(dataOption())
    .addHelpText('after', EXPORT_NOTES)
    .action(async (incident: string, options: ExportOptions) => {
      const { exportIncident } = await import('./export.ts');
      await exportIncident(incident, options);
    });
}

/** An incident has no time of its own to be analysed with: whoever names one learns what to do, not that the option is unknown. */
const noTimes = (flag: string, hint: string): Option =>
  new Option(`${flag} <time>`)
    .argParser((): never => {
      throw new UserError('usage', `${flag}: an incident is kept with all that its captures hold`, hint);
    })
    .hideHelp();

const dataOption = (): Option =>
  new Option('--data <folder>', 'where incidents are kept; else in the data folder of the user');

const portOption = (description: string): Option =>
  new Option('--port <port>', description).argParser((text) => {
    if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
    throw new UserError(
      'usage',
      `--port: '${text}' is no port`,
      'a number from 0 (any that is free) to 65535',
    );
  });
