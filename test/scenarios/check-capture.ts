/**
 * `checkCapture`: one capture, many ways to feed and to write it, one report.
 * Chunks of any size, pcap and pcapng, either byte order, µs and ns, a file
 * name that says nothing, times moved by a constant, JSON there and back.
 * The trap: what names the format differs between formats and is left out, and
 * nothing else is.
 */
import type { Report } from '../../analyzer/index.ts';
import { type Encoding, type PcapFile, writeCapture } from './pcap-records.ts';
import { diagnoseBytes } from './scenario.ts';

/** Three days and a bit: other seconds, other microseconds, another date. */
export const SHIFT = 259_207_654_321_000n;

/** Each of the three choices against the plain µs little-endian pcap of the fixtures, and all at once. */
const ENCODINGS: readonly Encoding[] = [
  { format: 'pcapng', bigEndian: true, nanoseconds: true },
  { format: 'pcap', bigEndian: true },
  { format: 'pcap', nanoseconds: true },
  { format: 'pcapng' },
];
/** Larger captures are only written all at once, for time's sake. */
const LARGE = 5_000_000;

/** What differed, one line a law; empty where all hold. */
export function checkCapture(
  name: string,
  bytes: Uint8Array,
  file: PcapFile,
  chunks: readonly number[],
): string[] {
  const report = diagnoseBytes([{ input: { file: name }, bytes }]);
  const found: string[] = [];
  const same = (law: string, a: unknown, b: unknown): void => {
    const difference = firstDifference(a, b);
    if (difference !== null) found.push(`${name}, ${law}: ${difference}`);
  };
  for (const chunk of chunks) {
    same(`in chunks of ${chunk}`, diagnoseBytes([{ input: { file: name }, bytes }], { chunk }), report);
  }
  const plain = withoutFormat(report);
  for (const encoding of ENCODINGS.slice(0, bytes.length > LARGE ? 1 : undefined)) {
    const written = writeCapture(file.records, file, encoding);
    same(
      `as ${JSON.stringify(encoding)}`,
      withoutFormat(diagnoseBytes([{ input: { file: name }, bytes: written }])),
      plain,
    );
  }
  const shifted = file.records.map((r) => ({ ...r, time: r.time + SHIFT }));
  const later = diagnoseBytes([{ input: { file: name }, bytes: writeCapture(shifted, file) }]);
  same('moved in time', withoutDates(shiftTimes(later, -SHIFT)), withoutDates(report));
  if (isEnd(name)) {
    const renamed = diagnoseBytes([{ input: { file: '1.pcap' }, bytes }]);
    if (isTold(renamed)) same('named 1.pcap', renamed.flows, report.flows);
  }
  same('as JSON and back', JSON.parse(JSON.stringify(report)), report);
  return found;
}

/** Traffic shows which end a capture was taken at; a node next door to an end it may not, and then its name counts. */
const isEnd = (name: string): boolean => /^(?:client|server)\b/.test(name);

/** Beside a proxy both TTLs are untouched; where both ends also answer within microseconds of each other, only a name tells. */
const isTold = ({ captures }: Report): boolean => captures[0]?.vantage.role !== 'unknown';

/** Format, and the resolution of an interface, are the file's and not the traffic's. */
function withoutFormat(report: Report): unknown {
  return { ...report, captures: report.captures.map((c) => ({ ...c, format: '' })) };
}

/** Moves every time of a report: the decimal strings of 16 digits and more. */
function shiftTimes(value: unknown, by: bigint): unknown {
  if (typeof value === 'string') return /^\d{16,}$/.test(value) ? (BigInt(value) + by).toString() : value;
  if (Array.isArray(value)) return value.map((v) => shiftTimes(v, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shiftTimes(v, by)]));
}

/** The headline names a date. */
function withoutDates(report: unknown): unknown {
  const { headline, ...rest } = report as Report;
  return { ...rest, headline: headline.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+/g, 'then') };
}

/** Path and values of the first place where two JSON-like values differ; null where they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${path} is ${JSON.stringify(a)} and not ${JSON.stringify(b)}`;
  }
  const [x, y] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
    const difference = firstDifference(x[key], y[key], `${path}/${key}`);
    if (difference !== null) return difference;
  }
  return null;
}
