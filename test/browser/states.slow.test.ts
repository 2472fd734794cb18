/**
 * Nothing there, something wrong, only a part of it: what the page says then, and what is left to do.
 */
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentDetail, IncidentSummary } from '../../server/api.ts';
import { CHROMIUM } from './chromium.ts';
import { call, dropFiles, type GivenFile, readScenario, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { fragment, parameter, textOf, type Visit, visit } from './visit.ts';

describe.skipIf(CHROMIUM === null)('empty, wrong and partial (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  // One browser for all: it takes longer to start than most tests to run.
  let seen: Visit;
  const open = (path = '/'): Promise<Page> => seen.open(`${server.origin}${path}`);
  const incidents = async (): Promise<IncidentSummary[]> =>
    (await call<{ incidents: IncidentSummary[] }>(server.origin, 'GET', 'incidents')).incidents;
  beforeAll(async () => {
    server = await startServer();
    seen = await visit(server.origin);
  });
  afterEach(async () => {
    const [, ...pages] = seen.context.pages();
    for (const page of pages) await page.close();
  });
  afterAll(async () => {
    seen?.expectQuiet();
    await seen?.close();
    await server?.stop();
  });

  test('a text file is refused with a sentence, and leaves nothing behind', async () => {
    const page = await open();
    await page.getByText('Drop the packet captures of one incident').waitFor();
    const before = await incidents();
    await dropFiles(page, [{ name: 'notes.txt', bytes: new TextEncoder().encode('Buy milk.\nCall Ann.\n') }]);
    const uploads = page.getByRole('region', { name: 'Uploads' });
    const said = uploads.locator('.problem');
    await said.first().waitFor();
    expect(await textOf(said.first())).toMatch(/^.{15,}\.$/);
    expect(await textOf(said.first())).toMatch(/capture|journal/);
    await expect.poll(incidents).toEqual(before);
    await uploads.getByRole('button', { name: 'Clear' }).click();
    await uploads.waitFor({ state: 'detached' });
  });

  test('of a capture that was cut it says how much was read, and where', async () => {
    const page = await open();
    const cut = await cutCapture();
    await page.getByText('Drop the packet captures of one incident').waitFor();
    await dropFiles(page, [cut]);
    await page.getByText('700 frames before the file was cut').first().waitFor();
    await page.getByRole('link', { name: 'Show what happened' }).click();
    await page.getByRole('heading', { name: 'Problems in the files' }).waitFor();
    const id = /#\/i\/([^/?]+)/.exec(fragment(page))?.[1] ?? '';
    const { report } = await call<IncidentDetail>(server.origin, 'GET', `incidents/${id}`);
    expect(report?.problems.length).toBeGreaterThan(0);
    for (const { message } of report?.problems ?? []) await page.getByText(message).first().waitFor();
  });

  test('a link to an incident that is not there says so, and leads to those that are', async () => {
    const page = await open('/#/i/nosuchincident/flows?q=outcome:hung');
    await page.getByRole('heading', { name: 'This incident is not here' }).waitFor();
    await page.getByText('nosuchincident').first().waitFor();
    await page.getByRole('link', { name: 'Stored incidents' }).click();
    await page.getByRole('heading', { name: 'Stored incidents' }).waitFor();
  });

  test('a flow that is not there says so', async () => {
    const { id } = await storeIncident(server.origin, readScenario('r-syn-12', ['client']));
    const page = await open(`/#/i/${id}/flow/f0000000000`);
    await page.getByRole('heading', { name: 'This flow is not in the incident' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'All flows' }).click();
    await page.getByRole('grid', { name: 'Flows' }).waitFor();
  });

  test('bad fields of an address are named and left out, and the rest counts', async () => {
    const { id } = await storeIncident(server.origin, readScenario('r-syn-12', ['client']));
    const page = await open(`/#/i/${id}/flows?sort=sideways&q=outcome:hung&from=yesterday&to=12&time=utc`);
    const notice = page.getByText('Parts of this address make no sense');
    await notice.waitFor();
    expect(await textOf(notice)).toContain('sort=sideways');
    expect(await textOf(notice)).toContain('from=yesterday');
    await page.getByRole('button', { name: 'Remove the filter outcome:hung' }).waitFor();
    await page.getByRole('button', { name: /^Times: UTC/ }).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await notice.waitFor({ state: 'detached' });
    expect(parameter(page, 'q')).toBe('outcome:hung');
  });

  test('no flow matches: says so, and clears the filter', async () => {
    const { id } = await storeIncident(server.origin, readScenario('r-syn-12', ['client']));
    const page = await open(`/#/i/${id}/flows?q=port:1`);
    await page.getByText('No flow matches this filter.').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await page
      .getByText(/10\.\d+\.1\.10:\d+/)
      .first()
      .waitFor();
    expect(parameter(page, 'q')).toBeNull();
  });

  test('a filter that makes no sense is answered with a sentence', async () => {
    const { id } = await storeIncident(server.origin, readScenario('r-syn-12', ['client']));
    const page = await open(`/#/i/${id}/flows?q=${encodeURIComponent('stall:>soon')}`);
    const alert = page.getByRole('alert').first();
    await alert.waitFor();
    expect(await textOf(alert)).toContain('soon');
  });

  test('while the server is gone the page says so, and goes on when it is back', {
    timeout: 120_000,
  }, async () => {
    const own = await startServer();
    const seen = await visit(own.origin);
    const { page } = seen;
    await page.getByText('None yet.').waitFor();
    const { id, headline } = await storeIncident(own.origin, readScenario('r-syn-12', ['client']));
    await page.reload();
    const row = page.getByRole('row').filter({ has: page.locator(`a[href="#/i/${id}"]`) });
    await row.waitFor();
    await own.halt();
    await row.getByRole('link').first().click();
    await page.getByText('The server does not answer.').first().waitFor();
    await own.resume();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { level: 1, name: headline ?? '' }).waitFor();
    await own.halt();
    await page
      .getByText(/The server is not heard/)
      .first()
      .waitFor();
    await own.resume();
    await call(own.origin, 'PATCH', `incidents/${id}`, { title: 'After the restart' });
    await page.getByText('After the restart').first().waitFor();
    seen.expectQuiet();
    await seen.close();
    await own.stop();
  });
});

/** 700 whole frames, and half of the next one. */
async function cutCapture(): Promise<GivenFile> {
  const [file] = readScenario('b-strict-wget', ['client']);
  const whole = gunzipSync(file!.bytes);
  let at = 24;
  for (let frame = 0; frame < 700; frame++) at += 16 + whole.readUInt32LE(at + 8);
  return { name: 'client.pcap', bytes: new Uint8Array(whole.subarray(0, at + 30)) };
}
