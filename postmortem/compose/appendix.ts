/** The appendix: the affected flows, the graphs of the worst ones, and how all of it was found out, with its limits. */
import {
  count,
  describeClock,
  describeGap,
  formatEndpoint,
  formatNumber,
  formatSeconds,
  formatUtc,
  isTied,
  nameOf,
  type Report,
  THRESHOLDS,
  vantageName,
} from '../../analyzer/index.ts';
import type { SequenceGraph } from '../graphs/model.ts';
import { type Block, paragraph, type Runs, section } from './block.ts';
import type { Context } from './context.ts';

export function* composeAppendix(context: Context): Generator<Block> {
  yield section('Appendix: affected flows', 'affected-flows');
  yield* composeFlows(context);
  const sequences = context.facts.graphs?.sequences ?? [];
  if (sequences.length > 0) {
    yield section('Appendix: graphs', 'graphs');
    yield paragraph('The bytes of the worst flow of each factor, at the vantages nearest to its two ends.');
    for (const graph of sequences)
      yield { is: 'figure', caption: captionOf(graph), graph: { kind: 'sequence', graph } };
  }
  yield section('Appendix: method', 'method');
  yield* composeMethod(context);
}

function* composeFlows({ facts: { rows, impact } }: Context): Generator<Block> {
  if (rows.length === 0) {
    yield paragraph('None.');
    return;
  }
  const more = impact.affected - rows.length;
  const all = {
    is: 'table',
    head: ['flow', 'outcome', 'cause', 'client', 'server', 'stall from (UTC)', 'stall', 'confidence'],
    numbers: [6],
    rows: rows.map(({ flow, stall }): Runs[] => [
      [{ code: flow.id }],
      [flow.outcome],
      [flow.cause ?? (flow.candidates.length > 0 ? `open: ${firstFew(flow.candidates)}` : '')],
      [`${formatEndpoint(flow.client)}${flow.protocol === 'udp' ? ' (UDP)' : ''}`],
      [formatEndpoint(flow.server)],
      [stall === null ? '' : formatUtc(stall.start).replace(/ UTC$/, '')],
      [stall === null ? '' : formatSeconds(stall.duration)],
      [flow.confidence],
    ]),
  } as const satisfies Block;
  if (rows.length <= MOST_OPEN) yield all;
  else yield { is: 'fold', summary: `The ${count(rows.length, 'worst flow')}`, open: false, blocks: [all] };
  if (more > 0) yield paragraph(`And ${count(more, 'more flow')}: the report in JSON has them all.`);
}

/** A longer table is folded away. */
const MOST_OPEN = 40;
const MOST_CANDIDATES = 3;

function firstFew(candidates: readonly string[]): string {
  const more = candidates.length - MOST_CANDIDATES;
  return `${candidates.slice(0, MOST_CANDIDATES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const captionOf = ({ flow, sender }: SequenceGraph): string =>
  `${formatEndpoint(flow.client)} → ${formatEndpoint(flow.server)} (${flow.id}), ${flow.outcome}${flow.cause === null ? '' : `, ${flow.cause}`}: bytes that the ${sender} sent.`;

function* composeMethod({ facts: { report }, names }: Context): Generator<Block> {
  const { tool, captures, problems } = report;
  yield paragraph(`Diagnosed by ${tool.name} ${tool.version} from ${count(captures.length, 'capture')}:`);
  yield {
    is: 'table',
    head: ['capture', 'file', 'taken at', 'frames', 'first (UTC)', 'covered until (UTC)', 'dropped', 'clock'],
    numbers: [3],
    rows: captures.map((capture): Runs[] => {
      const { id, file, vantage, frames, firstTime, coveredUntil, dropped, truncated } = capture;
      return [
        [nameOf(id, names)],
        [truncated ? `${file} (cut short)` : file],
        [`${vantageName(capture)}${vantage.inferred ? ' (inferred)' : ''}`],
        [formatNumber(frames)],
        [firstTime === null ? '' : formatUtc(firstTime).replace(/ UTC$/, '')],
        [coveredUntil === null ? '' : formatUtc(coveredUntil).replace(/ UTC$/, '')],
        [dropped === null ? 'not recorded' : formatNumber(dropped)],
        [clockOf(id, report)],
      ];
    }),
  };
  const hashes = captures.flatMap(({ id, sha256 }): Runs[] =>
    sha256 === undefined ? [] : [[`SHA-256 of ${nameOf(id, names)}: `, { code: sha256 }]],
  );
  const gaps = captures.flatMap(({ id, gaps = [] }): Runs[] =>
    gaps.map((gap) => [`${nameOf(id, names)} ${describeGap(gap)}`]),
  );
  const damage = problems.map(
    ({ message, at }): Runs => [
      `${nameOf(at.capture, names)}: ${message}${at.frame === undefined ? '' : ` (frame ${at.frame})`}`,
    ],
  );
  if (hashes.length > 0) yield { is: 'list', items: hashes };
  yield* listed('Gaps of the captures', gaps);
  yield* listed('Problems in the files', damage);
  yield paragraph('Thresholds: ', thresholds());
  yield paragraph('To see it again: ', { code: commandOf(report) });
  yield paragraph(
    'Limits: absence counts only where a capture covers it; what nothing captured is not known. Times are by the clock of one capture, the reference, and are off by no more than the errors above. Byte counts are of TCP payload.',
  );
}

/** More damage than this is a sentence, not a list. */
const MOST_LISTED = 40;

function* listed(title: string, items: readonly Runs[]): Generator<Block> {
  if (items.length === 0) return;
  yield paragraph(`${title}:`);
  const more = items.length - MOST_LISTED;
  const shown = items.slice(0, MOST_LISTED);
  yield {
    is: 'list',
    items: more > 0 ? [...shown, [`and ${formatNumber(more)} more: see the report in JSON`]] : shown,
  };
}

function clockOf(id: string, { clocks, captures }: Omit<Report, 'flows'>): string {
  const fits = clocks.filter(({ capture }) => capture === id);
  const [first] = fits;
  if (first === undefined) return clocks.some(({ reference }) => reference === id) ? 'reference' : '';
  if (!isTied(first)) return 'not aligned';
  const by = captures.find((capture) => capture.id === first.reference);
  return `${describeClock(fits, { plusMinus: '±' })} against ${by === undefined ? first.reference : vantageName(by)}`;
}

function thresholds(): string {
  const { shortestStall, leastBackoff, rungTolerance, unansweredIsHang, silenceIsHang, longestPassage } =
    THRESHOLDS;
  return [
    `a stall lasts ${formatSeconds(shortestStall)} or longer`,
    `it is a hang after ${unansweredIsHang} transmissions in vain, or ${formatSeconds(silenceIsHang)} of silence, to the end of the captures`,
    `a back-off of less than ${formatSeconds(leastBackoff)} is told as outage`,
    `a retransmission is a rung within ${formatNumber(100 * rungTolerance)} % of its time`,
    `what is seen ${formatSeconds(longestPassage)} later or not at all is missing at the next vantage`,
  ]
    .join('; ')
    .concat('.');
}

/** From what the report says of its captures. */
function commandOf({ captures }: Omit<Report, 'flows'>): string {
  const files = captures.map((capture) =>
    shellWord(capture.vantage.inferred ? capture.file : `${vantageName(capture)}=${capture.file}`),
  );
  return ['diagnose', ...files].join(' ');
}

const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
