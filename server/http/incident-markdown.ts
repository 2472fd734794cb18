/**
 * An incident as Markdown, for a postmortem: what is known is filled in, what only people know is
 * marked `TODO(human)`. The same result and pins give the same bytes: nothing says when it was made.
 * The trap: everything that came from a capture, a journal or a user is escaped.
 */
import {
  type Advice,
  CAUSE_PHRASES,
  type Claim,
  type Failover,
  type Flow,
  type FrameRef,
  type Gap,
  leastOutage,
  OUTCOME_ORDER,
  OUTCOME_PHRASES,
  PATH_PHRASES,
} from '../../analyzer/index.ts';
import type { FlowRow, IncidentDetail, Pin, ReportHead } from '../api.ts';
import { escapeMarkdown, quoted, table } from './markdown.ts';

/** More rows nobody reads; `flows.csv` has them all. */
const MOST_FLOWS = 500;
const MOST_FRAMES = 6;

export interface Postmortem {
  readonly detail: IncidentDetail;
  readonly report: ReportHead;
  readonly pins: readonly Pin[];
  /** Affected flows, the worst first; read no further than they are shown. */
  readonly flows: Iterable<{ row: FlowRow; flow: Flow }>;
  /** Of them. */
  readonly total: number;
}

/** Section by section. */
export function* incidentMarkdown(postmortem: Postmortem): Generator<string, void, undefined> {
  const { detail, report } = postmortem;
  yield `# ${escapeMarkdown(detail.title)}\n\n${escapeMarkdown(report.headline)}\n`;
  yield section('Impact', impact(postmortem));
  yield section('Timeline', timeline(postmortem));
  yield section('Failovers', report.failovers.map((one) => failover(one, report)).join('\n'));
  yield section('Causes', causes(report));
  yield section('Affected flows', affected(postmortem));
  yield section('Pins and notes', notes(postmortem.pins));
  yield section('What to do', list(report.advice.map(advice)));
  yield section(
    'Detection and response',
    'TODO(human): who noticed, when and how; what was done; what helped.\n',
  );
  yield section('Lessons', 'TODO(human): what went well, what went wrong, where we were lucky.\n');
  yield section('Method', method(report));
}

const section = (title: string, body: string): string => (body === '' ? '' : `\n## ${title}\n\n${body}`);

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}\n`).join('');

function impact({ detail: { stalls }, report: { summary, path } }: Postmortem): string {
  const rows = OUTCOME_ORDER.flatMap((outcome) => {
    const count = summary.byOutcome[outcome];
    return count === undefined ? [] : [[outcome, String(count), OUTCOME_PHRASES[outcome]]];
  });
  const worst =
    stalls === null
      ? ''
      : `\nWorst stall of an affected flow: median ${seconds(stalls.p50)}, 95th percentile ${seconds(stalls.p95)}, longest ${seconds(stalls.max)}.\n`;
  return `${summary.flows} flows in the captures. The path is ${PATH_PHRASES[path.kind]}.\n\n${table(['outcome', 'flows', 'what it means'], rows)}${worst}\nTODO(human): what users saw.\n`;
}

/** Edges of the failovers and the pins that have a time, in its order. */
function timeline({ report, pins }: Postmortem): string {
  const edges = report.failovers.flatMap((one) => {
    const { pathLost, pathRestored, restoredBy, restoredWithin = 0 } = one;
    const name = escapeMarkdown(one.id);
    const latest = restoredBy === 'bound' || restoredWithin > 0 ? ' at the latest' : '';
    return [
      { at: pathLost, text: `${name}: the path was lost${orLater(one)}` },
      ...(pathRestored === null ? [] : [{ at: pathRestored, text: `${name}: the path was back${latest}` }]),
    ];
  });
  const pinned = pins.flatMap(({ at, title }) =>
    at === null ? [] : [{ at, text: `pinned: ${escapeMarkdown(title)}` }],
  );
  const zero = report.failovers[0]?.pathLost ?? null;
  const rows = [...edges, ...pinned]
    .sort((a, b) => (BigInt(a.at) < BigInt(b.at) ? -1 : 1))
    .map(({ at, text }) => [utc(at), zero === null ? '' : since(zero, at), text]);
  return rows.length === 0 ? '' : table(['UTC', 'T0 +', 'what'], rows);
}

function failover(one: Failover, report: ReportHead): string {
  const nodes =
    one.from === undefined && one.to === undefined ? '' : `: ${one.from ?? '?'} to ${one.to ?? '?'}`;
  return `### ${escapeMarkdown(`${one.id}${nodes}`)}\n\nLost ${utc(one.pathLost)}${orLater(one)}, ${outage(one)}.\n\n${list(one.marks.map((mark) => claim(mark, report)))}`;
}

const orLater = ({ lostWithin = 0 }: Failover): string =>
  lostWithin === 0 ? '' : ` or up to ${seconds(lostWithin)} later`;

function outage(one: Failover): string {
  const least = leastOutage(one);
  if (one.pathRestored === null) return 'the path was not seen to come back';
  if (one.outage === null || least === null) return 'the outage is not known: nothing ties the clocks';
  if (least > one.outage * 0.99) return `outage ${seconds(one.outage)}`;
  return least < 0.001
    ? `outage at most ${seconds(one.outage)}`
    : `outage ${seconds(least)} to ${seconds(one.outage)}`;
}

function causes({ causes: found }: ReportHead): string {
  const rows = found.map(({ id, flows, worstStall }) => [
    id,
    String(flows.length),
    worstStall === null ? '' : seconds(worstStall),
    escapeMarkdown(CAUSE_PHRASES[id]),
  ]);
  return rows.length === 0 ? '' : table(['cause', 'flows', 'worst stall', 'what it means'], rows);
}

function affected({ flows, total, report }: Postmortem): string {
  const rows: string[][] = [];
  for (const { row, flow } of flows) {
    if (rows.length === MOST_FLOWS) break;
    rows.push(flowCells(row, flow, report));
  }
  if (rows.length === 0) return 'None.\n';
  const head = ['outcome', 'cause', 'client', 'server', 'stall from', 'stall', 'confidence', 'evidence'];
  const more = total - rows.length;
  return `${table(head, rows)}${more > 0 ? `\nand ${more} more: flows.csv has them all.\n` : ''}`;
}

function flowCells(row: FlowRow, flow: Flow, report: ReportHead): string[] {
  const cause = row.cause ?? (row.candidates.length > 0 ? `one of ${row.candidates.join(', ')}` : '');
  return [
    row.outcome,
    escapeMarkdown(cause),
    escapeMarkdown(row.client),
    escapeMarkdown(row.server),
    row.stallStart === null ? '' : utc(row.stallStart),
    row.stall === null ? '' : seconds(row.stall),
    row.confidence,
    frames(
      flow.claims.flatMap((one) => one.frames),
      report,
    ),
  ];
}

function notes(pins: readonly Pin[]): string {
  return pins
    .map(({ at, title, target, note }) => {
      const head = `### ${escapeMarkdown(title)}\n\n${at === null ? '' : `${utc(at)}, `}${escapeMarkdown(target)}\n`;
      return note.trim() === '' ? head : `${head}\n${quoted(note)}\n`;
    })
    .join('\n');
}

function advice({ text, safeToRetry }: Advice): string {
  return `${escapeMarkdown(text)}${safeToRetry === 'yes' ? ' (safe to retry)' : safeToRetry === 'no' ? ' (not safe to retry)' : ''}`;
}

const CLOCK_SOURCES = {
  packets: '',
  exchange: ', by exchanges with one server',
  hosts: ', as both hosts say',
} as const;

function describeGap(capture: string, { from, to, why, packets }: Gap): string {
  const what = packets === undefined ? 'did not run' : `lost ${packets} packets`;
  const until = to === null ? 'on' : `to ${utc(to)}`;
  return `${escapeMarkdown(capture)} ${what} from ${utc(from)} ${until}: ${escapeMarkdown(why)}`;
}

function method({ tool, captures, clocks, problems }: ReportHead): string {
  const rows = captures.map((one) => [
    escapeMarkdown(one.id),
    escapeMarkdown(one.file),
    escapeMarkdown(
      one.vantage.side === undefined ? one.vantage.host : `${one.vantage.host}.${one.vantage.side}`,
    ),
    String(one.frames),
    one.dropped === null ? '' : String(one.dropped),
    one.sha256 ?? '',
  ]);
  const offsets = clocks.map(
    ({ capture, reference, offset, error, by = 'packets' }) =>
      `${escapeMarkdown(capture)} runs ${seconds(offset)} against ${escapeMarkdown(reference)}, ${error === null ? 'which nothing bounds' : `give or take ${seconds(error)}`}${CLOCK_SOURCES[by]}`,
  );
  const gaps = captures.flatMap((one) => (one.gaps ?? []).map((gap) => describeGap(one.id, gap)));
  const said = problems.map(({ message, at }) => `${escapeMarkdown(at.capture)}: ${escapeMarkdown(message)}`);
  const head = ['capture', 'file', 'vantage', 'frames', 'dropped', 'SHA-256'];
  const parts = [table(head, rows), list(gaps), list(offsets), list(said)].filter((part) => part !== '');
  return `Diagnosed by ${escapeMarkdown(`${tool.name} ${tool.version}`)} from:\n\n${parts.join('\n')}`;
}

function claim({ kind, text, frames: cited, journal = [], coverage }: Claim, report: ReportHead): string {
  const covered =
    coverage === undefined
      ? ''
      : ` (covered ${utc(coverage.from)} to ${utc(coverage.to)}: ${escapeMarkdown(coverage.why)})`;
  const lines = journal.map(({ file, line }) => escapeMarkdown(`${file}:${line}`)).join(', ');
  const evidence = [frames(cited, report), lines].filter((part) => part !== '').join(', ');
  return `${kind}: ${escapeMarkdown(text)}${covered}${evidence === '' ? '' : ` (${evidence})`}`;
}

/** As `capture #frame`; the first few. */
function frames(cited: readonly FrameRef[], { captures }: ReportHead): string {
  const known = new Set(captures.map(({ id }) => id));
  const all = [...new Set(cited.map(({ capture, frame }) => `${capture} #${frame}`))];
  const shown = all.slice(0, MOST_FRAMES).filter((text) => known.has(text.split(' ')[0] ?? ''));
  const more = all.length - shown.length;
  return `${shown.map((text) => `\`${text.replaceAll('`', '')}\``).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const seconds = (value: number): string =>
  `${Number(value.toPrecision(value >= 1 || value <= -1 ? 4 : 3))} s`;

const NANOS = 1_000_000_000n;

/** `2026-11-22 11:07:02.601`, rounded as in the report's headline. */
function utc(nanos: string): string {
  const ms = (BigInt(nanos) + 500_000n) / 1_000_000n;
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? nanos : date.toISOString().replace('T', ' ').replace('Z', '');
}

/** Seconds with three decimals. */
function since(zero: string, at: string): string {
  const nanos = BigInt(at) - BigInt(zero);
  const size = (nanos < 0n ? -nanos : nanos) + 500_000n;
  const ms = String((size % NANOS) / 1_000_000n).padStart(3, '0');
  return `${nanos < 0n ? '-' : ''}${size / NANOS}.${ms} s`;
}
