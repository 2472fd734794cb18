/**
 * The frames of one flow around its stalls, downward in time, the client at
 * the left and the server at the right: what `--flow` adds.
 */
import type { Flow, LadderRow } from '../../analyzer/index.ts';
import { type CaptureNames, formatFrames } from './captures.ts';
import { table, textWidth, wrapAfter } from './layout.ts';
import type { Style } from './style.ts';
import { count, formatNumber, formatUtc, secondsBetween } from './units.ts';

const HEADER = ['time', 'frame', '', 'flags', 'seq', 'ack', 'len'];
const NUMBERS = [0, 1, 4, 5, 6];

export function renderLadder({ ladder }: Flow, names: CaptureNames, style: Style): string[] {
  const first = ladder?.[0];
  if (!ladder || !first) return ['ladder: no frames of this flow to show'];
  const [header, ...body] = table([HEADER, ...ladder.map((row) => cells(row, first, names))], NUMBERS);
  return [
    `ladder: ${count(ladder.length, 'frame')}, seconds after ${formatUtc(first.time)}`,
    '',
    style.colors.dim(header!),
    ...body.flatMap((line, i) => withLabel(line, ladder[i]!, style)),
  ];
}

function cells(row: LadderRow, first: LadderRow, names: CaptureNames): string[] {
  const numbers = [row.seq, row.ack, row.length].map(formatNumber);
  const arrow = row.from === 'client' ? 'client --> server' : 'client <-- server';
  return [
    formatOffset(secondsBetween(first.time, row.time)),
    formatFrames([row.frame], names).join(''),
    arrow,
    row.flags,
    ...numbers,
  ];
}

/** Beside the frame where it fits, else under its arrow. */
function withLabel(line: string, { label }: LadderRow, style: Style): string[] {
  if (label === '') return [line];
  if (textWidth(line) + 2 + textWidth(label) <= style.width) return [`${line}  ${style.colors.bold(label)}`];
  const indent = ' '.repeat(Math.max(0, line.search(/client (--|<-)/)));
  return [line, ...wrapAfter(indent, label, style.width).map((part) => style.colors.bold(part))];
}

function formatOffset(seconds: number): string {
  return `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(6)}`;
}
