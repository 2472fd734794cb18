/**
 * The address of everything that can be looked at, in the fragment: `#/i/<incident>/flow/<flow>?view=ladder&from=..&to=..&sel=frame:c1:4120&time=utc`.
 * Times are decimal strings of ns since the epoch, so that a link survives another analysis.
 * The trap: people edit and cut links. Each field is read by itself; a bad one is dropped and
 * named in `dropped`, and the rest still counts.
 */
import type { NanosString } from '../../analyzer/index.ts';
import { FLOW_SORTS, type FlowSort } from '../../server/api.ts';
import { VIEWS, type View } from './incident.ts';
import { parseTarget } from './target.ts';
import { TIME_MODES, type TimeMode } from './time.ts';

export const PAGES = ['list', 'overview', 'flows', 'flow', 'files', 'pins'] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  readonly page: Page;
  /** '' on the list. */
  readonly incident: string;
  /** '' but on a flow's page. */
  readonly flow: string;
  /** Filter and order of the flow table, kept on a flow's page for "next flow". */
  readonly q: string;
  readonly sort: FlowSort;
  readonly order: 'asc' | 'desc';
  readonly view: View;
  readonly from: NanosString | null;
  readonly to: NanosString | null;
  /** Of the form of `Pin.target`. */
  readonly sel: string | null;
  readonly time: TimeMode;
}

export interface ParsedRoute {
  readonly route: Route;
  /** Fields that were there and made no sense, with what they said. */
  readonly dropped: readonly string[];
}

export const HOME: Route = {
  page: 'list',
  incident: '',
  flow: '',
  q: '',
  sort: 'stall',
  order: 'desc',
  view: 'lanes',
  from: null,
  to: null,
  sel: null,
  time: 't0',
};

/** Identifiers are given by the server and the analyzer: no slash, no space. */
const ID = /^[\w.~-]{1,80}$/;
const NANOS = /^\d{1,20}$/;

export function parseRoute(hash: string): ParsedRoute {
  const [path = '', search = ''] = splitOnce(hash.replace(/^#/, ''), '?');
  const dropped: string[] = [];
  const place = parsePath(path);
  if (place === null) dropped.push(`address ${path}`);
  const fields = parseFields(new URLSearchParams(search), dropped);
  return { route: { ...HOME, ...fields, ...(place ?? {}) }, dropped };
}

function parsePath(path: string): Pick<Route, 'page' | 'incident' | 'flow'> | null {
  const parts = path.split('/').filter((part) => part !== '');
  const [letter, incident = '', page, flow = '', ...more] = parts;
  if (letter === undefined) return { page: 'list', incident: '', flow: '' };
  if (letter !== 'i' || !ID.test(incident) || more.length > 0) return null;
  if (page === 'flow') return ID.test(flow) ? { page, incident, flow } : null;
  if (flow !== '') return null;
  if (page === undefined) return { page: 'overview', incident, flow: '' };
  return page === 'flows' || page === 'files' || page === 'pins' ? { page, incident, flow: '' } : null;
}

type Fields = { -readonly [Name in keyof Route]?: Route[Name] };

/** How each field is read; null: it makes no sense. */
const READERS: Record<string, (text: string) => Fields | null> = {
  q: (q) => ({ q }),
  sort: (text) => wrap(oneOf(FLOW_SORTS, text), (sort) => ({ sort })),
  order: (text) => wrap(oneOf(['asc', 'desc'] as const, text), (order) => ({ order })),
  view: (text) => wrap(oneOf(VIEWS, text), (view) => ({ view })),
  time: (text) => wrap(oneOf(TIME_MODES, text), (time) => ({ time })),
  from: (text) => (NANOS.test(text) ? { from: text } : null),
  to: (text) => (NANOS.test(text) ? { to: text } : null),
  sel: (text) => (parseTarget(text) === null ? null : { sel: text }),
};

function parseFields(search: URLSearchParams, dropped: string[]): Fields {
  const fields: Fields = {};
  for (const [name, text] of search) {
    // `__proto__` in a link is a name like any other.
    const read = Object.hasOwn(READERS, name) ? (READERS[name]?.(text) ?? null) : null;
    if (read === null) dropped.push(`${name}=${text}`);
    else Object.assign(fields, read);
  }
  const { from = null, to = null } = fields;
  // Half a window, or one that ends before it begins, is none.
  if ((from === null) !== (to === null) || (from !== null && to !== null && BigInt(from) >= BigInt(to))) {
    dropped.push(`from=${from ?? ''} to=${to ?? ''}`);
    fields.from = null;
    fields.to = null;
  }
  return fields;
}

/** What is as it is without saying is left out. */
export function formatRoute(route: Route): string {
  const search = new URLSearchParams();
  for (const name of ['q', 'sort', 'order', 'view', 'from', 'to', 'sel', 'time'] as const) {
    const value = route[name];
    if (value !== HOME[name] && value !== null) search.set(name, value);
  }
  const text = search.toString().replaceAll('%3A', ':');
  return `#${formatPath(route)}${text === '' ? '' : `?${text}`}`;
}

function formatPath({ page, incident, flow }: Route): string {
  if (page === 'list') return '/';
  const base = `/i/${incident}`;
  if (page === 'overview') return base;
  return page === 'flow' ? `${base}/flow/${flow}` : `${base}/${page}`;
}

function oneOf<T extends string>(known: readonly T[], text: string): T | null {
  return known.find((one) => one === text) ?? null;
}

function wrap<T>(value: T | null, make: (value: T) => Fields): Fields | null {
  return value === null ? null : make(value);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
