/**
 * `diagnose collect …` as commander knows it. What it does is loaded when it is called.
 * The trap: `--interface` and `--vantage` come in pairs, in either order, so each is told what stood before it.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { COMMANDS } from './commands.ts';

const NOTES = `
It runs until Ctrl-C or SIGTERM, and goes on through whatever happens to interfaces, engine, disk and
server; each gap is noted in the files. CAP_NET_RAW is all that it needs. SIGUSR1 pins, as trigger does.
FILE      its configuration (YAML): --example prints one with every key, --schema its JSON Schema
VANTAGE   where it is: client, server, node-a, node-a.in (towards the client), node-a.out
Files are read by: diagnose FOLDER/ring; docs/collector.md says what is kept, and what not.`;

const TRIGGER_NOTES = `
The window around now, before and after, is kept whatever the ring forgets, and shipped where the
collector ships.`;

/** One `--interface` with its `--vantage`. */
export interface CaptureWords {
  readonly interface?: string;
  readonly vantage?: string;
}

export interface CollectOptions {
  readonly config?: string;
  /** Both hold the same list. */
  readonly interface?: readonly CaptureWords[];
  readonly vantage?: readonly CaptureWords[];
  readonly filter?: string;
  readonly snaplen?: number;
  readonly engine?: string;
  readonly folder?: string;
  readonly keep?: string;
  readonly ship?: string;
  readonly tokenFile?: string;
  readonly metrics?: string;
  readonly user?: string;
  readonly check?: true;
  readonly json?: true;
  readonly example?: true;
  readonly schema?: true;
}

export interface AskOptions {
  readonly config?: string;
  readonly folder?: string;
  readonly why?: string;
  readonly json?: true;
}

export function addCollectCommands(program: Command, run: { exitCode: number }): void {
  const collect = program
    .command('collect')
    .description(COMMANDS.collect)
    .usage('[options]\n       diagnose collect trigger|status [options]')
    .helpCommand(false);
  addOptions(collect)
    .addHelpText('after', NOTES)
    .action(async (options: CollectOptions) => {
      const { collect: work } = await import('./collect.ts');
      run.exitCode = await work(options);
    });
  // Commander gives an option that both have to the group; so the group's are asked for, too.
  const optionsOf = (command: Command): AskOptions => command.optsWithGlobals<AskOptions>();
  collect
    .command('trigger')
    .description('pin what happened around now, at the collector that runs')
    .addOption(folderOption())
    .addOption(configOption())
    .option('--why <text>', 'what happened; stands in the title of the incident')
    .option('--json', 'as one JSON document')
    .addHelpText('after', TRIGGER_NOTES)
    .action(async (_options: AskOptions, command: Command) => {
      const { trigger } = await import('./collect-ask.ts');
      await trigger(optionsOf(command));
    });
  collect
    .command('status')
    .description('interfaces, losses, ring, pins and server of the collector that runs')
    .addOption(folderOption())
    .addOption(configOption())
    .option('--json', 'as one JSON document')
    .action(async (_options: AskOptions, command: Command) => {
      const { showStatus } = await import('./collect-ask.ts');
      await showStatus(optionsOf(command));
    });
}

const FLAGS = [
  'interface',
  'vantage',
  'filter',
  'snaplen',
  'engine',
  'folder',
  'keep',
  'ship',
  'tokenFile',
  'metrics',
  'user',
];

function addOptions(command: Command): Command {
  const captures = pairs();
  const options = [
    configOption().conflicts(FLAGS),
    new Option('--interface <name>', 'capture here; may be repeated, each with its --vantage').argParser(
      (text) => captures('interface', text),
    ),
    new Option('--vantage <vantage>', "where that is; this host's name without it").argParser((text) =>
      captures('vantage', text),
    ),
    new Option('--filter <filter>', 'pcap-filter(7); else TCP, DNS, QUIC, and what explains a failover'),
    new Option('--snaplen <bytes>', 'bytes of each packet that are kept; 256 without it, 0: all').argParser(
      parseCount,
    ),
    new Option('--engine <name>', 'what captures; tcpdump without it').choices(['tcpdump', 'cap']),
    new Option('--folder <folder>', 'of the files; ./stallscope-captures without it'),
    new Option('--keep <size>', 'all files together, the oldest go; 2GB without it'),
    new Option('--ship <url>', "of a 'diagnose serve': pinned windows go there"),
    new Option('--token-file <file>', 'the token of that server'),
    new Option('--metrics <address>', 'Prometheus metrics: a port of loopback, or address:port'),
    new Option('--user <name>', 'who to run as, where root starts it'),
    new Option('--check', 'only say whether it would run'),
    new Option('--json', 'what happens, a JSON object a line, on stdout'),
    new Option('--example', 'print a configuration with every key').conflicts(['config', ...FLAGS]),
    new Option('--schema', 'print the JSON Schema of the configuration').conflicts([
      'example',
      'config',
      ...FLAGS,
    ]),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

const configOption = (): Option => new Option('--config <file>', 'configuration of the collector');
const folderOption = (): Option =>
  new Option('--folder <folder>', 'of the collector; ./stallscope-captures without it').conflicts('config');

/** What was given so far: a word joins the latest capture that lacks it, or begins another. */
export function pairs(): (key: keyof CaptureWords, text: string) => readonly CaptureWords[] {
  const all: CaptureWords[] = [];
  return (key, text) => {
    const latest = all.at(-1);
    if (latest === undefined || latest[key] !== undefined) all.push({ [key]: text });
    else all[all.length - 1] = { ...latest, [key]: text };
    return all;
  };
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number of bytes, 0 for all.');
}
