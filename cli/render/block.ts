/**
 * One block of the text, in the form of a compiler's message: what and why,
 * where, the evidence, what follows from it, and where to read on. The same
 * block serves a group of flows (its worst one shown) and a single flow in full.
 */
import type { CauseId, Flow, Report, Stall } from '../../analyzer/index.ts';
import { type CaptureNames, formatFrames } from './captures.ts';
import { escapeDeep } from './escape.ts';
import { renderClaims, wiresharkFilters } from './evidence.ts';
import { type FlowGroup, worstStall } from './groups.ts';
import { wrap, wrapAfter } from './layout.ts';
import { CAUSE_PHRASES, describeEvidence, OUTCOME_PHRASES } from './phrases.ts';
import type { Style } from './style.ts';
import {
  count,
  formatEndpoint,
  formatExactSeconds,
  formatNumber,
  formatSeconds,
  formatUtc,
} from './units.ts';

export interface BlockContext {
  report: Report;
  names: CaptureNames;
  style: Style;
  /** Everything the report holds, not the first few. */
  full: boolean;
}

/** What one screen can take; `-v` and `--flow` print all. */
const MOST = { claims: 8, candidates: 6, ruledOut: 3 };

export function renderBlock(unsafe: FlowGroup, context: BlockContext): string[] {
  const { names, style, full } = context;
  const flow = escapeDeep(unsafe.worst);
  const group = { ...unsafe, worst: flow };
  const claims = full ? flow.claims : flow.claims.slice(0, MOST.claims);
  const moreClaims = flow.claims.length - claims.length;
  return [
    ...renderTitle(group, style),
    ...renderLocation(group, style),
    ...renderClaims(claims, names, style),
    ...(moreClaims > 0 ? note('more', `${count(moreClaims, 'claim')}: --flow ${flow.id}`, style) : []),
    ...renderNotes(flow, context),
    ...renderHelp(flow, group.cause, style),
  ];
}

function renderTitle({ outcome, cause, flows, worst }: FlowGroup, style: Style): string[] {
  const code = `${outcome}[${cause ?? '?'}]`;
  const why = cause ? CAUSE_PHRASES[cause] : openCauses(worst.candidates);
  const text = `${code}: ${count(flows.length, 'flow')} ${OUTCOME_PHRASES[outcome]}${why ? ` - ${why}` : ''}`;
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

function renderLocation({ flows, worst }: FlowGroup, style: Style): string[] {
  const facts = [worst.id];
  if (flows.length > 1) facts.push(`worst of ${formatNumber(flows.length)}`);
  const stall = worstStall(worst);
  if (stall) facts.push(`stalled ${describeStall(stall)}`);
  const mark = style.colors.blue('  -->');
  return [`${mark} ${describeTuple(worst, style)}`, ...wrapAfter('      ', facts.join(', '), style.width)];
}

function describeTuple({ client, server }: Pick<Flow, 'client' | 'server'>, { arrow }: Style): string {
  return `${formatEndpoint(client)} ${arrow} ${formatEndpoint(server)}`;
}

function describeStall(stall: Stall): string {
  const open = stall.end === null ? ' to the end of the capture' : '';
  return `${formatSeconds(stall.duration)}${open}, from ${formatUtc(stall.start)}`;
}

function renderNotes(flow: Flow, context: BlockContext): string[] {
  const { names, style, full } = context;
  const stall = worstStall(flow);
  const add = (label: string, text: string): string[] => (text === '' ? [] : note(label, text, style));
  return [
    ...add('timing', stall ? describeTiming(stall) : ''),
    ...add('next retry', stall?.nextRetry ? `due at ${formatUtc(stall.nextRetry)}` : ''),
    ...add('ended by', describeEnd(flow, names)),
    ...add('replaced by', flow.replacedBy ? `flow ${flow.replacedBy}` : ''),
    ...add('translated to', (flow.translated ?? []).map(formatEndpoint).join(', ')),
    ...add('legs', (flow.legs ?? []).map((leg) => describeTuple(leg, style)).join('; ')),
    ...add('path', full && flow.path !== 'unknown' ? flow.path : ''),
    ...add('contributing', flow.contributing.join(', ')),
    ...(full ? flow.stalls.filter((other) => other !== stall) : []).flatMap((other) => {
      return add('also stalled', describeStall(other) + (other.cause ? ` (${other.cause})` : ''));
    }),
    ...renderCandidates(flow, context),
    ...renderSplit(flow, style),
    ...add('ruled out', describeRuledOut(flow, full)),
    ...add('confidence', describeConfidence(flow, context.report)),
    ...[...wiresharkFilters(flow)].flatMap(([capture, filter]) => {
      return add(`wireshark ${names.get(capture) ?? capture}`.trimEnd(), filter);
    }),
  ];
}

function describeTiming({ duration, outage, backoff, recovery, end }: Stall): string {
  const parts = [
    outage === null ? '' : `outage ${formatExactSeconds(outage)}`,
    backoff === null ? '' : `back-off ${formatExactSeconds(backoff)}`,
    recovery === null ? '' : `recovery ${formatExactSeconds(recovery)}`,
  ].filter((part) => part !== '');
  const isWhole = end !== null && parts.length === 3;
  return isWhole ? `${formatExactSeconds(duration)} = ${parts.join(' + ')}` : parts.join(', ');
}

function describeEnd({ endedBy }: Flow, names: CaptureNames): string {
  if (!endedBy) return '';
  const who = endedBy.who === 'unknown' ? 'an unknown sender' : `the ${endedBy.who.replace('-', ' ')}`;
  return `${endedBy.how} from ${who} (${formatFrames([endedBy.frame], names)})`;
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

function describeConfidence({ confidence, seenAt }: Flow, { captures, clocks }: Report): string {
  const facts = [`seen in ${count(seenAt.length, 'capture')}`];
  const errors = clocks.map(({ error }) => error).filter((error) => error !== null);
  if (errors.length > 0) facts.push(`clocks within ${formatSeconds(Math.max(...errors))}`);
  const dropped = captures.filter(({ id }) => seenAt.includes(id)).map((capture) => capture.dropped);
  if (dropped.includes(null)) facts.push('drops not recorded');
  else {
    const sum = dropped.reduce((total: number, some) => total + (some ?? 0), 0);
    facts.push(sum === 0 ? 'no drops' : `${count(sum, 'packet')} dropped by the capture`);
  }
  return `${confidence} - ${facts.join(', ')}`;
}

function renderHelp(flow: Flow, cause: CauseId | null, style: Style): string[] {
  const page = cause ?? flow.candidates[0];
  return page ? [`   ${style.colors.cyan('help:')} diagnose explain ${page}`] : [];
}

/** `   = label: text`, continued under the text; `again` leaves the label out. */
function note(label: string, text: string, style: Style, again = false): string[] {
  const start = `   = ${label}: `;
  const lines = wrapAfter(again ? ' '.repeat(start.length) : start, text, style.width);
  const painted = `${style.colors.blue('   =')} ${style.colors.bold(`${label}:`)} `;
  return lines.map((line, i) => (i === 0 && !again ? painted + line.slice(start.length) : line));
}

function joinOr(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
