/** Commands that belong to no page: time, theme, zoom of the shared window, going places. */
import { AFRESH, go, route } from '../state/address.ts';
import { idleCompressed, incident, panelOpen, ruler, swapped, view } from '../state/incident.ts';
import { type CommandId, type Handler, onCommands, runCommand } from '../state/keymap.ts';
import type { Page } from '../state/route.ts';
import { hover, NOTHING, selection } from '../state/selection.ts';
import { THEMES, theme } from '../state/theme.ts';
import { TIME_MODES, timeMode } from '../state/time.ts';
import { fit, pan, previousZoom, viewport, zoom } from '../state/viewport.ts';

const ZOOM = 0.7;
const STEP = 0.15;

const after = <T>(list: readonly T[], now: T): T => list[(list.indexOf(now) + 1) % list.length]!;

/** Where a timeline is on the screen. */
const onTimeline = (work: () => void): Handler => {
  return () => {
    const { page } = route.get();
    if (page !== 'flow' && page !== 'overview') return false;
    return work();
  };
};

const toPage = (page: Page): Handler => {
  return () => (incident.get() === null ? false : go({ ...AFRESH, page }));
};

const onFlow = (work: () => void): Handler => {
  return () => (route.get().page === 'flow' ? work() : false);
};

/** The pointer's time, else the middle. */
function cursor(): number {
  const { from, to } = viewport.get();
  const at = hover.get().time;
  return at !== null && at >= from && at <= to ? at : (from + to) / 2;
}

/** @returns what ends them */
export function startCommands(): () => void {
  const map: Partial<Record<CommandId, Handler>> = {
    'zoom-in': onTimeline(() => zoom(ZOOM, cursor())),
    'zoom-out': onTimeline(() => zoom(1 / ZOOM, cursor())),
    'pan-left': onTimeline(() => pan(-STEP)),
    'pan-right': onTimeline(() => pan(STEP)),
    'pan-left-far': onTimeline(() => pan(-1)),
    'pan-right-far': onTimeline(() => pan(1)),
    fit: onTimeline(fit),
    'previous-zoom': onTimeline(previousZoom),
    lanes: onFlow(() => view.set('lanes')),
    ladder: onFlow(() => view.set('ladder')),
    'time-sequence': onFlow(() => view.set('time-sequence')),
    swap: onFlow(() => swapped.update((now) => !now)),
    ruler: onTimeline(() => ruler.update((now) => !now)),
    idle: onTimeline(() => idleCompressed.update((now) => !now)),
    panel: onFlow(() => panelOpen.update((now) => !now)),
    'time-mode': () => timeMode.update((now) => after(TIME_MODES, now)),
    theme: () => theme.update((now) => after(THEMES, now)),
    incidents: () => go({ ...AFRESH, page: 'list', incident: '' }),
    overview: toPage('overview'),
    flows: toPage('flows'),
    files: toPage('files'),
    pins: toPage('pins'),
    filter: toFilter,
    escape: stepBack,
  };
  return onCommands(map);
}

/** The table has the field; once it is there it takes the command itself. */
function toFilter(): boolean {
  if (incident.get() === null || route.get().page === 'flows') return false;
  go({ ...AFRESH, page: 'flows' });
  setTimeout(() => runCommand('filter'));
  return true;
}

/** First what is selected, then the panel. */
function stepBack(): boolean {
  if (document.activeElement instanceof HTMLInputElement) {
    document.activeElement.blur();
    return true;
  }
  if (selection.get().kind !== 'none') {
    selection.set(NOTHING);
    return true;
  }
  if (route.get().page !== 'flow' || !panelOpen.get()) return false;
  panelOpen.set(false);
  return true;
}
