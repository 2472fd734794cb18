/** `diagnose lab …` as commander knows it. What it does is loaded when it is called: few need it, and only on Linux. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { COMMANDS } from './commands.ts';
import { parseSpan } from './span-argument.ts';

const RUN_NOTES = `
SCENARIO  a name of 'diagnose lab list', or the path of a YAML file
Exit      0 truth and diagnosis agree in every run; 1 they differ, or a run did not
          happen as its scenario says, or one of several could not be made; 2 usage,
          or the only run could not be made; 130 interrupted
Everything happens in network namespaces named stallscope-…, which are removed at the end, on
Ctrl-C, and, where a run was killed, by the next 'diagnose lab' command.`;

const MATRIX_NOTES = `
A run a gateway and outage, with all clients at once: 21 runs, which take a quarter of an hour
with --jobs 4. Each run's captures, journals and report are kept, so that every cell can be looked into.`;

const PREDICT_NOTES = `
One failover is the reference. From its frames before the path was back it is predicted when
connections go on or fail had the outage or a setting been another; then each change is made, and
measured: 9 runs, which take some minutes with --jobs 3.
Exit      0 every prediction is within 12 %, or one try of TCP off; 1 one is not; 2 usage, or a
          run could not be made; 130 interrupted`;

export interface LabRunOptions {
  /** ms. */
  readonly outage?: number;
  readonly out?: string;
  readonly repeat: number;
  readonly jobs: number;
  readonly keepFailed?: string;
  readonly watch?: true;
  readonly json?: true;
  readonly summary?: true;
}

export interface LabMatrixOptions {
  /** ms. */
  readonly outage?: readonly number[];
  readonly only?: string;
  readonly out?: string;
  readonly jobs: number;
  readonly watch?: true;
  readonly json?: true;
  readonly html?: string;
}

export interface LabPredictOptions {
  readonly only?: string;
  readonly out?: string;
  readonly jobs: number;
  readonly watch?: true;
  readonly json?: true;
}

export function addLabCommands(program: Command, run: { exitCode: number }): void {
  const lab = program.command('lab').description(COMMANDS.lab).helpCommand(false);
  lab
    .command('list')
    .description('the scenarios, and what is expected of each')
    .option('--json', 'as one JSON document')
    .action(async (options: { json?: true }) => {
      const { listScenarios } = await import('./lab-list.ts');
      await listScenarios(options);
    });
  lab
    .command('run')
    .description('make failovers, and print the diagnosis beside the truth')
    .usage('[options] SCENARIO ...')
    .argument('<scenario...>', "names or files; 'all' for all")
    .addOption(new Option('--outage <span>', 'how long the path is gone, such as 30s').argParser(parseOutage))
    .option('--out <folder>', 'where results go, a folder a run; ./stallscope-lab without it')
    .addOption(new Option('--repeat <n>', 'runs of each scenario').argParser(parseCount).default(1))
    .addOption(new Option('--jobs <n>', 'runs at once').argParser(parseCount).default(1))
    .addOption(
      new Option(
        '--keep-failed <folder>',
        'keep only the results of runs that do not agree, there',
      ).conflicts('out'),
    )
    .option('--watch', 'say every step on stderr as it is taken')
    .addOption(new Option('--json', 'as one JSON document').conflicts('summary'))
    .option('--summary', 'a line a run instead of each finding')
    .addHelpText('after', RUN_NOTES)
    .action(async (scenarios: string[], options: LabRunOptions) => {
      const { runLab } = await import('./lab-run.ts');
      run.exitCode = await runLab(scenarios, options);
    });
  lab
    .command('matrix')
    .description('gateways x outages x clients: what each client saw, and why, as a table')
    .addOption(
      new Option('--outage <spans>', 'how long the path is gone; 15s,30s,60s without it').argParser((text) =>
        text.split(',').map(parseOutage),
      ),
    )
    .option('--only <text>', 'only gateways whose name has it, such as proxied')
    .option('--out <folder>', 'where the captures of each run go; ./stallscope-lab without it')
    .addOption(new Option('--jobs <n>', 'runs at once').argParser(parseCount).default(4))
    .option('--watch', 'say every step on stderr as it is taken')
    .option('--json', 'as one JSON document')
    .option('--html <file>', 'write it as a web page as well')
    .addHelpText('after', MATRIX_NOTES)
    .action(async (options: LabMatrixOptions) => {
      const { runMatrix } = await import('./lab-matrix.ts');
      await runMatrix(options);
    });
  lab
    .command('predict')
    .description('is it true what is predicted of other outages and settings: predicted, and then made')
    .option('--only <text>', 'only runs whose name has it, such as outage; the reference is always made')
    .option('--out <folder>', 'where the captures of each run go; ./stallscope-lab without it')
    .addOption(new Option('--jobs <n>', 'runs at once').argParser(parseCount).default(3))
    .option('--watch', 'say every step, and every prediction, on stderr')
    .option('--json', 'as one JSON document')
    .addHelpText('after', PREDICT_NOTES)
    .action(async (options: LabPredictOptions) => {
      const { runPredictions } = await import('./lab-predict.ts');
      run.exitCode = await runPredictions(options);
    });
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from 1 to 999.');
}

const parseOutage = (text: string): number => parseSpan('--outage', text);
