/**
 * What is copied out of the page: flows as Markdown, CSV or JSON, a flow's explanation as Markdown.
 * The trap: text from captures goes into formats that give characters a meaning. Markdown gets
 * backslashes, CSV quotes and no formula.
 */
import {
  CAUSE_PHRASES,
  type Claim,
  describeEvidence,
  describeParts,
  type Flow,
  OUTCOME_PHRASES,
  type Stall,
  wiresharkFilters,
} from '../../analyzer/index.ts';
import type { FlowRow } from '../../server/api.ts';
import { formatDate, formatDuration } from '../state/time.ts';

/** Id of a capture to its name. */
export type Names = ReadonlyMap<string, string>;

/** Nothing of it is read as markup. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\r\n\t\v\f\u0000-\u001f\u007f]+/g, ' ').replace(/[\\`*_{}[\]()#+!|<>~&$]/g, '\\$&');
}

const COLUMNS = [
  'outcome',
  'cause',
  'protocol',
  'client',
  'server',
  'stallStart',
  'stall',
  'outage',
  'backoff',
  'retransmits',
  'bytesToClient',
  'bytesToServer',
  'confidence',
  'id',
] as const satisfies readonly (keyof FlowRow)[];

const SHOWN = ['outcome', 'cause', 'client', 'server', 'stall from', 'stall', 'confidence'];

export function rowsToMarkdown(rows: readonly FlowRow[]): string {
  const lines = rows.map((row) =>
    [
      row.outcome,
      row.cause ?? (row.candidates.length > 0 ? `one of ${row.candidates.join(', ')}` : ''),
      row.client,
      row.server,
      row.stallStart === null ? '' : formatDate(row.stallStart),
      row.stall === null ? '' : formatDuration(row.stall),
      row.confidence,
    ].map(escapeMarkdown),
  );
  return [SHOWN, SHOWN.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

export function rowsToCsv(rows: readonly FlowRow[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => csvCell(row[column])).join(','));
  return [COLUMNS.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

/** A spreadsheet takes what begins with these for a formula. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function rowsToJson(rows: readonly FlowRow[]): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/** One flow as it would stand in a postmortem. */
export function flowToMarkdown(flow: Flow, names: Names, link: string): string {
  const code = `${flow.outcome}[${flow.cause ?? '?'}]`;
  const phrase = flow.cause === null ? '' : ` - ${CAUSE_PHRASES[flow.cause]}`;
  const ends = [flow.client, flow.server].map(({ address, port }) => `${address}:${port}`).join(' -> ');
  const worst = worstStall(flow);
  const sections = [
    `### ${escapeMarkdown(ends)}`,
    `**${escapeMarkdown(code)}**: ${escapeMarkdown(`${OUTCOME_PHRASES[flow.outcome]}${phrase}`)}; confidence ${flow.confidence}.`,
    worst === null ? '' : `Timing: ${describeTiming(worst)}, from ${formatDate(worst.start)}.`,
    list(
      'Evidence',
      flow.claims.map((claim) => describeClaim(claim, names)),
    ),
    list(
      'Ruled out',
      flow.ruledOut.map(({ cause, because }) => `${cause}: ${because}`),
    ),
    list('Candidates', flow.cause === null ? flow.candidates.map((id) => `${id}: ${CAUSE_PHRASES[id]}`) : []),
    list('Would decide', flow.splitBy.map(describeEvidence)),
    list(
      'Next',
      flow.advice.map(({ text }) => text),
    ),
    filters(flow, names),
    `<${link}>`,
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : [`${title}:`, '', ...lines.map((line) => `- ${escapeMarkdown(line)}`)].join('\n');
}

function describeClaim({ kind, text, frames, journal = [], coverage }: Claim, names: Names): string {
  const refs = [
    ...frames.map(({ capture, frame }) => `${names.get(capture) ?? capture} #${frame}`),
    ...journal.map(({ file, line }) => `${file}:${line}`),
  ];
  const covered =
    coverage === undefined
      ? ''
      : ` (covered ${formatDate(coverage.from)} to ${formatDate(coverage.to)}: ${coverage.why})`;
  return `${kind}: ${text}${covered}${refs.length === 0 ? '' : ` [${refs.join(', ')}]`}`;
}

function filters(flow: Flow, names: Names): string {
  const lines = [...wiresharkFilters(flow)].map(
    ([capture, filter]) => `${names.get(capture) ?? capture}: ${filter}`,
  );
  return lines.length === 0
    ? ''
    : ['Wireshark:', '', ...lines.map((line) => `    ${line.replace(/[\r\n]/g, ' ')}`)].join('\n');
}

export function worstStall({ stalls }: Pick<Flow, 'stalls'>): Stall | null {
  return stalls.reduce<Stall | null>(
    (worst, one) => (worst === null || one.duration > worst.duration ? one : worst),
    null,
  );
}

/** `3.06 s = outage 1.88 s + back-off 1.18 s`; what does not add up is a list. */
export function describeTiming(stall: Stall): string {
  const { duration, outage, backoff, recovery, end } = stall;
  const isKnown = outage !== null && backoff !== null && recovery !== null;
  // A part of no length says nothing.
  const some = (part: number | null): number | null => (part !== null && part > 0 ? part : null);
  const parts = describeParts(
    { ...stall, outage: some(outage), backoff: some(backoff), recovery: some(recovery) },
    formatDuration,
  );
  const whole = `stalled ${formatDuration(duration)}${end === null ? ' to the end of the captures' : ''}`;
  if (parts.length === 0) return whole;
  return isKnown && end !== null ? `${whole} = ${parts.join(' + ')}` : `${whole} (${parts.join(', ')})`;
}
