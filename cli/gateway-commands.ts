/**
 * `diagnose gateway …` as commander knows it. What it does is loaded when it is called: it needs Linux, root, and
 * the programs of a gateway.
 */
import { type Command, Option } from 'commander';
import { COMMANDS } from './commands.ts';

const GATEWAY_NOTES = `
FILE   the node's configuration (YAML); each node has its own. docs/gateway.md has an example.
A node journals what it does: give the journals to the diagnosis by --journal.`;

const RUN_NOTES = `
It runs until Ctrl-C or SIGTERM, then gives the role up, ends its daemons and takes its rules back.
What a killed one left is put away by the next start.`;

export interface GatewayOptions {
  readonly config: string;
  readonly json?: true;
}

export function addGatewayCommands(program: Command, run: { exitCode: number }): void {
  const gateway = program
    .command('gateway')
    .description(COMMANDS.gateway)
    .helpCommand(false)
    .addHelpText('after', GATEWAY_NOTES);
  gateway
    .command('run')
    .description('run a node of the pair')
    .addOption(configOption())
    .option('--check', 'only check the configuration and what the node needs')
    .addHelpText('after', RUN_NOTES)
    .action(async (options: GatewayOptions & { check?: true }) => {
      const { checkGateway, runGateway } = await import('./gateway.ts');
      await (options.check ? checkGateway(options) : runGateway(options));
    });
  gateway
    .command('takeover')
    .description('this node takes the role over, step by step; returns when it has it')
    .addOption(configOption())
    .option('--force', 'do not ask the peer to release first')
    .option('--json', 'a JSON object a line')
    .action(async (options: GatewayOptions & { force?: true }) => {
      const { changeRole } = await import('./gateway.ts');
      run.exitCode = await changeRole({ command: 'take-over', force: options.force === true }, options);
    });
  gateway
    .command('release')
    .description('this node gives the role up')
    .addOption(configOption())
    .option('--json', 'a JSON object a line')
    .action(async (options: GatewayOptions) => {
      const { changeRole } = await import('./gateway.ts');
      run.exitCode = await changeRole({ command: 'release' }, options);
    });
  gateway
    .command('status')
    .description('role, peer, connections, counters')
    .addOption(configOption())
    .option('--json', 'as one JSON document')
    .action(async (options: GatewayOptions) => {
      const { showStatus } = await import('./gateway.ts');
      await showStatus(options);
    });
}

const configOption = (): Option =>
  new Option('--config <file>', 'configuration of the node').makeOptionMandatory();
