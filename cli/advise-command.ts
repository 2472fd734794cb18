/** `diagnose advise` as commander knows it. What it prints is in `advise.ts`, which is loaded when it is called. */
import { type Command, Option } from 'commander';
import { ADVICE_MODES, type AdviceMode } from '../analyzer/index.ts';
import { COMMANDS } from './commands.ts';
import { parseSpan } from './span-argument.ts';
import { UserError } from './user-error.ts';

export const GOALS = ['ride-through', 'fail-fast', 'both'] as const;
export type Goal = (typeof GOALS)[number];

export interface AdviseOptions {
  /** ms. */
  readonly outage: number;
  readonly mode: AdviceMode;
  /** ms. */
  readonly rto?: number;
  readonly goal: Goal;
  readonly client?: readonly string[];
  readonly json?: true;
}

const NOTES = `
--mode    routed: the gateway passes segments on, and the new node has its state;
          proxy: connections end at the node (TLS interception, a load balancer).
          'diagnose' prints it as path
--rto     the sender's retransmission timeout: the first wait of a ladder that
          'diagnose --flow' shows; about the round trip and 200 ms more in Linux
Examples:
  diagnose advise --outage 30s
  diagnose advise --outage 60s --mode proxy --goal fail-fast
  diagnose advise --outage 15s --rto 300ms --client curl --client nginx`;

export function addAdviseCommand(program: Command): void {
  program
    .command('advise')
    .description(COMMANDS.advise)
    .addOption(
      new Option('--outage <span>', 'how long the path is gone, such as 30s').argParser((text) =>
        parsePositive('--outage', text),
      ),
    )
    .addOption(new Option('--mode <kind>', 'what the gateway does').choices(ADVICE_MODES).default('routed'))
    .addOption(
      new Option('--rto <span>', 'RTO of the sender, where it is known').argParser((text) => {
        const ms = parsePositive('--rto', text);
        if (ms <= LONGEST_RTO_MS) return ms;
        throw new UserError('usage', '--rto: no sender waits longer than 120 s', 'such as 300ms');
      }),
    )
    .addOption(new Option('--goal <goal>', 'which settings').choices(GOALS).default('both'))
    .addOption(
      new Option('--client <name>', 'this one in full, with sources; may be repeated').argParser(
        (names: string, others: string[] | undefined) => [...(others ?? []), ...names.split(',')],
      ),
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', NOTES)
    .action(async (options: Omit<AdviseOptions, 'outage'> & { outage?: number }) => {
      const { outage } = options;
      if (outage === undefined)
        throw new UserError('usage', 'advise needs --outage', 'such as diagnose advise --outage 30s');
      const { printAdvice } = await import('./advise.ts');
      printAdvice({ ...options, outage });
    });
}

/** `TCP_RTO_MAX` of Linux. */
const LONGEST_RTO_MS = 120_000;

function parsePositive(option: string, text: string): number {
  const ms = parseSpan(option, text);
  if (ms === 0) throw new UserError('usage', `${option}: it must be more than 0`, 'such as 30s, 500ms or 2m');
  return ms;
}
