/**
 * The whole way without a mouse: every stop of the Tab key can be seen, and every key of the help does something.
 */
import type { FileChooser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlowPage } from '../../server/api.ts';
import { COMMANDS } from '../../ui/state/keymap.ts';
import { CHROMIUM, openBrowser, type Session } from './chromium.ts';
import { asPayloads, call, readScenario, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { fragment, parameter, textOf, type Visit, visit } from './visit.ts';

const FILES = readScenario(
  'b-strict-wget',
  ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'],
  true,
);
const MOST_TABS = 60;

describe.skipIf(CHROMIUM === null)('keyboard only (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  /** Stays while those of the tests come and go. */
  let browser: Session;
  let seen: Visit;
  let incident = '';
  let flow = '';
  beforeAll(async () => {
    server = await startServer();
    browser = await openBrowser(server.origin);
    incident = (await storeIncident(server.origin, FILES)).id;
    flow = (await call<FlowPage>(server.origin, 'GET', `incidents/${incident}/flows`)).rows[0]?.id ?? '';
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  const begin = async (path: string): Promise<Page> => {
    seen = await visit(server.origin, path);
    return seen.page;
  };
  const finish = async (): Promise<void> => {
    seen.expectQuiet();
    await seen.close();
  };

  test('from the file chooser to a frame of the evidence', async () => {
    const page = await begin('/#/');
    // Listened for early: the browser is told to pass it on, and that takes a moment.
    const chooser = new Promise<FileChooser>((resolve) => page.once('filechooser', resolve));
    await page.getByText('Drop the packet captures of one incident').waitFor();
    await page.keyboard.press('Tab');
    expect(await focusedName(page)).toBe('Skip to the content');
    await tabTo(page, page.getByRole('button', { name: 'Choose files' }));
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(asPayloads(FILES));
    const onwards = page.getByRole('link', { name: 'Show what happened' });
    await onwards.waitFor();
    await page
      .getByText(/all 6 captures line up|no bound for the clock/)
      .first()
      .waitFor();
    await tabTo(page, onwards);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /hung/ }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').waitFor();
    await page.keyboard.type('all flows');
    await page.keyboard.press('Enter');
    await page.getByRole('grid', { name: 'Flows' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('outcome:hung');
    await page.keyboard.press('Enter');
    await expect.poll(() => parameter(page, 'q')).toBe('outcome:hung');
    await page.keyboard.press('Escape');
    await page.getByRole('row').filter({ hasText: 'no-state-drop' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await expect.poll(() => fragment(page)).toContain('/flow/');
    await page.getByRole('heading', { name: 'Evidence' }).waitFor();
    const evidence = page.getByRole('complementary', { name: 'Explanation' });
    await tabTo(page, evidence.getByRole('button', { name: /^Frame \d+ of / }).first());
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: /^Frame / })
      .getByRole('table')
      .waitFor();
    await finish();
  });

  test('the keys of a flow', async () => {
    const page = await begin(`/#/i/${incident}/flow/${flow}`);
    await page.getByRole('application').waitFor();
    await page.getByRole('heading', { name: 'Evidence' }).waitFor();
    for (const [key, view] of [
      ['2', 'ladder'],
      ['3', 'time-sequence'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => parameter(page, 'view')).toBe(view);
    }
    await page.keyboard.press('1');
    await expect.poll(() => parameter(page, 'view')).toBeNull();
    const claims = page.getByRole('complementary', { name: 'Explanation' }).getByRole('listitem');
    const current = claims.and(page.locator('[aria-current="true"]'));
    await page.keyboard.press('j');
    await expect.poll(() => parameter(page, 'sel')).toBe(`claim:${flow}:0`);
    const first = await textOf(current);
    await page.keyboard.press('j');
    await expect.poll(() => parameter(page, 'sel')).toBe(`claim:${flow}:1`);
    await page.keyboard.press('k');
    await expect.poll(() => textOf(current)).toBe(first);
    await page.keyboard.press('Escape');
    await expect.poll(() => parameter(page, 'sel')).toBeNull();
    await page.keyboard.press('g');
    await page.keyboard.type('server:3');
    await page.keyboard.press('Enter');
    await expect.poll(() => parameter(page, 'sel')).toMatch(/^frame:.+:3$/);
    await page.keyboard.press('.');
    await expect.poll(() => parameter(page, 'sel')).not.toMatch(/:3$/);
    await page.keyboard.press('e');
    await page
      .getByText(/retransmission|RST|probe/)
      .first()
      .waitFor();
    const problem = parameter(page, 'sel');
    await page.keyboard.press('e');
    await expect.poll(() => parameter(page, 'sel')).not.toBe(problem);
    await page.keyboard.press('b');
    await page.getByRole('region', { name: 'Pinned' }).waitFor();
    await finish();
  });

  test('zoom, its history, and the panel', async () => {
    const page = await begin(`/#/i/${incident}/flow/${flow}`);
    await page.getByRole('application').waitFor();
    await page.getByRole('application').focus();
    expect(await hasVisibleFocus(page)).toBe(true);
    await page.keyboard.press('w');
    await expect.poll(() => parameter(page, 'from')).not.toBeNull();
    const once = parameter(page, 'from');
    await page.keyboard.press('w');
    await expect.poll(() => parameter(page, 'from')).not.toBe(once);
    await page.keyboard.press('Backspace');
    await expect.poll(() => parameter(page, 'from')).toBe(once);
    await page.keyboard.press('0');
    await expect.poll(() => parameter(page, 'from')).toBeNull();
    const panel = page.getByRole('complementary', { name: 'Explanation' });
    await page.keyboard.press('q');
    await panel.waitFor({ state: 'detached' });
    await page.keyboard.press('q');
    await panel.waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.keyboard.press('t');
    await page.getByRole('button', { name: /^Times: UTC/ }).waitFor();
    await finish();
  });

  test('help names every command that has a key; Escape closes it and gives the focus back', async () => {
    const page = await begin(`/#/i/${incident}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const button = page.getByRole('button', { name: 'Help and keys' });
    await tabTo(page, button);
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    const text = await textOf(help);
    for (const { label, keys } of COMMANDS) if (keys.length > 0) expect(text).toContain(label);
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    expect(await focusedName(page)).toBe('Help and keys');
    await finish();
  });

  test('the palette finds a command by its words, and says when there is none', async () => {
    const page = await begin(`/#/i/${incident}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await page.keyboard.type('no such words');
    await palette.getByText('No command has these words.').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('files clocks');
    await expect.poll(() => palette.getByRole('option').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Files and vantages' }).waitFor();
    await finish();
  });

  test.each(['', '/flows', '/files', '/pins', '/flow'])(
    'Tab goes through %s as it is read, and is seen',
    async (part) => {
      const page = await begin(`/#/i/${incident}${part === '/flow' ? `/flow/${flow}` : part}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.keyboard.press('Tab');
      const stops: number[] = [];
      for (let step = 0; step < MOST_TABS; step++) {
        const place = await placeInDocument(page);
        if (place === null) break;
        stops.push(place);
        expect(await hasVisibleFocus(page), await focusedName(page)).toBe(true);
        await page.keyboard.press('Tab');
      }
      expect(stops.length).toBeGreaterThan(5);
      expect(stops).toEqual([...new Set(stops)].sort((a, b) => a - b));
      await finish();
    },
  );
});

/** @throws AssertionError where the key does not come there, or a stop on the way cannot be seen */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor();
  for (let step = 0; step < MOST_TABS; step++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
    expect(await hasVisibleFocus(page), await focusedName(page)).toBe(true);
  }
  throw new Error(`Tab never came to ${wanted}`);
}

/** An outline or a ring of one pixel at least, its own or that of the box it is in. */
function hasVisibleFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return true;
    const { width, height } = element.getBoundingClientRect();
    const isRinged = (one: Element | null): boolean => {
      if (one === null) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== 'none';
    };
    return width > 0 && height > 0 && (isRinged(element) || isRinged(element.parentElement));
  });
}

function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const name = element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    return name.replace(/\s+/g, ' ').trim() || (element?.outerHTML.slice(0, 120) ?? '');
  });
}

/** Of what is focused; null: nothing in the page is. */
function placeInDocument(page: Page): Promise<number | null> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return null;
    return [...document.querySelectorAll('*')].indexOf(element);
  });
}
