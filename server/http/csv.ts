/**
 * Flows as CSV (RFC 4180).
 * The trap: a spreadsheet takes a cell that begins with one of `= + - @` for a formula, and text of
 * captures is anybody's. Such a cell gets an apostrophe; numbers are left alone.
 */
import type { FlowRow } from '../api.ts';

const COLUMNS = [
  'id',
  'protocol',
  'client',
  'server',
  'outcome',
  'cause',
  'candidates',
  'confidence',
  'start',
  'end',
  'stallStart',
  'stallEnd',
  'stall',
  'outage',
  'backoff',
  'retransmits',
  'bytesToClient',
  'bytesToServer',
  'seenAt',
] as const satisfies readonly (keyof FlowRow)[];

export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

export function csvLine(row: FlowRow): string {
  return `${COLUMNS.map((column) => csvCell(row[column])).join(',')}\r\n`;
}

export function csvCell(value: string | number | readonly string[] | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : value.join(' ');
  const guarded = /^\s*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
