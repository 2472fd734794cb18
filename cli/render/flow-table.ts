/** Every flow on one line: what `-v` adds. Worst outcome first, then by start. */
import { type Flow, formatEndpoint, OUTCOME_ORDER, worstStall } from '../../analyzer/index.ts';
import { type CaptureNames, nameOf } from './captures.ts';
import { escapeText } from './escape.ts';
import { table } from './layout.ts';
import type { Style } from './style.ts';
import { formatNumber, formatSeconds } from './units.ts';

const HEADER = [
  'flow',
  'outcome',
  'stall',
  'to client',
  'to server',
  'confidence',
  'tcp.stream',
  'client and server',
];
const NUMBERS = [2, 3, 4];

export function renderFlowTable(flows: readonly Flow[], names: CaptureNames, style: Style): string[] {
  const order = (flow: Flow): number => OUTCOME_ORDER.indexOf(flow.outcome);
  const sorted = [...flows].sort(
    (a, b) => order(a) - order(b) || compareTimes(a.start, b.start) || (a.id < b.id ? -1 : 1),
  );
  const [header, ...rows] = table([HEADER, ...sorted.map((flow) => cells(flow, names, style))], NUMBERS);
  return [style.colors.dim(header!), ...rows.map(escapeText)];
}

/** Decimal strings: the longer is the later. */
function compareTimes(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function cells(flow: Flow, names: CaptureNames, style: Style): string[] {
  const stall = worstStall(flow);
  return [
    flow.id,
    flow.outcome + causeOf(flow),
    stall ? formatSeconds(stall.duration) : '-',
    `${formatNumber(flow.bytesToClient)} B`,
    `${formatNumber(flow.bytesToServer)} B`,
    flow.confidence,
    describeStreams(flow, names),
    `${formatEndpoint(flow.client)} ${style.arrow} ${formatEndpoint(flow.server)}${flow.protocol === 'udp' ? ' (UDP)' : ''}`,
  ];
}

/** One number where all captures agree, else whose is which: `client:23 node-a:0`. */
function describeStreams({ streams = {} }: Flow, names: CaptureNames): string {
  const numbers = new Set(Object.values(streams));
  if (numbers.size < 2) return [...numbers].join('') || '-';
  return Object.entries(streams)
    .map(([capture, stream]) => `${nameOf(capture, names)}:${stream}`)
    .join(' ');
}

function causeOf(flow: Flow): string {
  const cause = flow.cause ?? (flow.outcome === 'unaffected' ? worstStall(flow)?.cause : '?');
  return cause ? `[${cause}]` : '';
}
