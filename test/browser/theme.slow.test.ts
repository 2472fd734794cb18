/**
 * Light and dark, as the system says and as the button says: the page and the canvases have the colours that
 * the design checked for contrast and for colour blindness.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlowPage } from '../../server/api.ts';
import { readCanvas } from './canvas.ts';
import { CHROMIUM, openBrowser, type Session } from './chromium.ts';
import { call, readScenario, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { visit } from './visit.ts';

const COLORS = {
  light: { ground: '#ffffff', data: '#132d70', problem: '#b03509' },
  dark: { ground: '#0f1419', data: '#0d8cfe', problem: '#f5933a' },
} as const;
type Scheme = keyof typeof COLORS;

describe.skipIf(CHROMIUM === null)('light and dark (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  /** Stays while those of the tests come and go. */
  let browser: Session;
  let address = '';
  beforeAll(async () => {
    server = await startServer();
    browser = await openBrowser(server.origin);
    const { id } = await storeIncident(
      server.origin,
      readScenario('rto-7', ['client', 'node-b.in', 'server'], true),
    );
    const { rows } = await call<FlowPage>(server.origin, 'GET', `incidents/${id}/flows`);
    address = `/#/i/${id}/flow/${rows[0]?.id}`;
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test.each(['light', 'dark'] as const)('%s, as the system is', async (colorScheme) => {
    const seen = await visit(server.origin, address, { colorScheme });
    await expectScheme(seen.page, colorScheme);
    // The system changes its mind while the page is open.
    const other = colorScheme === 'light' ? 'dark' : 'light';
    await seen.page.emulateMedia({ colorScheme: other });
    await expectScheme(seen.page, other);
    seen.expectQuiet();
    await seen.close();
  });

  test('the button goes over the system, and is remembered', async () => {
    const seen = await visit(server.origin, address, { colorScheme: 'light' });
    const { page } = seen;
    const button = page.getByRole('button', { name: /^Colours: / });
    await expectScheme(page, 'light');
    for (const [word, scheme] of [
      ['Light', 'light'],
      ['Dark', 'dark'],
    ] as const) {
      await button.click();
      await page.getByRole('button', { name: `Colours: ${word}. Change` }).waitFor();
      await expectScheme(page, scheme);
    }
    await page.reload();
    await expectScheme(page, 'dark');
    await button.click();
    await page.getByRole('button', { name: 'Colours: Auto. Change' }).waitFor();
    await expectScheme(page, 'light');
    seen.expectQuiet();
    await seen.close();
  });
});

/** The page's ground, and on the canvas the same ground, data and problems. */
async function expectScheme(page: Page, scheme: Scheme): Promise<void> {
  const { ground, data, problem } = COLORS[scheme];
  const ofPage = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await expect.poll(ofPage).toBe(toRgb(ground));
  const canvas = page.locator('.canvas-stack canvas').first();
  await canvas.waitFor();
  for (const [color, least] of [
    [data, 20],
    [problem, 20],
    [ground, 10_000],
  ] as const)
    await expect
      .poll(async () => (await readCanvas(canvas, color)).found, { message: color })
      .toBeGreaterThan(least);
}

const toRgb = (hex: string): string =>
  `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(', ')})`;
