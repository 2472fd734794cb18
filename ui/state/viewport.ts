/**
 * The window of time that all views of an incident share, and the zooms before it.
 * Times are ns since the timeline's origin. Limits keep the numbers exact: no narrower than 100 ns,
 * no wider than twice the incident.
 */
import { type Atom, atom } from './atom.ts';

export interface Window {
  readonly from: number;
  readonly to: number;
}

const NARROWEST = 100;
const MOST_HISTORY = 50;

/** The window that is shown, and the whole of the incident. */
export const viewport: Atom<Window> = atom({ from: 0, to: 1 });
export const whole: Atom<Window> = atom({ from: 0, to: 1 });
const history: Window[] = [];

/** A new incident or flow: shows all of it and forgets the zooms. */
export function setWhole(next: Window): void {
  history.length = 0;
  whole.set(next);
  viewport.set(next);
}

/** Shows exactly that, within the limits. `remember`: the key "previous zoom" comes back to what was there. */
export function show(next: Window, remember = true): void {
  if (!Number.isFinite(next.from) || !Number.isFinite(next.to)) return;
  const all = whole.get();
  const middle = (next.from + next.to) / 2;
  const widest = 2 * (all.to - all.from) || 1;
  const width = Math.min(Math.max(next.to - next.from, NARROWEST), Math.max(widest, NARROWEST));
  const low = all.from - width / 2;
  const high = all.to + width / 2;
  const from = Math.min(Math.max(middle - width / 2, low), high - width);
  if (remember) {
    history.push(viewport.get());
    if (history.length > MOST_HISTORY) history.shift();
  }
  viewport.set({ from, to: from + width });
}

/** `factor` below 1 zooms in; what is at `at` stays where it is. */
export function zoom(factor: number, at: number, remember = true): void {
  const { from, to } = viewport.get();
  show({ from: at - (at - from) * factor, to: at + (to - at) * factor }, remember);
}

/** By a part of the visible width; 1 is a whole screen to the right. */
export function pan(part: number): void {
  const { from, to } = viewport.get();
  const by = part * (to - from);
  show({ from: from + by, to: to + by }, false);
}

export function fit(): void {
  show(whole.get());
}

/** Brings `at` into the middle without a change of scale. */
export function centre(at: number): void {
  const { from, to } = viewport.get();
  const half = (to - from) / 2;
  show({ from: at - half, to: at + half });
}

export function previousZoom(): void {
  const before = history.pop();
  if (before !== undefined) viewport.set(before);
}
