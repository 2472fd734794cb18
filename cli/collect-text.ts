/** What a collector does, and how it stands, in words. */
import type { CollectorConfig } from '../collector/config.ts';
import type { CollectorStatus } from '../collector/control-words.ts';
import type { CollectorEvent } from '../collector/words.ts';
import { escapeText } from './render/escape.ts';
import { table } from './render/layout.ts';
import { count, formatNumber, formatSeconds, formatUtc, formatUtcTime } from './render/units.ts';

/** Whether somebody should look at it. */
export const isBad = ({ event }: CollectorEvent): boolean => event === 'trouble' || event === 'gap';

/** One line; null for what only programs want to know. */
export function eventText(event: CollectorEvent): string | null {
  switch (event.event) {
    case 'capturing':
      return `${event.vantage}: captures on ${event.interface}`;
    case 'gap':
      return gapText(event);
    case 'file':
    case 'forgotten':
      return null;
    case 'pinned':
      return `pinned ${timeOf(event.from)} to ${timeOf(event.to)} (${event.why}): ${event.pin}`;
    case 'pin-complete':
      return `${event.pin} is complete: ${count(event.files, 'file')}, ${formatBytes(event.bytes)}`;
    case 'shipped':
      return `the server has ${event.file}, ${formatBytes(event.bytes)}`;
    case 'trouble':
      return `${event.what}${event.hint === '' ? '' : ` (${event.hint})`}`;
  }
}

function gapText({ vantage, interface: name, from, to, why }: CollectorEvent & { event: 'gap' }): string {
  const where = `${vantage}: nothing is captured on ${name}`;
  if (to === null) return `${where} since ${timeOf(from)}: ${why}`;
  const took = formatSeconds(Number(to - from) / 1e9);
  return `${vantage}: nothing was captured on ${name} for ${took}, from ${timeOf(from)}: ${why}`;
}

const timeOf = (nanos: bigint): string => formatUtcTime(String(nanos));

/** What it does with packets and where they go, before anything happens. */
export function openingText(config: CollectorConfig, engine: string): string {
  return [
    `${keepsText(config)}, by ${engine}, into ${config.folder}, ${formatBytes(config.keep)} at most`,
    `to pin what just happened: diagnose collect trigger --folder ${shellWord(config.folder)}`,
  ].join('; ');
}

function keepsText(config: CollectorConfig): string {
  const lengths = [...new Set(config.captures.map(({ snaplen }) => snaplen ?? config.snaplen))];
  if (lengths.every((length) => length === 0)) return 'keeps whole packets, with all that is in them';
  if (lengths.includes(0)) return 'keeps whole packets on some interfaces, with all that is in them';
  const most = formatNumber(Math.max(...lengths));
  return `keeps ${lengths.length > 1 ? 'at most ' : ''}the first ${most} bytes of each packet and cuts the payload behind them off`;
}

const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `0 B`, `12.3 MB`: three digits, decimal as `--keep` is. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`;
}

/** The line that a terminal shows all the time. */
export function progressText(status: CollectorStatus): string {
  const byVantage = new Map<string, CollectorStatus['interfaces']>();
  for (const one of status.interfaces)
    byVantage.set(one.vantage, [...(byVantage.get(one.vantage) ?? []), one]);
  const { ring, pins, ship } = status;
  const parts = [
    ...[...byVantage].map(([vantage, all]) => vantageText(vantage, all)),
    `ring ${formatBytes(ring.bytes)} of ${formatBytes(ring.keep)}`,
    ...(pins.pins === 0 ? [] : [count(pins.pins, 'pin')]),
    ...(ship === null ? [] : [`server: ${ship.state}`]),
  ];
  return escapeText(parts.join(' | '));
}

function vantageText(vantage: string, all: CollectorStatus['interfaces']): string {
  const sum = (of: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const idle = all.filter(({ state }) => state !== 'capturing');
  const lost = all.every(({ dropped }) => dropped === null)
    ? ''
    : `, ${formatNumber(sum(({ dropped }) => dropped ?? 0))} lost`;
  const waits = idle.length === 0 ? '' : `, ${idle.map((one) => `${one.interface} ${one.state}`).join(', ')}`;
  return `${vantage} ${count(
    sum(({ packets }) => packets),
    'packet',
  )}${lost}, ${formatBytes(sum(({ bytes }) => bytes))}${waits}`;
}

/** For `diagnose collect status`. */
export function statusText(status: CollectorStatus): string {
  const { ring, pins, ship, trouble } = status;
  const rows = [
    ['collector', `pid ${status.pid} on ${status.host}, since ${formatUtc(status.since)}`],
    ['folder', status.folder],
    [
      'engine',
      `${status.engine}, ${status.snaplen === 0 ? 'whole packets' : `${status.snaplen} bytes a packet`}`,
    ],
    ...status.interfaces.map((one) => [one.vantage, interfaceText(one)]),
    ['ring', `${count(ring.files, 'file')}, ${formatBytes(ring.bytes)} of ${formatBytes(ring.keep)}`],
    ['pins', `${count(pins.pins, 'pin')}, ${formatBytes(pins.bytes)} of ${formatBytes(pins.keep)}`],
    ['server', ship === null ? 'none' : shipText(ship)],
    ...(trouble === null ? [] : [['last trouble', `${formatUtc(trouble.at)}: ${trouble.what}`]]),
  ];
  return `${table(rows.map((row) => row.map(escapeText))).join('\n')}\n`;
}

function interfaceText(one: CollectorStatus['interfaces'][number]): string {
  const lost = one.dropped === null ? 'losses not told' : `${formatNumber(one.dropped)} lost`;
  const gaps = one.gaps === 0 ? '' : `, ${count(one.gaps, 'gap')}`;
  return `${one.interface}: ${one.state}, ${count(one.packets, 'packet')}, ${formatBytes(one.bytes)}, ${lost}${gaps}`;
}

function shipText({
  server,
  state,
  waitingFiles,
  waitingBytes,
  acknowledged,
}: NonNullable<CollectorStatus['ship']>): string {
  const last = acknowledged === null ? 'nothing yet' : formatUtc(acknowledged);
  const waits =
    waitingFiles === 0 ? '' : `, ${count(waitingFiles, 'file')} of ${formatBytes(waitingBytes)} to go`;
  return `${server}: ${state}${waits}; acknowledged: ${last}`;
}
