/**
 * Texts of a capture and of a journal that would like to run in the page that shows them: on every screen they
 * are text. Nothing runs, nothing is asked of another place, and no export lets a browser run it either.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlowPage, IncidentDetail } from '../../server/api.ts';
import { CHROMIUM } from './chromium.ts';
import { FIRST_COMMENT, HOSTILE_JOURNAL, HOSTILE_NAME, hostileFiles, REQUEST_LINE } from './hostile-files.ts';
import { call, dropFiles, storeIncident } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { textOf, type Visit, visit } from './visit.ts';

/** The frame with the request. */
const REQUEST_FRAME = 4;

describe.skipIf(CHROMIUM === null)('hostile strings (needs chromium)', { timeout: 300_000 }, () => {
  let server: RunningServer;
  let seen: Visit;
  let incident: IncidentDetail;
  let flow: string;
  beforeAll(async () => {
    server = await startServer();
    incident = await storeIncident(server.origin, hostileFiles());
    const { rows } = await call<FlowPage>(server.origin, 'GET', `incidents/${incident.id}/flows`);
    flow = rows[0]?.id ?? '';
    seen = await visit(server.origin);
  }, 300_000);
  afterAll(async () => {
    await seen?.close();
    await server?.stop();
  });
  /** Nothing ran and nothing was asked for; and no element came out of a text. */
  const expectHarmless = async (page: Page, where: string): Promise<void> => {
    expect(await page.evaluate(() => 'ran' in globalThis), where).toBe(false);
    const made = 'img, iframe, [onerror], [onload], [href^="javascript:" i], [src^="http:" i], body script';
    const strange = await page
      .locator(made)
      .evaluateAll((found) =>
        found
          .map((one) => one.outerHTML)
          .filter((html) => !/^<script type="module"[^>]* src="\.?\//.test(html)),
      );
    expect(strange, where).toEqual([]);
    seen.expectQuiet();
  };

  test('dropped files of such names', async () => {
    const { page } = seen;
    await page.goto(`${server.origin}/#/`);
    await page.getByText('Drop the packet captures of one incident').waitFor();
    await dropFiles(page, hostileFiles());
    await page.getByRole('heading', { name: 'Files and vantages' }).waitFor();
    await page.getByRole('link', { name: 'Show what happened' }).waitFor();
    await page.getByRole('heading', { name: '<img src=x onerror' }).waitFor();
    await page.getByRole('heading', { name: '"><svg onload' }).waitFor();
    await expectHarmless(page, 'files');
  });

  test('every page of the incident', async () => {
    const { page } = seen;
    for (const [path, sign] of [
      ['', page.getByRole('heading', { name: 'Problems in the files' })],
      ['/flows', page.getByText('10.1.0.10:40000').first()],
      ['/files', page.getByRole('heading', { name: '<img src=x onerror' })],
      ['/pins', page.getByRole('heading').first()],
    ] as const) {
      await page.goto(`${server.origin}/#/i/${incident.id}${path}`);
      await sign.waitFor();
      await expectHarmless(page, `page ${path}`);
    }
    await page.getByRole('button', { name: /^Export/ }).click();
    await page
      .getByRole('link', { name: /^Original: / })
      .first()
      .waitFor();
    await expectHarmless(page, 'menu');
    await page.keyboard.press('Escape');
  });

  test('every view of the flow, and the frame that holds it all', async () => {
    const { page } = seen;
    const capture = incident.report?.captures[0]?.id ?? '';
    for (const view of ['lanes', 'ladder', 'time-sequence']) {
      const address = `#/i/${incident.id}/flow/${flow}?view=${view}&sel=frame:${capture}:${REQUEST_FRAME}`;
      await page.goto(`${server.origin}/${address}`);
      const panel = page.getByRole('region', { name: /^Frame / });
      await panel.getByText('comment of the request').first().waitFor();
      const text = await textOf(panel);
      expect(text).toContain(REQUEST_LINE);
      expect(text).toContain(FIRST_COMMENT);
      await page.getByRole('application').waitFor();
      await page.getByRole('button', { name: /as table/i }).click();
      await expectHarmless(page, view);
    }
  });

  test('a pin and a title of the same kind', async () => {
    const { page } = seen;
    const hostile = '<img src=x onerror="window.ran=1"> [a](javascript:window.ran=1)';
    await call(server.origin, 'PATCH', `incidents/${incident.id}`, { title: hostile });
    const pin = { target: `flow:${flow}`, at: null, title: hostile, note: hostile };
    await call(server.origin, 'POST', `incidents/${incident.id}/pins`, pin);
    await page.goto(`${server.origin}/#/i/${incident.id}/pins`);
    await page.reload();
    await page.getByText('<img src=x onerror="window.ran=1">').first().waitFor();
    await expectHarmless(page, 'pins');
    await page.goto(`${server.origin}/#/`);
    await page.getByText('<img src=x onerror="window.ran=1">').first().waitFor();
    await expectHarmless(page, 'list');
  });

  test('exports and originals are saved, not shown, whatever they hold', async () => {
    const base = `${server.origin}/api/incidents/${incident.id}`;
    const exports = ['report.json', 'flows.csv', 'flows.jsonl', 'incident.md'].map(
      (name) => `${base}/export/${name}`,
    );
    const files = incident.storedFiles.map(({ id }) => `${base}/files/${id}`);
    for (const address of [...exports, ...files]) {
      const response = await fetch(address);
      expect(response.status, address).toBe(200);
      expect(response.headers.get('content-disposition'), address).toMatch(/^attachment/);
      expect(response.headers.get('x-content-type-options'), address).toBe('nosniff');
      expect(response.headers.get('content-type'), address).not.toMatch(/html|svg|xml|javascript/);
      expect(response.headers.get('content-security-policy'), address).toMatch(/default-src/);
    }
    // The one that is HTML is saved all the same, and harmless where it is opened.
    const page = await fetch(`${base}/export/incident.html`);
    expect(page.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src/);
  });

  test('the postmortem holds it as text, in Markdown', async () => {
    const response = await fetch(`${server.origin}/api/incidents/${incident.id}/export/incident.md`);
    const text = await response.text();
    expect(text).not.toMatch(/(?<!\\)<(?:img|script|svg|iframe|style)/i);
    expect(text).not.toMatch(/(?<!\\)\]\((?:javascript|http:\/\/attacker)/);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069]/);
  });

  test('a table of flows starts no formula', async () => {
    const response = await fetch(`${server.origin}/api/incidents/${incident.id}/export/flows.csv`);
    for (const line of (await response.text()).split('\n')) expect(line).not.toMatch(/(?:^|,)"?[=+@]/);
  });

  test('the names of the files are those that came, without what turns the writing round', () => {
    const names = incident.storedFiles.map(({ name }) => name);
    expect(names.sort()).toEqual([HOSTILE_JOURNAL, HOSTILE_NAME.replace('\u202e', '')].sort());
  });
});
