/**
 * Two people look at one incident: what one of them does, the other sees.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentDetail } from '../../server/api.ts';
import { CHROMIUM } from './chromium.ts';
import { call, readScenario, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { type Visit, visit } from './visit.ts';

describe.skipIf(CHROMIUM === null)('two pages (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  let visits: [Visit, Visit];
  beforeAll(async () => {
    server = await startServer();
    visits = [await visit(server.origin), await visit(server.origin)];
  });
  afterAll(async () => {
    for (const seen of visits ?? []) {
      seen.expectQuiet();
      await seen.close();
    }
    await server?.stop();
  });
  const show = async (seen: Visit, path: string): Promise<Page> => {
    await seen.page.goto(`${server.origin}/${path}`);
    return seen.page;
  };

  test('an incident that is deleted in one is said to be gone in the other', async () => {
    const { id, title } = await storeIncident(server.origin, readScenario('r-syn-12', ['client']));
    const reader = await show(visits[0], `#/i/${id}`);
    await reader.getByRole('heading', { level: 1 }).waitFor();
    const other = await show(visits[1], '#/');
    await other.getByRole('button', { name: `Delete ${title}` }).click();
    await other.getByRole('group').getByRole('button', { name: 'Delete' }).click();
    await reader.getByRole('heading', { name: 'This incident is not here' }).waitFor();
  });

  test('an analysis with another vantage in one is shown in the other', async () => {
    const files = readScenario('nat-none-wget', ['server', 'node-b.out', 'client', 'node-a.out']);
    const { id, headline } = await storeIncident(server.origin, files);
    const reader = await show(visits[0], `#/i/${id}`);
    await reader.getByRole('heading', { level: 1, name: headline ?? '' }).waitFor();
    const other = await show(visits[1], `#/i/${id}/files`);
    const client = other
      .getByRole('article')
      .filter({ has: other.getByRole('heading', { name: '3.pcap.gz', exact: true }) });
    await client.getByLabel('Taken at').fill('client');
    await client.getByRole('button', { name: 'Apply and analyse' }).click();
    await reader.getByRole('heading', { level: 1, name: /hung/ }).waitFor();
    const now = await call<IncidentDetail>(server.origin, 'GET', `incidents/${id}`);
    expect(now.headline).not.toBe(headline);
    await reader.getByRole('heading', { level: 1, name: now.headline ?? '' }).waitFor();
    await reader.getByRole('link', { name: /1 hung/ }).waitFor();
  });
});
