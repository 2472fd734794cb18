import { expect, test } from 'vitest';
import { type ColorChoice, detectStyle } from './style.ts';

function style(color: ColorChoice, env: Record<string, string>, isTerminal = true, columns?: number) {
  return detectStyle({ color, env, isTerminal, columns });
}
const isColored = (...args: Parameters<typeof style>): boolean => style(...args).colors.isColorSupported;

test.each<[string, ColorChoice, Record<string, string>, boolean, boolean]>([
  ['a terminal', 'auto', {}, true, true],
  ['a pipe', 'auto', {}, false, false],
  ['NO_COLOR', 'auto', { NO_COLOR: '1' }, true, false],
  ['an empty NO_COLOR', 'auto', { NO_COLOR: '' }, true, true],
  ['NO_COLOR over FORCE_COLOR', 'auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ['FORCE_COLOR in a pipe', 'auto', { FORCE_COLOR: '1' }, false, true],
  ['FORCE_COLOR=0', 'auto', { FORCE_COLOR: '0' }, false, false],
  ['CLICOLOR_FORCE in a pipe', 'auto', { CLICOLOR_FORCE: '1' }, false, true],
  ['TERM=dumb', 'auto', { TERM: 'dumb' }, true, false],
  ['--color always over NO_COLOR', 'always', { NO_COLOR: '1' }, false, true],
  ['--color never over FORCE_COLOR', 'never', { FORCE_COLOR: '1' }, true, false],
])('colour: %s', (_, color, env, isTerminal, expected) => {
  expect(isColored(color, env, isTerminal)).toBe(expected);
});

test('arrows follow the locale, in the order POSIX reads it', () => {
  expect(style('auto', { LANG: 'en_US.UTF-8' }).arrow).toBe('→');
  expect(style('auto', { LC_ALL: 'C', LANG: 'en_US.UTF-8' }).arrow).toBe('->');
  expect(style('auto', {}).arrow).toBe('->');
});

test('the width is the terminal, 80 where there is none, 100 at most', () => {
  expect(style('auto', {}, true, 72).width).toBe(72);
  expect(style('auto', {}, false).width).toBe(80);
  expect(style('auto', { COLUMNS: '90' }, false).width).toBe(90);
  expect(style('auto', {}, true, 200).width).toBe(100);
});
