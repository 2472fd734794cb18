/** Whether a browser is opened, and by which program. */
import { expect, test } from 'vitest';
import { browserCommand, type Desk } from './browser.ts';

const LINK = 'http://127.0.0.1:7878/?token=a&b#/i/1';
const desk = (change: Partial<Desk>): Desk => ({ platform: 'linux', env: {}, isTerminal: true, ...change });

test.each([
  ['linux with X', desk({ env: { DISPLAY: ':0' } }), ['xdg-open', [LINK]]],
  ['linux with Wayland', desk({ env: { WAYLAND_DISPLAY: 'wayland-0' } }), ['xdg-open', [LINK]]],
  ['macOS', desk({ platform: 'darwin' }), ['open', [LINK]]],
  ['Windows', desk({ platform: 'win32' }), ['cmd', ['/c', 'start', '""', LINK.replace('&', '^&')]]],
  ['linux without a display', desk({}), null],
  ['into a pipe', desk({ platform: 'darwin', isTerminal: false }), null],
  ['in CI', desk({ env: { DISPLAY: ':0', CI: 'true' } }), null],
])('%s', (_, where, command) => {
  expect(browserCommand(LINK, where)).toEqual(command);
});
