/** A run's result for people: truth and diagnosis side by side, the finding as the terminal always prints it, the paths. */
import { escapeText } from '../cli/render/escape.ts';
import { table } from '../cli/render/layout.ts';
import type { Style } from '../cli/render/style.ts';
import { renderText } from '../cli/render/text.ts';
import type { FlowVerdict } from './diagnosis.ts';
import type { RunResult } from './run.ts';

/** More flows than this that agree are counted, not listed. */
const MOST_ROWS = 12;

/** The whole text, with a newline at its end. */
export function renderResult(result: RunResult, style: Style): string {
  const { name, truth, report, flows, folder } = result;
  const shown = flows.length > MOST_ROWS ? flows.filter(({ agrees }) => !agrees).slice(0, MOST_ROWS) : flows;
  const rows = [['flow', 'expected', 'found', ''], ...shown.map(row)];
  const hidden = flows.length - shown.length;
  return [
    style.colors.bold(`${name}: ${escapeText(truth.made)}`),
    '',
    ...(shown.length > 0 ? table(rows) : []),
    ...(hidden > 0
      ? [`${hidden} more flows, of which ${flows.filter(({ agrees }) => agrees).length} agree`]
      : []),
    ...truth.flows
      .slice(0, 1)
      .map(({ clientSaid }) => `the client said: ${escapeText(clientSaid.replaceAll('\n', ' / '))}`),
    verdictLine(result, style),
    '',
    renderText(report, { style, detail: 'normal' }).trimEnd(),
    '',
    ...table([
      ['captures', `${folder}/captures`],
      ['journals', `${folder}/journals`],
      ['truth', `${folder}/truth.json`],
      [
        'again',
        `diagnose ${folder}/captures --journal ${folder}/journals/node-a.jsonl --journal ${folder}/journals/node-b.jsonl --until ${truth.capturedUntil}`,
      ],
    ]),
    '',
  ].join('\n');
}

function row({ truth, found, agrees }: FlowVerdict): string[] {
  const expected = `${truth.outcome.join(' or ')}, ${causes(truth.cause)}${plus(truth.contributing)}`;
  const is =
    found === null
      ? 'not in the captures'
      : `${found.outcome}, ${found.cause ?? 'no cause'}${plus(found.contributing)}`;
  return [`${truth.name} (port ${truth.clientPort})`, expected, is, agrees ? 'agrees' : 'DIFFERS'];
}

const causes = (accepted: readonly (string | null)[]): string =>
  accepted.map((cause) => cause ?? 'no cause').join(' or ');
const plus = (contributing: readonly string[]): string =>
  contributing.length === 0 ? '' : ` (with ${contributing.join(', ')})`;

/** One line: whether truth and diagnosis agree, or why there is nothing to compare, or in what they differ. */
export function verdictLine(result: RunResult, { colors }: Style): string {
  if (result.agrees) return colors.green('truth and diagnosis agree');
  const text = escapeText(whatDiffers(result));
  return result.truth.notAsWritten.length > 0 ? colors.yellow(text) : colors.red(text);
}

/** Of a run that does not agree, in a line. */
export function whatDiffers({ truth, flows, agreesOnFailover }: RunResult): string {
  if (truth.notAsWritten.length > 0) return `did not happen as written: ${truth.notAsWritten.join('; ')}`;
  if (flows.length === 0) return 'no flow is expected: nothing to compare';
  const differing = flows.filter(({ agrees }) => !agrees);
  const shown = differing.slice(0, 3).map((flow) => {
    const [name, expected, found] = row(flow);
    return `${name} is ${expected}; found: ${found}`;
  });
  if (differing.length > shown.length) shown.push(`${differing.length - shown.length} more flows`);
  if (!agreesOnFailover)
    shown.push(truth.failedOver ? 'the failover was not found' : 'a failover was found where none was');
  return `truth and diagnosis differ: ${shown.join('; ')}`;
}

/** The same for programs. */
export const resultJson = (result: RunResult): object => {
  const { name, folder, truth, report, flows, clients, agrees, agreesOnFailover } = result;
  return {
    name,
    folder,
    agrees,
    differs: agrees ? null : whatDiffers(result),
    notAsWritten: truth.notAsWritten,
    failover: { happened: truth.failedOver, found: report.failovers.length > 0, agrees: agreesOnFailover },
    flows: flows.map(({ truth: expected, found, agrees: same }) => ({ expected, found, agrees: same })),
    clients: clients.map(({ name: client, command, exit, startedAt, endedAt }) => ({
      name: client,
      command,
      exit,
      seconds: startedAt === null || endedAt === null ? null : (endedAt - startedAt) / 1000,
    })),
    headline: report.headline,
  };
};
