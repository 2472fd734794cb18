/**
 * One block of the text, in the form of a compiler's message: what and why,
 * where, the evidence, what follows from it, and where to read on. The same
 * block serves a group of flows (its worst one shown) and a single flow in full.
 */
import {
  CAUSE_PHRASES,
  type CauseId,
  describeEnd,
  describeEvidence,
  describeTiming,
  type Flow,
  type FlowGroup,
  flowFilters,
  formatEndpoint,
  NOT_THE_FAILOVER,
  OUTCOME_PHRASES,
  openTiming,
  type Report,
  type Stall,
  wiresharkFilters,
  worstStall,
} from '../../analyzer/index.ts';
import { renderAdvice, renderStuck, renderTimers } from './advice.ts';
import { type CaptureNames, describeDrops, formatFrames, nameOf } from './captures.ts';
import { describeClockErrors } from './clocks.ts';
import { escapeDeep } from './escape.ts';
import { renderClaims } from './evidence.ts';
import { wrap, wrapAfter } from './layout.ts';
import { note } from './note.ts';
import type { Style } from './style.ts';
import { count, formatNumber, formatSeconds, formatUtc } from './units.ts';

export interface BlockContext {
  report: Report;
  names: CaptureNames;
  style: Style;
  /** Everything the report holds, not the first few. */
  full: boolean;
}

/** What one screen can take; `-v` and `--flow` print all. */
const MOST = { claims: 8, candidates: 6, ruledOut: 3, stalls: 3 };
/** With several captures the proof comes after the story that the first of them tells. */
const MOST_CLAIMS_OF_SEVERAL = 12;

export function renderBlock(unsafe: FlowGroup, context: BlockContext): string[] {
  const { names, style, full } = context;
  const flow = escapeDeep(unsafe.worst);
  const group = { ...unsafe, worst: flow };
  const most = context.report.captures.length > 1 ? MOST_CLAIMS_OF_SEVERAL : MOST.claims;
  const claims = full ? flow.claims : flow.claims.slice(0, most);
  const moreClaims = flow.claims.length - claims.length;
  return [
    ...renderTitle(group, style),
    ...renderLocation(group, context),
    ...renderClaims(claims, names, style),
    ...(moreClaims > 0 ? note('more', `${count(moreClaims, 'claim')}: --flow ${flow.id}`, style) : []),
    ...renderNotes(flow, context),
    ...renderHelp(flow, group.cause, style),
  ];
}

function renderTitle({ outcome, cause, count: flows, worst }: FlowGroup, style: Style): string[] {
  const code = `${outcome}[${cause ?? '?'}]`;
  const why = cause ? CAUSE_PHRASES[cause] : openCauses(worst.candidates);
  const text = `${code}: ${count(flows, 'flow')} ${OUTCOME_PHRASES[outcome]}${why ? ` - ${why}` : ''}`;
  const [first, ...rest] = wrap(text, style.width);
  const paint = outcomeColor(outcome, style);
  return [
    style.colors.bold(paint(code)) + style.colors.bold(first!.slice(code.length)),
    ...rest.map((line) => style.colors.bold(line)),
  ];
}

function openCauses(candidates: readonly CauseId[]): string {
  if (candidates.length === 0) return '';
  return candidates.length <= 3 ? joinOr(candidates) : `${candidates.length} causes fit`;
}

function outcomeColor(outcome: Flow['outcome'], { colors }: Style): (text: string) => string {
  if (outcome === 'unaffected') return colors.cyan;
  return outcome === 'resumed' || outcome === 'connect-delayed' || outcome === 'undecided'
    ? colors.yellow
    : colors.red;
}

function renderLocation({ count: flows, worst }: FlowGroup, context: BlockContext): string[] {
  const { style } = context;
  const facts = [worst.id];
  if (flows > 1) facts.push(`worst of ${formatNumber(flows)}`);
  const stall = worstStall(worst);
  if (stall) facts.push(`stalled ${describeStall(stall, context)}`);
  const mark = style.colors.blue('  -->');
  const udp = worst.protocol === 'udp' ? ' (UDP)' : '';
  return [
    `${mark} ${describeTuple(worst, style)}${udp}`,
    ...wrapAfter('      ', facts.join(', '), style.width),
  ];
}

function describeTuple({ client, server }: Pick<Flow, 'client' | 'server'>, { arrow }: Style): string {
  return `${formatEndpoint(client)} ${arrow} ${formatEndpoint(server)}`;
}

function describeStall(stall: Stall, { report }: BlockContext): string {
  const what = report.captures.length > 1 ? 'captures' : 'capture';
  const open = stall.end === null ? ` to the end of the ${what}` : '';
  return `${formatSeconds(stall.duration)}${open}, from ${formatUtc(stall.start)}`;
}

function renderNotes(flow: Flow, context: BlockContext): string[] {
  const { names, style, full } = context;
  const stall = worstStall(flow);
  const add = (label: string, text: string): string[] => note(label, text, style);
  return [
    ...add('timing', stall ? describeTiming(stall) || openTiming(flow, stall) : ''),
    ...(flow.stuck === undefined
      ? add('next retry', stall?.nextRetry ? `due at ${formatUtc(stall.nextRetry)}` : '')
      : renderStuck(flow.stuck, style)),
    ...add('ended by', describeEnd(flow, names)),
    ...add('replaced by', flow.replacedBy ? `flow ${flow.replacedBy}` : ''),
    ...add('translated to', (flow.translated ?? []).map(formatEndpoint).join(', ')),
    ...(flow.legs ?? []).flatMap((leg, i) =>
      add(i === 0 ? "client's leg" : "server's leg", describeLeg(leg, context)),
    ),
    ...add('path', isPathWorthSaying(flow, context) ? flow.path : ''),
    ...add('contributing', flow.contributing.join(', ')),
    ...otherStalls(flow, stall, full).flatMap((other) => add('also stalled', describeOther(other, context))),
    ...renderCandidates(flow, context),
    ...renderSplit(flow, style),
    ...add('ruled out', describeRuledOut(flow, full)),
    ...renderAdvice(flow, context),
    ...renderTimers(flow, context),
    ...add('confidence', describeConfidence(flow, context)),
    ...[...wiresharkFilters(flow)].flatMap(([capture, filter]) => {
      return add(`wireshark ${names.get(capture) ?? capture}`.trimEnd(), filter);
    }),
    ...add('whole flow', describeFlowFilters(flow, context)),
  ];
}

/** The path as a whole is said above; a flow that took another is not. */
function isPathWorthSaying({ path }: Flow, { report, full }: BlockContext): boolean {
  if (path === 'unknown') return false;
  return full || (report.captures.length > 1 && path !== report.path.kind);
}

function describeLeg(leg: NonNullable<Flow['legs']>[number], { names, style }: BlockContext): string {
  return `${describeTuple(leg, style)}, seen at ${leg.seenAt.map((id) => nameOf(id, names)).join(', ')}`;
}

/** Addresses, ports and stream numbers of one flow may be others in each capture. */
function describeFlowFilters(flow: Flow, { report, names }: BlockContext): string {
  if (report.captures.length < 2) return '';
  const filters = [...flowFilters(flow)];
  const whole = filters.length === 1 && flow.seenAt.length > 1;
  return filters
    .map(([filter, captures]) => {
      const where = whole ? 'each of its captures' : captures.map((id) => nameOf(id, names)).join(', ');
      return `${filter} in ${where}`;
    })
    .join('; ');
}

/** Those of the failover, each with its outage and its back-off; with `-v` the others as well. */
function otherStalls({ stalls }: Flow, worst: Stall | null, full: boolean): Stall[] {
  const others = stalls.filter((stall) => stall !== worst);
  const isFailovers = ({ cause }: Stall): boolean => cause === null || !NOT_THE_FAILOVER.includes(cause);
  return full ? others : others.filter(isFailovers).slice(0, MOST.stalls);
}

function describeOther(stall: Stall, context: BlockContext): string {
  const { last, first } = stall.frames;
  const timing = describeTiming(stall);
  const cause = stall.cause ? ` (${stall.cause})` : '';
  const wentOn = first ? ', then went on' : '';
  const parts = timing === '' ? wentOn : `: ${timing}`;
  const frames = formatFrames(first ? [last, first] : [last], context.names);
  return `${describeStall(stall, context)}${cause}${parts} (${frames})`;
}

function renderCandidates({ cause, candidates }: Flow, { style, full }: BlockContext): string[] {
  if (cause !== null || candidates.length === 0) return [];
  const shown = full ? candidates : candidates.slice(0, MOST.candidates);
  const idWidth = Math.max(...shown.map((id) => id.length));
  const rows = shown.flatMap((id, i) => {
    const first = `     ${String(i + 1).padStart(2)}. ${id.padEnd(idWidth)}  `;
    return wrapAfter(first, CAUSE_PHRASES[id], style.width);
  });
  const more = candidates.length - shown.length;
  return [
    ...note('candidates', 'likeliest first', style),
    ...rows,
    ...(more > 0 ? [`         and ${more} more: -v`] : []),
  ];
}

/** One line each: they are things to do, not a sentence. */
function renderSplit({ splitBy }: Flow, style: Style): string[] {
  return splitBy.flatMap((id, i) => {
    const [first, ...rest] = note('would decide', describeEvidence(id), style, i > 0);
    return [first!, ...rest];
  });
}

function describeRuledOut({ ruledOut }: Flow, full: boolean): string {
  const shown = full ? ruledOut : ruledOut.slice(0, MOST.ruledOut);
  const more = ruledOut.length - shown.length;
  const parts = shown.map(({ cause, because }) => `${cause} (${because})`);
  return [...parts, ...(more > 0 ? [`and ${more} more: -v`] : [])].join('; ');
}

function describeConfidence(flow: Flow, { report, names }: BlockContext): string {
  const { confidence, seenAt } = flow;
  const facts = [`seen in ${count(seenAt.length, 'capture')}`, ...describeClockErrors(flow, report, names)];
  const dropped = report.captures.filter(({ id }) => seenAt.includes(id)).map((capture) => capture.dropped);
  if (dropped.includes(null)) facts.push('drops not recorded');
  else facts.push(describeDrops(dropped.reduce((total: number, some) => total + (some ?? 0), 0)));
  return `${confidence} - ${facts.join(', ')}`;
}

function renderHelp(flow: Flow, cause: CauseId | null, style: Style): string[] {
  const page = cause ?? flow.candidates[0];
  return page ? [`   ${style.colors.cyan('help:')} diagnose explain ${page}`] : [];
}

function joinOr(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
