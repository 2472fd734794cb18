/**
 * axe-core on every screen, light and dark: no violation of any of its rules.
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
  const visits = new Map<string, Visit>();
  beforeAll(async () => {
    server = await startServer();
    incident = (await storeIncident(server.origin, readScenario('rto-7', VANTAGES, true))).id;
    flow = (await call<FlowPage>(server.origin, 'GET', `incidents/${incident}/flows`)).rows[0]?.id ?? '';
    const pin = { target: `flow:${flow}`, at: null, title: 'Look here', note: 'A note.' };
    await call(server.origin, 'POST', `incidents/${incident}/pins`, pin);
    for (const colorScheme of ['light', 'dark'] as const)
      visits.set(colorScheme, await visit(server.origin, '/', { colorScheme }, bringAxe));
  }, 300_000);
  afterAll(async () => {
    for (const seen of visits.values()) {
      seen.expectQuiet();
      await seen.close();
    }
    await server?.stop();
  });

  const both = SCREENS.flatMap((screen) =>
    ['light', 'dark'].map((scheme) => [scheme, screen.name, screen] as const),
  );
  test.each(both)('%s: %s', async (scheme, _name, screen) => {
    const seen = visits.get(scheme);
    if (seen === undefined) throw new Error('no browser');
    const page = await seen.open(`${server.origin}/${addressOf(screen, incident, flow)}`);
    await screen.ready(page);
    expect(await findViolations(page)).toEqual([]);
    await page.close();
  });
});
