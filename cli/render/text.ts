/**
 * The report as text for a terminal. It computes no fact: every number and
 * sentence stands in the `Report`, only their order and wording are chosen here.
 */
import {
  type Flow,
  groupFlows,
  groupOfOne,
  OUTCOME_ORDER,
  type Report,
  worstStall,
} from '../../analyzer/index.ts';
import { type BlockContext, renderBlock } from './block.ts';
import { renderCaptureTable } from './capture-table.ts';
import { captureNames, describeCapture } from './captures.ts';
import { escapeDeep, escapeText } from './escape.ts';
import { renderFailover } from './failover.ts';
import { renderFlowTable } from './flow-table.ts';
import { journalNames } from './journals.ts';
import { renderLadder } from './ladder.ts';
import { wrap, wrapAfter } from './layout.ts';
import { renderPath } from './path.ts';
import type { Style } from './style.ts';
import { count, formatNumber } from './units.ts';

export interface TextOptions {
  style: Style;
  /** `normal`, `-q` headline only, `-v` every flow, `--flow` the flows that have a ladder. */
  detail: 'quiet' | 'normal' | 'verbose' | 'flow';
}

/** More blocks than this are no longer read one by one. */
const MOST_BLOCKS = 10;

/** The whole text, with a newline at its end. */
export function renderText(report: Report, { style, detail }: TextOptions): string {
  const headline = headlineLines(report.headline, style);
  if (detail === 'quiet') return renderHeadline(report.headline, style);
  // The flows are many; those that are printed are escaped where they are printed.
  const safe: Report = { ...escapeDeep({ ...report, flows: [] }), flows: report.flows };
  const names = new Map([...journalNames(report), ...captureNames(safe.captures)]);
  const context: BlockContext = { report: safe, names, style, full: detail !== 'normal' };
  const sections = [
    [...headline, renderSummary(safe)],
    renderCaptures(safe, context),
    ...renderFailovers(safe, context),
    renderPath(safe, context),
    ...(detail === 'flow' ? renderFlows(safe, context) : renderGroups(safe, context)),
    ...(detail === 'verbose' && safe.flows.length > 0 ? [renderFlowTable(safe.flows, names, style)] : []),
    renderHints(safe, detail, style),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

/** The headline alone, with a newline at its end. */
export const renderHeadline = (headline: string, style: Style): string =>
  `${headlineLines(headline, style).join('\n')}\n`;

const headlineLines = (headline: string, { width, colors }: Style): string[] =>
  wrap(escapeText(headline), width).map((line) => colors.bold(line));

/** `212 flows: 180 unaffected, 29 resumed, 3 reset` */
function renderSummary({ summary }: Report): string {
  const parts = [...OUTCOME_ORDER]
    .map((outcome) => [outcome, summary.byOutcome[outcome] ?? 0] as const)
    .filter(([, flows]) => flows > 0)
    .map(([outcome, flows]) => `${formatNumber(flows)} ${outcome}`);
  return parts.length > 0
    ? `${count(summary.flows, 'flow')}: ${parts.join(', ')}`
    : count(summary.flows, 'flow');
}

function renderCaptures(report: Report, { names, style }: BlockContext): string[] {
  const [first, second] = report.captures;
  if (second !== undefined) return renderCaptureTable(report, names, style);
  return first === undefined ? [] : wrapAfter('', describeCapture(first), style.width);
}

/** A line each for one capture; with several, each has its evidence. */
function renderFailovers({ failovers, captures }: Report, context: BlockContext): string[][] {
  const each = failovers.map((failover) => renderFailover(failover, context));
  return captures.length > 1 ? each : [each.flat()];
}

function renderGroups(report: Report, context: BlockContext): string[][] {
  const groups = groupFlows(report.flows);
  const blocks = groups.slice(0, MOST_BLOCKS).map((group) => renderBlock(group, context));
  const rest = groups.slice(MOST_BLOCKS);
  if (rest.length === 0) return blocks;
  const flows = rest.reduce((sum, group) => sum + group.count, 0);
  return [
    ...blocks,
    [`${count(flows, 'more flow')} in ${count(rest.length, 'more group')}; -v lists every flow`],
  ];
}

/** The flows that were asked for, in full, each with its ladder. */
function renderFlows(report: Report, context: BlockContext): string[][] {
  return report.flows
    .filter((flow) => flow.ladder !== undefined)
    .flatMap((flow) => [
      renderBlock(groupOfOne(flow), context),
      renderLadder(escapeDeep(flow), context.names, context.style),
    ]);
}

function renderHints(report: Report, detail: TextOptions['detail'], style: Style): string[] {
  const help = (text: string): string[] => wrapAfter('help: ', text, style.width);
  const hidden = report.flows.filter(isHidden).length;
  const isUndecided = (report.summary.byOutcome.undecided ?? 0) > 0;
  return [
    ...(isUndecided ? help('if the captures ran on in silence, say until when: --until TIME') : []),
    ...(detail === 'normal' && hidden > 0
      ? [`${count(hidden, 'flow')} unaffected; -v lists every flow`]
      : []),
  ];
}

const isHidden = (flow: Flow): boolean => flow.outcome === 'unaffected' && !worstStall(flow)?.cause;
