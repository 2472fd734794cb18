/**
 * Keeps the address bar and the state together. A step that people would want to go back from (a
 * page, a selection, a view) is a new entry of the history; a movement (pan, zoom) only changes
 * the entry, and not while it lasts.
 * The trap: both sides listen to each other. What is read from the address is not written back.
 */
import { type Atom, atom } from './atom.ts';
import { incident, openFlow, view } from './incident.ts';
import { formatRoute, parseRoute, type Route } from './route.ts';
import { selection } from './selection.ts';
import { selectionToText, textToSelection } from './target.ts';
import { timeMode, toNanos, toTimeline } from './time.ts';
import { show, viewport, whole } from './viewport.ts';

/** Long enough for a wheel to come to rest. */
const PAN_REST = 250;

export const route: Atom<Route> = atom(parseRoute('').route);
/** Parts of the address that made no sense; the page says so until it is told to stop. */
export const droppedFields: Atom<readonly string[]> = atom<readonly string[]>([]);

let isReading = false;
let panTimer: ReturnType<typeof setTimeout> | undefined;

/** Once, before the page is drawn. */
export function startAddress(): void {
  readAddress();
  addEventListener('popstate', readAddress);
  addEventListener('hashchange', readAddress);
  view.subscribe(() => write({ view: view.get() }, 'push'));
  timeMode.subscribe(() => write({ time: timeMode.get() }, 'replace'));
  selection.subscribe(() => write({ sel: selectionToText(selection.get()) }, 'push'));
  viewport.subscribe(() => {
    if (isReading) return;
    clearTimeout(panTimer);
    panTimer = setTimeout(() => write(windowFields(), 'replace'), PAN_REST);
  });
}

/** Goes to another page, or changes what is asked of this one. */
export function go(change: Partial<Route>, how: 'push' | 'replace' = 'push'): void {
  clearTimeout(panTimer);
  write(change, how);
  applyRoute();
}

/** The address of a route near this one, for links. */
export function linkTo(change: Partial<Route>): string {
  return formatRoute({ ...route.get(), ...change });
}

/** What a link to another page of the incident starts from: no window, no selection. */
export const AFRESH: Partial<Route> = { from: null, to: null, sel: null, flow: '' };

/** The window, selection and view of the address, when what they are about has been loaded. */
export function applyRoute(): void {
  const { from, to, sel, view: wanted, time } = route.get();
  isReading = true;
  view.set(wanted);
  timeMode.set(time);
  if (incident.get() !== null) {
    selection.set(textToSelection(sel));
    if (from !== null && to !== null) show({ from: toTimeline(from), to: toTimeline(to) }, false);
  }
  isReading = false;
}

/** Without a sign of it in the address: another incident or flow has another whole. */
export function quietly(change: () => void): void {
  const before = isReading;
  isReading = true;
  change();
  isReading = before;
}

function readAddress(): void {
  const { route: next, dropped } = parseRoute(location.hash);
  if (formatRoute(next) === formatRoute(route.get()) && dropped.length === 0) return;
  clearTimeout(panTimer);
  route.set(next);
  droppedFields.set(dropped);
  applyRoute();
}

function write(change: Partial<Route>, how: 'push' | 'replace'): void {
  if (isReading) return;
  const next = { ...route.get(), ...change };
  const address = formatRoute(next);
  if (address === formatRoute(route.get())) return;
  droppedFields.set([]);
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  route.set(next);
}

/** Nothing where all is shown. */
function windowFields(): Pick<Route, 'from' | 'to'> {
  const { from, to } = viewport.get();
  const all = whole.get();
  const isWhole = from === all.from && to === all.to;
  const isShown = incident.get() !== null || openFlow.get() !== null;
  return isWhole || !isShown ? { from: null, to: null } : { from: toNanos(from), to: toNanos(to) };
}
