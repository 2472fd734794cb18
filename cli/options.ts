/** The options of the analysis: their definition, and the checks of their values. */
import { type Command, Option } from 'commander';
import { OUTCOMES, type Outcome } from '../analyzer/index.ts';
import type { FrameChoice } from '../postmortem/index.ts';
import { COLOR_CHOICES, type ColorChoice } from './render/style.ts';
import { nearestWord } from './suggest.ts';
import { parseTimeArgument, parseZoneArgument, type TimeArgument } from './time-argument.ts';
import { UserError } from './user-error.ts';

export interface DiagnoseOptions {
  json?: true;
  jsonl?: true;
  markdown?: true;
  html?: string;
  annotate?: string;
  frames?: FrameChoice;
  redact?: true;
  output?: string;
  quiet?: true;
  verbose?: true;
  flow?: string;
  from?: TimeArgument;
  to?: TimeArgument;
  until?: TimeArgument;
  failOn?: Outcome[];
  color: ColorChoice;
  strict?: true;
  /** Each `[NODE=]FILE`. */
  journal?: string[];
  /** ns east of UTC. */
  journalZone?: bigint;
}

export function addDiagnoseOptions(command: Command): Command {
  const time = (flag: '--from' | '--to' | '--until', description: string): Option => {
    return new Option(`${flag} <time>`, description).argParser((text) => parseTimeArgument(flag, text));
  };
  const options = [
    new Option('--json', 'the report as one JSON document').conflicts('jsonl'),
    new Option('--jsonl', 'JSON, a flow a line'),
    new Option('--markdown', 'the postmortem as Markdown').conflicts(['json', 'jsonl', 'flow']),
    new Option('--html <file>', 'write the postmortem as one HTML file, with graphs, beside the result'),
    new Option(
      '--annotate <file.pcapng>',
      'write the frames of all captures into one file, on one clock, with the findings as comments',
    ),
    new Option('--frames <which>', 'with --annotate: the frames that matter (the default), or all').choices([
      'evidence',
      'all',
    ]),
    new Option(
      '--redact',
      'replace addresses and names, the same by the same, in all that is written; --annotate without payload',
    ),
    new Option('-o, --output <file>', 'write the result to a file, whole or not at all'),
    new Option('-q, --quiet', 'the headline only').conflicts([
      'verbose',
      'flow',
      'json',
      'jsonl',
      'markdown',
    ]),
    new Option('-v, --verbose', 'every flow, and all that was ruled out').conflicts([
      'json',
      'jsonl',
      'markdown',
    ]),
    new Option(
      '--flow <id|tuple>',
      'one flow in full, with its frames; 10.0.0.1:4000-10.0.0.2:80, or half of it',
    ),
    time('--from', 'look only at frames at or after this time'),
    time('--to', 'look only at frames at or before this time'),
    time('--until', 'the captures ran at least to here, even if they show nothing'),
    new Option(
      '--journal <file>',
      'journal of a gateway node, or log of its conntrackd or keepalived: [NODE=]FILE; may be repeated',
    ).argParser((file, others: string[] | undefined) => [...(others ?? []), file]),
    new Option('--journal-zone <offset>', 'the zone of times in journals that name none; else UTC').argParser(
      (text) => parseZoneArgument('--journal-zone', text),
    ),
    new Option(
      '--fail-on <list>',
      'exit with 1 when a flow has one of these outcomes, such as hung,reset',
    ).argParser(parseOutcomes),
    new Option('--color <when>', 'colour the text').choices(COLOR_CHOICES).default('auto'),
    new Option('--strict', 'a truncated or damaged capture is an error'),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** What commander cannot check: options that contradict each other by their values. @throws UserError `usage` */
export function checkOptions({ from, to, journal, journalZone, annotate, frames }: DiagnoseOptions): void {
  if (from && to && from.time > to.time) throw new UserError('usage', '--from is later than --to');
  if (frames !== undefined && annotate === undefined)
    throw new UserError('usage', '--frames needs --annotate');
  if (journalZone !== undefined && !journal) throw new UserError('usage', '--journal-zone needs a --journal');
}

function parseOutcomes(list: string): Outcome[] {
  return list.split(',').map((word) => {
    const outcome = OUTCOMES.find((known) => known === word.trim().toLowerCase());
    if (outcome) return outcome;
    const nearest = nearestWord(word.trim(), OUTCOMES);
    throw new UserError(
      'usage',
      `--fail-on: there is no outcome '${word.trim()}'`,
      nearest ? `did you mean '${nearest}'?` : `outcomes: ${OUTCOMES.join(', ')}`,
    );
  });
}
