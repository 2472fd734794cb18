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

/** One line: whether truth and diagnosis agree, or why there is nothing to compare. */
export function verdictLine({ truth, agrees, flows }: RunResult, { colors }: Style): string {
  if (truth.notAsWritten.length > 0)
    return colors.yellow(`did not happen as written: ${escapeText(truth.notAsWritten.join('; '))}`);
  if (agrees) return colors.green('truth and diagnosis agree');
  return colors.red(
    flows.length === 0 ? 'no flow is expected: nothing to compare' : 'truth and diagnosis differ',
  );
}

/** The same for programs. */
export const resultJson = ({ name, folder, truth, report, flows, agrees }: RunResult): object => ({
  name,
  folder,
  agrees,
  notAsWritten: truth.notAsWritten,
  flows: flows.map(({ truth: expected, found, agrees: same }) => ({ expected, found, agrees: same })),
  headline: report.headline,
});
