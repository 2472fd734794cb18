/**
 * Several captures, a line each, in the order of the path: what each is and
 * whether that was said or guessed, how far it reaches, how its clock runs.
 * The trap: the name is what all evidence below is labelled with, so the file
 * that opens in Wireshark stands beside it.
 */
import type { Capture, Report } from '../../analyzer/index.ts';
import { type CaptureNames, describeGap, nameOf, vantageName } from './captures.ts';
import { describeClock, isTied } from './clocks.ts';
import { table, textWidth, wrapAfter } from './layout.ts';
import { note } from './note.ts';
import type { Style } from './style.ts';
import { count, formatNumber, formatUtc } from './units.ts';

const ROLE_ORDER: readonly Capture['vantage']['role'][] = ['client', 'node', 'server', 'unknown'];
/** Of the columns, frames alone are numbers. */
const FRAMES_COLUMN = 2;
/** With less room than this the clocks are read badly beside the rest. */
const NARROWEST = 22;

export function renderCaptureTable(report: Report, names: CaptureNames, style: Style): string[] {
  const captures = inPathOrder(report.captures);
  const folder = commonFolder(captures.map(({ file }) => file));
  const columns = columnsOf(captures, folder, names);
  const lines = table(
    [columns.map(({ title }) => title), ...captures.map((one) => columns.map(({ cell }) => cell(one)))],
    [FRAMES_COLUMN],
  );
  const [header, ...rows] = withClocks(lines, clockColumn(report, captures, style), style);
  return [
    ...wrapAfter('', titleOf(captures, folder), style.width),
    style.colors.dim(header!),
    ...rows,
    ...dropsOf(captures, names).flatMap((text) => note('dropped', text, style)),
    ...gapsOf(captures).flatMap((text) => note('gap', text, style)),
    ...unplacedOf(captures).flatMap((text) => note('unplaced', text, style)),
    ...contradictionsOf(report).flatMap((text) => note('contradicted', text, style)),
  ];
}

interface Column {
  readonly title: string;
  cell(capture: Capture): string;
}

function columnsOf(captures: readonly Capture[], folder: string, names: CaptureNames): Column[] {
  const day = commonDay(captures);
  const columns: Column[] = [
    { title: 'capture', cell: ({ id }) => nameOf(id, names) },
    { title: 'file', cell: ({ file }) => file.slice(folder.length) },
    { title: 'frames', cell: ({ frames }) => formatNumber(frames) },
    { title: 'until (UTC)', cell: (capture) => describeReach(capture, day) },
  ];
  const isMixed = new Set(captures.map(({ vantage }) => vantage.inferred)).size > 1;
  if (isMixed) columns.push({ title: 'place', cell: ({ vantage }) => placeWord(vantage.inferred) });
  return columns;
}

/** `6 captures in incident/; where each was taken is guessed (VANTAGE=FILE says it)` */
function titleOf(captures: readonly Capture[], folder: string): string {
  const where = folder === '' ? '' : ` in ${folder}`;
  const drops = captures.every(({ dropped }) => dropped === 0) ? ', no drops' : '';
  const isGuessed = captures.every(({ vantage }) => vantage.inferred);
  const how = isGuessed ? '; where each was taken is guessed (VANTAGE=FILE says it)' : '';
  return `${count(captures.length, 'capture')}${where}${drops}${how}`;
}

const placeWord = (inferred: boolean): string => (inferred ? 'guessed' : 'said');

function describeReach({ coveredUntil, truncated }: Capture, day: string): string {
  if (coveredUntil === null) return truncated ? 'cut short' : '-';
  const time = formatUtc(coveredUntil).replace(' UTC', '');
  return `${day === '' ? time : time.slice(day.length + 1)}${truncated ? ', cut short' : ''}`;
}

/** The day on which all of them end; '' where they differ. */
function commonDay(captures: readonly Capture[]): string {
  const days = new Set(
    captures.flatMap(({ coveredUntil }) =>
      coveredUntil === null ? [] : [/^\d+-\d+-\d+/.exec(formatUtc(coveredUntil))?.[0] ?? ''],
    ),
  );
  return days.size === 1 ? ([...days][0] ?? '') : '';
}

const REFERENCE = 'reference clock';
const NO_CLOCK = '-';

interface ClockColumn {
  readonly title: string;
  /** A row each. */
  readonly cells: readonly string[];
}

/** None where nothing ties the clocks. */
function clockColumn({ clocks }: Report, captures: readonly Capture[], style: Style): ClockColumn | null {
  // It is set by no other; captures that only share packets with each other are set by one of them.
  const set = new Set(clocks.map(({ capture }) => capture));
  const root = clocks.find((c) => !set.has(c.reference))?.reference;
  const reference = captures.find(({ id }) => id === root);
  if (reference === undefined) return null;
  const place = vantageName(reference);
  const cellOf = (capture: Capture): string => {
    // Further files of the reference's vantage have its clock.
    if (capture.id === reference.id || vantageName(capture) === place) return REFERENCE;
    const fits = clocks.filter((clock) => clock.capture === capture.id && isTied(clock));
    const by = captures.find(({ id }) => id === fits[0]?.reference) ?? reference;
    const against = by === reference ? '' : ` against ${vantageName(by)}`;
    if (fits.length > 0) return `${describeClock(fits, style)}${against}`;
    return capture.frames === 0 ? NO_CLOCK : 'not aligned';
  };
  return { title: `clock minus ${place}'s`, cells: captures.map(cellOf) };
}

/** Beside the rows, wrapped where that is readable; else each under its row. */
function withClocks(lines: readonly string[], clocks: ClockColumn | null, style: Style): string[] {
  if (clocks === null) return [...lines];
  const start = Math.max(...lines.map(textWidth)) + 2;
  const cells = [clocks.title, ...clocks.cells];
  const isBeside = style.width - start >= NARROWEST;
  return lines.flatMap((line, i) => {
    if (isBeside) return wrapAfter(line.padEnd(start), cells[i]!, style.width);
    // A heading over nothing says nothing, and neither does a capture of no frames.
    if (i === 0 || cells[i] === NO_CLOCK) return [line];
    const text = cells[i] === REFERENCE ? REFERENCE : `${clocks.title}: ${cells[i]!}`;
    return [line, ...wrapAfter('      ', text, style.width)];
  });
}

const dropsOf = (captures: readonly Capture[], names: CaptureNames): string[] =>
  captures.flatMap(({ id, dropped }) =>
    dropped === null || dropped === 0 ? [] : [`${count(dropped, 'packet')} by ${nameOf(id, names)}`],
  );

/** More gaps than these are a number. */
const MOST_GAPS = 6;

/** When captures did not run, the longest first where there are many. */
function gapsOf(captures: readonly Capture[]): string[] {
  const all = captures.flatMap((one) => (one.gaps ?? []).map((gap) => ({ name: vantageName(one), gap })));
  if (all.length <= MOST_GAPS) return all.map(({ name, gap }) => `${name} ${describeGap(gap)}`);
  const length = ({ gap: { from, to } }: (typeof all)[number]): number =>
    to === null ? Number.POSITIVE_INFINITY : Number(BigInt(to) - BigInt(from));
  const longest = [...all].sort((a, b) => length(b) - length(a)).slice(0, MOST_GAPS - 1);
  const rest = all.length - longest.length;
  return [...longest.map(({ name, gap }) => `${name} ${describeGap(gap)}`), `and ${rest} more: see --json`];
}

const unplacedOf = (captures: readonly Capture[]): string[] =>
  captures
    .filter(({ vantage }) => vantage.role === 'unknown')
    .map(({ id, file }) => `${id}: nothing says where ${file} was taken; VANTAGE=FILE would`);

/** What the user said of a capture, and its traffic does not. */
const contradictionsOf = ({ captures, problems }: Report): string[] =>
  problems
    .filter(({ code }) => code === 'vantage-contradicted')
    .map(
      ({ at, message }) => `${captures.find(({ id }) => id === at.capture)?.file ?? at.capture}: ${message}`,
    );

/** From the client to the server, the nodes by name; the order of one place stays. */
function inPathOrder(captures: readonly Capture[]): Capture[] {
  const rank = ({ vantage }: Capture): number => ROLE_ORDER.indexOf(vantage.role);
  return [...captures].sort((a, b) => rank(a) - rank(b) || compareText(vantageName(a), vantageName(b)));
}

/** By code unit, so that the order is the same in every locale. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What all paths begin with, up to a slash. */
function commonFolder(files: readonly string[]): string {
  const [first = '', ...others] = files;
  const parts = first.split('/');
  for (let kept = parts.length - 1; kept > 0; kept--) {
    const folder = `${parts.slice(0, kept).join('/')}/`;
    if (others.every((file) => file.startsWith(folder))) return folder;
  }
  return '';
}
