import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { IncidentDetail } from '../../server/api.ts';
import { applyRoute, droppedFields, go, quietly, route, startAddress } from './address.ts';
import { incident, view } from './incident.ts';
import { NOTHING, selection } from './selection.ts';
import { timeBase, timeMode } from './time.ts';
import { setWhole, show, viewport } from './viewport.ts';

/** A browser's address bar and history, as far as the page uses them. */
const bar = {
  entries: ['#/'],
  at: 0,
  listeners: new Map<string, () => void>(),
  get hash(): string {
    return this.entries[this.at]!;
  },
  back(): void {
    this.at--;
    this.listeners.get('popstate')?.();
  },
};

beforeAll(() => {
  vi.useFakeTimers();
  vi.stubGlobal('location', bar);
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) =>
    bar.listeners.set(name, listener),
  );
  vi.stubGlobal('history', {
    pushState: (_: unknown, __: string, hash: string) => {
      bar.entries = [...bar.entries.slice(0, bar.at + 1), hash];
      bar.at++;
    },
    replaceState: (_: unknown, __: string, hash: string) => {
      bar.entries[bar.at] = hash;
    },
  });
  startAddress();
});

beforeEach(() => {
  timeBase.set({ origin: 1_000n, zero: null, flow: null });
  quietly(() => {
    incident.set({ id: 'x' } as IncidentDetail);
    setWhole({ from: 0, to: 1_000_000 });
  });
  go({ page: 'flow', incident: 'x', flow: 'f1', from: null, to: null, sel: null, view: 'lanes' });
});

afterEach(() => {
  vi.runAllTimers();
});

test('a selection and a view are steps of the history, and come back', () => {
  selection.set({ kind: 'frame', frame: { capture: 'c1', frame: 12 } });
  view.set('ladder');
  expect(bar.hash).toBe('#/i/x/flow/f1?view=ladder&sel=frame:c1:12');
  bar.back();
  expect([view.get(), selection.get().kind]).toEqual(['lanes', 'frame']);
  bar.back();
  expect(selection.get()).toEqual(NOTHING);
});

test('panning changes the entry when it has come to rest, and makes none', () => {
  const before = bar.entries.length;
  show({ from: 100_000, to: 200_000 });
  show({ from: 200_000, to: 300_000 });
  expect(bar.hash).toBe('#/i/x/flow/f1');
  vi.runAllTimers();
  expect(bar.hash).toBe('#/i/x/flow/f1?from=201000&to=301000');
  expect(bar.entries.length).toBe(before);
});

test('a link opens the window, the selection and the clock that it names', () => {
  bar.entries.push('#/i/x/flow/f1?from=1500&to=901000&sel=range:2000:3000&time=utc&view=pie');
  bar.at = bar.entries.length - 1;
  bar.listeners.get('hashchange')?.();
  expect(viewport.get()).toEqual({ from: 500, to: 900_000 });
  expect(selection.get()).toEqual({ kind: 'range', from: 1000, to: 2000 });
  expect(timeMode.get()).toBe('utc');
  expect(droppedFields.get()).toEqual(['view=pie']);
});

test('before the incident is there the address waits', () => {
  quietly(() => incident.set(null));
  go({ sel: 'range:2000:3000' });
  expect(route.get().sel).toBe('range:2000:3000');
  quietly(() => incident.set({ id: 'x' } as IncidentDetail));
  applyRoute();
  expect(selection.get()).toEqual({ kind: 'range', from: 1000, to: 2000 });
});
