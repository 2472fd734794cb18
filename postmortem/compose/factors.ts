/** Contributing factors: one a group of flows that share outcome and cause, told by its worst flow, with the evidence. */
import {
  CAUSE_PHRASES,
  type CauseId,
  count,
  describeClockErrors,
  describeDrops,
  describeEnd,
  describeParts,
  describeStuck,
  describeTiming,
  type Flow,
  type FlowGroup,
  flowFilters,
  formatEndpoint,
  formatNumber,
  formatSeconds,
  formatUtc,
  nameOf,
  OUTCOME_PHRASES,
  openTiming,
  TIMER_HEAD,
  timerRow,
  wiresharkFilters,
  worstStall,
} from '../../analyzer/index.ts';
import { type Block, paragraph, type Run, type Runs, section } from './block.ts';
import type { Context } from './context.ts';

export function* composeFactors(context: Context): Generator<Block> {
  const { factors, factorCount, report, impact } = context.facts;
  yield section('Contributing factors', 'contributing-factors');
  if (factors.length === 0) {
    yield paragraph(
      report.summary.flows === 0
        ? 'None: there is no flow to judge.'
        : 'None: no flow stalled, and every connection that is seen works.',
    );
    return;
  }
  if (impact.affected === 0)
    yield paragraph('No flow was touched by a failover. What follows stalled for reasons of its own.');
  for (const [i, group] of factors.entries()) yield* composeFactor(group, i + 1, context);
  if (factorCount > factors.length)
    yield paragraph(
      `And ${count(factorCount - factors.length, 'more group')} of flows: see the report in JSON.`,
    );
}

export const factorTitle = ({ outcome, cause }: FlowGroup, number: number): string =>
  `Factor ${number}: ${outcome}, ${cause ?? 'cause open'}`;

export const factorId = (number: number): string => `factor-${number}`;

function* composeFactor(group: FlowGroup, number: number, context: Context): Generator<Block> {
  const { cause, outcome, worst } = group;
  yield { is: 'part', title: factorTitle(group, number), id: factorId(number) };
  const why = cause === null ? openCauses(worst.candidates) : CAUSE_PHRASES[cause];
  yield paragraph(
    `${count(group.count, 'flow')} ${OUTCOME_PHRASES[outcome]}${why === '' ? '' : `: ${why}`}.`,
  );
  yield { is: 'table', head: ['fact', 'value'], rows: factRows(group, context) };
  const claims = context.number(worst.claims);
  if (claims.length > 0) yield { is: 'evidence', claims };
  yield* composeTimers(worst);
  const filters = filterRows(worst, context);
  if (filters.length > 0)
    yield {
      is: 'fold',
      summary: 'Wireshark filters',
      open: false,
      blocks: [{ is: 'table', head: ['capture', 'filter', 'shows'], rows: filters }],
    };
}

/** What clients and servers would have done to the stall of its worst flow. */
function* composeTimers({ timers }: Flow): Generator<Block> {
  if (timers === undefined) return;
  const rows = timers.map((one): Runs[] => {
    const [client = '', timer = '', delivered = '', set = '', then = ''] = timerRow(one);
    return [[client], [{ code: timer }], [delivered], set === '' ? [''] : [{ code: set }], [then]];
  });
  yield {
    is: 'fold',
    summary: 'Timeouts: what each would have done, in seconds since the stall began',
    open: false,
    blocks: [{ is: 'table', head: [...TIMER_HEAD], rows }],
  };
}

function openCauses(candidates: readonly CauseId[]): string {
  if (candidates.length === 0) return '';
  const named = candidates.length <= 3 ? candidates.join(' or ') : `${candidates.length} causes fit`;
  return `the cause is open, ${named}`;
}

function factRows(group: FlowGroup, context: Context): Runs[][] {
  const { worst } = group;
  const rows: [string, Runs][] = [];
  const add = (name: string, ...runs: Run[]): void => {
    if (runs.some((run) => run !== '')) rows.push([name, runs]);
  };
  const which = group.count > 1 ? 'worst flow' : 'flow';
  const udp = worst.protocol === 'udp' ? ' (UDP)' : '';
  add(which, `${formatEndpoint(worst.client)} → ${formatEndpoint(worst.server)}${udp}, `, { code: worst.id });
  const stall = worstStall(worst);
  if (stall !== null) {
    const open = stall.end === null ? ', to the end of the captures' : '';
    add('stalled', `${formatSeconds(stall.duration)} from ${formatUtc(stall.start)}${open}`);
    add('timing', describeTiming(stall) || openTiming(worst, stall));
    if (worst.stuck !== undefined) for (const [label, text] of describeStuck(worst.stuck)) add(label, text);
    else add('next retry', stall.nextRetry === null ? '' : `due at ${formatUtc(stall.nextRetry)}`);
  }
  add('timing of the group', timingOfGroup(group));
  add('ended by', describeEnd(worst, context.names));
  add('replaced by', ...(worst.replacedBy === undefined ? [''] : ['flow ', { code: worst.replacedBy }]));
  add('translated to', (worst.translated ?? []).map(formatEndpoint).join(', '));
  for (const [i, { client, server, seenAt }] of (worst.legs ?? []).entries())
    add(
      i === 0 ? "client's leg" : "server's leg",
      `${formatEndpoint(client)} → ${formatEndpoint(server)}, seen at ${seenAt.map((id) => nameOf(id, context.names)).join(', ')}`,
    );
  add('contributing', worst.contributing.map((id) => `${id} (${CAUSE_PHRASES[id]})`).join('; '));
  add('confidence', confidence(worst, context));
  add('meaning in full', ...(group.cause === null ? [''] : [{ code: `diagnose explain ${group.cause}` }]));
  return rows.map(([name, runs]) => [[name], runs]);
}

/** What its flows waited in all, split where the parts are known. */
function timingOfGroup({ count: flows, stalled, parts }: FlowGroup): string {
  if (flows < 2 || stalled === 0) return '';
  const all = `${formatSeconds(stalled)} in all`;
  if (parts.flows === 0) return all;
  return `${all}; of ${formatNumber(parts.flows)}: ${describeParts(parts).join(' + ')}`;
}

function confidence(flow: Flow, { facts: { report }, names }: Context): string {
  const { seenAt } = flow;
  const dropped = report.captures.filter(({ id }) => seenAt.includes(id)).map((capture) => capture.dropped);
  const drops = dropped.includes(null)
    ? 'drops not recorded'
    : describeDrops(dropped.reduce((total: number, some) => total + (some ?? 0), 0));
  const clocks = describeClockErrors(flow, { clocks: report.clocks }, names);
  return [`${flow.confidence}: seen in ${count(seenAt.length, 'capture')}`, ...clocks, drops].join(', ');
}

function filterRows(flow: Flow, { names }: Context): Runs[][] {
  const cited = [...wiresharkFilters(flow)].map(([capture, filter]): Runs[] => [
    [nameOf(capture, names)],
    [{ code: filter }],
    ['the evidence'],
  ]);
  const whole = [...flowFilters(flow)].map(([filter, captures]): Runs[] => [
    [captures.map((id) => nameOf(id, names)).join(', ')],
    [{ code: filter }],
    ['the whole flow'],
  ]);
  return [...cited, ...whole];
}
