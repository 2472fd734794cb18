/** A mark in words: for tooltips, for the line that a screen reader speaks, for tables. */
import { MARK_NAMES, Mark } from '../../analyzer/index.ts';

/** Kinds that are in a bucket, the worst first. */
export function kindsIn(marks: number): string[] {
  return MARK_NAMES.flatMap((name, mark) => ((marks >> mark) & 1 ? [name] : [])).reverse();
}

/** Why the mark is drawn as it is. */
export function whyMark(mark: number): string {
  return WHY[mark] ?? MARK_NAMES[mark] ?? '';
}

const WHY: Partial<Record<number, string>> = {
  [Mark.Ack]: 'acknowledges, carries no data',
  [Mark.Data]: 'data that was not sent before',
  [Mark.WindowUpdate]: 'same acknowledgement, another window',
  [Mark.DuplicateAck]: 'acknowledges the same byte again: something after it arrived',
  [Mark.Sack]: 'acknowledges bytes beyond a gap (SACK)',
  [Mark.Syn]: 'opens the connection',
  [Mark.Fin]: 'its sender has no more to send',
  [Mark.OutOfOrder]: 'bytes from before what was already seen, seen for the first time',
  [Mark.Probe]: 'asks whether the other side is still there, or has room again',
  [Mark.ZeroWindow]: 'its sender has no room for more',
  [Mark.Retransmission]: 'bytes that were sent before',
  [Mark.Reset]: 'ends the connection at once',
};

/** Made once: `toLocaleString` looks its rules up at every call. */
const NUMBERS = new Intl.NumberFormat('en-US');
export const grouped = (value: number): string => NUMBERS.format(value);

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** `1,460 B`, `64 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 100_000) return `${grouped(Math.round(bytes))} B`;
  if (bytes < 1e8) return `${grouped(Math.round(bytes / 1000))} kB`;
  return `${grouped(Math.round(bytes / 1e6))} MB`;
}
