/**
 * axe-core on every screen, light and dark: no violation of any of its rules. A screen is opened once and the system
 * changes its mind, which `theme.slow.test.ts` shows to be the same as opening it so.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlowPage } from '../../server/api.ts';
import { bringAxe, findViolations } from './axe.ts';
import { CHROMIUM } from './chromium.ts';
import { call, readScenario, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { addressOf, SCREENS } from './screens.ts';
import { type Visit, visit } from './visit.ts';

const VANTAGES = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'];

describe.skipIf(CHROMIUM === null)('axe finds nothing (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  let incident = '';
  let flow = '';
  let seen: Visit;
  beforeAll(async () => {
    server = await startServer();
    incident = (await storeIncident(server.origin, readScenario('rto-7', VANTAGES, true))).id;
    flow = (await call<FlowPage>(server.origin, 'GET', `incidents/${incident}/flows`)).rows[0]?.id ?? '';
    const pin = { target: `flow:${flow}`, at: null, title: 'Look here', note: 'A note.' };
    await call(server.origin, 'POST', `incidents/${incident}/pins`, pin);
    seen = await visit(server.origin, '/', { colorScheme: 'light' }, bringAxe);
  }, 300_000);
  afterAll(async () => {
    seen?.expectQuiet();
    await seen?.close();
    await server?.stop();
  });

  test.each(SCREENS.map((screen) => [screen.name, screen] as const))('%s', async (_name, screen) => {
    const page = await seen.open(`${server.origin}/${addressOf(screen, incident, flow)}`);
    await screen.ready(page);
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe(colorScheme);
      found.push(...(await findViolations(page)).map((text) => `${colorScheme}: ${text}`));
    }
    expect(found).toEqual([]);
    await page.close();
  });
});
