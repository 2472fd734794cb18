import { expect, test, vi } from 'vitest';
import { COMMANDS, commandsOf, type KeyPress, onCommand, runCommand, type Scope } from './keymap.ts';

const press = (code: string, more: Partial<KeyPress> = {}): KeyPress => ({
  code,
  key: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});
const ids = (one: KeyPress): string[] => commandsOf(one).map(({ id }) => id);

/** Scopes that can be on at the same time. A flow's page shows a timeline; the list does not. */
const MEET: Record<Scope, readonly Scope[]> = {
  everywhere: ['everywhere', 'incident', 'list', 'flow', 'time'],
  incident: ['everywhere', 'incident', 'list', 'flow', 'time'],
  list: ['everywhere', 'incident', 'list'],
  flow: ['everywhere', 'incident', 'flow', 'time'],
  time: ['everywhere', 'incident', 'flow', 'time'],
};

test('every command has its name once', () => {
  expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length);
  expect(new Set(COMMANDS.map(({ label, scope }) => `${scope} ${label}`)).size).toBe(COMMANDS.length);
});

test('no key means two things in one place', () => {
  const clashes = COMMANDS.flatMap((one, i) =>
    COMMANDS.slice(i + 1)
      .filter((other) => MEET[one.scope].includes(other.scope))
      .flatMap((other) =>
        one.keys
          .filter((key) => (other.keys as readonly string[]).includes(key))
          .map((key) => `${key}: ${one.id}, ${other.id}`),
      ),
  );
  expect(clashes).toEqual([]);
});

test('places, not letters: a key is found by its code, with its modifiers', () => {
  expect(ids(press('KeyW', { key: 'z' }))).toEqual(['zoom-in']);
  expect(ids(press('KeyA', { shiftKey: true }))).toEqual(['pan-left-far']);
  expect(ids(press('KeyK', { ctrlKey: true }))).toEqual(['palette']);
  expect(ids(press('KeyK', { metaKey: true }))).toEqual(['palette']);
  expect(ids(press('KeyK'))).toEqual(['previous-evidence', 'previous-row']);
  expect(ids(press('KeyC', { ctrlKey: true }))).toEqual([]);
  expect(ids(press('KeyW', { altKey: true }))).toEqual([]);
});

test('? and / are what people type, wherever they lie', () => {
  expect(ids(press('Minus', { key: '?', shiftKey: true }))).toEqual(['help']);
  expect(ids(press('Digit7', { key: '/', shiftKey: true }))).toEqual(['filter']);
});

test('the handler that came last is asked first, and may pass', () => {
  const first = vi.fn();
  const last = vi.fn(() => false);
  const ends = [onCommand('fit', first), onCommand('fit', last)];
  expect(runCommand('fit')).toBe(true);
  expect([first.mock.calls.length, last.mock.calls.length]).toEqual([1, 1]);
  for (const end of ends) end();
  expect(runCommand('fit')).toBe(false);
});
