/** The predictions for people: a row a change, for the terminal and as Markdown for `docs/predictions.md`. */
import { table } from '../../cli/render/layout.ts';
import { formatSeconds } from '../../cli/render/units.ts';
import type { PredictionRow, Predictions } from './rows.ts';
import { TOLERANCE } from './rows.ts';

const HEAD = ['connection', 'changed', 'outage', 'predicted', 'measured', 'difference', ''];

/** With a newline at its end. Two lines a change: numbers, and what is other than in the reference. */
export function renderPredictions(predictions: Predictions): string {
  const rows = predictions.rows.map((row) => {
    const [, , , ...numbers] = cells(row);
    return [row.id, ...numbers];
  });
  const [head, ...lines] = table([['change', ...HEAD.slice(3)], ...rows], [3]);
  const blocks = predictions.rows.map((row, i) => {
    const [, changed, made] = cells(row);
    return `${lines[i]}\n  ${changed}; outage of ${made}`;
  });
  return `${[head, ...blocks, '', summary(predictions)].join('\n')}\n`;
}

export function predictionsMarkdown(predictions: Predictions): string {
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  return [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...predictions.rows.map((row) => line(cells(row))),
    '',
    summary(predictions),
    '',
  ].join('\n');
}

/** How many hit, and which do not. */
export function summary({ rows }: Predictions): string {
  const hits = rows.filter(({ hit }) => hit === 'yes');
  const worst = Math.max(0, ...hits.map(({ difference }) => Math.abs(difference ?? 0)));
  const near = rows.filter(({ hit }) => hit === 'one-try-off');
  const missed = rows.filter(({ hit }) => hit === 'no');
  const list = (some: readonly PredictionRow[]): string => some.map(({ id }) => id).join(', ');
  return [
    `${hits.length} of ${rows.length} within ${TOLERANCE * 100} %, the worst of them ${(worst * 100).toFixed(1)} % off.`,
    ...(near.length > 0 ? [`One try off: ${list(near)}.`] : []),
    missed.length > 0 ? `Missed: ${list(missed)}.` : 'None is missed.',
    `For the outage as it was planned, as announced before the runs: ${rows.filter(cameAsAnnounced).length} of ${rows.length}.`,
  ].join(' ');
}

const cameAsAnnounced = ({ announced, measured }: PredictionRow): boolean =>
  announced !== null &&
  announced.outcome === measured?.outcome &&
  Math.abs(measured.after / announced.after - 1) <= TOLERANCE;

function cells({ id, flow, changed, made, predicted, measured, difference, hit }: PredictionRow): string[] {
  const text = (one: { readonly outcome: string; readonly after: number } | null): string =>
    one === null ? 'not known' : `${one.outcome}, ${formatSeconds(one.after)}`;
  return [
    `${flow} (${id})`,
    changed,
    made === null ? '-' : formatSeconds(made),
    text(predicted),
    text(measured),
    difference === null ? '-' : `${difference < 0 ? '' : '+'}${(difference * 100).toFixed(1)} %`,
    { yes: 'hit', 'one-try-off': 'one try off', no: 'missed' }[hit],
  ];
}
