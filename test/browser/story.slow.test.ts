/**
 * What a person does after a failover, from four files under names that say nothing to a postmortem that is
 * written: the way through the whole page, with the mouse, and everything on it compared with the report.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import type { IncidentSummary } from '../../server/api.ts';
import { readCanvas } from './canvas.ts';
import { CHROMIUM } from './chromium.ts';
import { diagnose, withoutNames } from './diagnosed.ts';
import { call, dropFiles, readScenario, waitForReport } from './incident-files.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { fragment, parameter, textOf, type Visit, visit } from './visit.ts';

/** In this order: 1.pcap.gz, 2.pcap.gz, … */
const FILES = readScenario('nat-none-wget', ['server', 'node-b.out', 'client', 'node-a.out']);
const CLIENT_FILE = '3.pcap.gz';
const NOTE = 'Read this one *first*.';

describe.skipIf(CHROMIUM === null)('the story of an incident (needs chromium)', () => {
  let server: RunningServer;
  let seen: Visit;
  beforeAll(async () => {
    server = await startServer();
    seen = await visit(server.origin);
  });
  afterAll(async () => {
    await seen?.close();
    await server?.stop();
  });

  test('from dropped files to a postmortem', { timeout: 420_000 }, async () => {
    const { page } = seen;
    const id = await dropAndUpload(page);
    await readAlignment(page, server.origin, id);
    await nameTheClient(page, server.origin, id);
    const report = await call<Report>(server.origin, 'GET', `incidents/${id}/export/report.json`);
    const flow = await findHungFlow(page, report);
    await readExplanation(page, flow);
    await openEvidence(page, flow);
    await lookAtViews(page);
    await openLinkElsewhere(seen);
    await saveExports(page, report);
    await pinAndNote(page, server.origin, id);
    await deleteIncident(page, server, id);
    seen.expectQuiet();
  });
});

/** @returns the incident */
async function dropAndUpload(page: Page): Promise<string> {
  await page.getByText('None yet.').waitFor();
  // Held back until it has been seen that they are on their way.
  let letGo: () => void = () => {};
  const seenOnTheWay = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route('**/files?*', async (route) => {
    await seenOnTheWay;
    await route.continue();
  });
  await dropFiles(page, FILES);
  for (const { name } of FILES) await page.getByRole('progressbar', { name: `Upload of ${name}` }).waitFor();
  letGo();
  await page.getByRole('heading', { name: 'Files and vantages' }).waitFor();
  await page.unroute('**/files?*');
  return /^#\/i\/([^/?]+)/.exec(fragment(page))?.[1] ?? '';
}

async function readAlignment(page: Page, origin: string, id: string): Promise<void> {
  const { report, timeline } = await waitForReport(origin, id);
  const errors = (report?.clocks ?? []).map(({ error }) => error ?? Number.NaN);
  // That of a lane holds for all that it shows, not only where packets matched.
  const reach = (timeline?.vantages ?? []).map(({ clockError }) => (clockError ?? Number.NaN) / 1e9);
  const worst = (Math.ceil(Math.max(...errors, ...reach) * 1e6 - 1e-6) / 1000).toFixed(3);
  await page.getByText(`all 4 captures line up (worst error ${worst} ms)`).first().waitFor();
  for (const { name } of FILES) {
    const facts = await textOf(card(page, name));
    const how = /reference|automatic: [\d,]+ matched packets, .*±\d+\.\d{3} ms/;
    expect(facts, name).toMatch(how);
  }
  expect(await textOf(card(page, CLIENT_FILE))).toContain('1,541');
}

const card = (page: Page, file: string): Locator =>
  page.getByRole('article').filter({ has: page.getByRole('heading', { name: file, exact: true }) });

/** Only whoever knows which capture is the client's can tell a hang from a capture that was stopped. */
async function nameTheClient(page: Page, origin: string, id: string): Promise<void> {
  const before = await call<IncidentSummary>(origin, 'GET', `incidents/${id}`);
  expect(before.headline).toContain('cannot');
  const client = card(page, CLIENT_FILE);
  await client.getByLabel('Taken at').fill('client');
  await client.getByRole('button', { name: 'Apply and analyse' }).click();
  await expect
    .poll(async () => (await call<IncidentSummary>(origin, 'GET', `incidents/${id}`)).headline, {
      timeout: 120_000,
    })
    .toContain('hung');
  await client.getByText('said by you').waitFor();
}

async function findHungFlow(page: Page, report: Report): Promise<Flow> {
  await page.getByRole('link', { name: 'Show what happened' }).click();
  await page.getByRole('heading', { level: 1, name: report.headline }).waitFor();
  expect(await textOf(page.getByRole('heading', { level: 1 }))).toBe(report.headline);
  expect(report.summary.byOutcome).toEqual({ hung: 1 });
  await page.getByRole('navigation').getByRole('link', { name: 'Flows' }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('outcome:reset');
  await page.keyboard.press('Enter');
  await page.getByText('No flow matches this filter.').waitFor();
  await page.getByRole('button', { name: 'Remove the filter outcome:reset' }).click();
  await page.getByLabel('Filter', { exact: true }).fill('outcome:hung');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove the filter outcome:hung' }).waitFor();
  const flow = report.flows.find(({ outcome }) => outcome === 'hung');
  if (flow === undefined) throw new Error('the report has no hung flow');
  const row = page.getByRole('row').filter({ hasText: `${flow.client.address}:${flow.client.port}` });
  await row.waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await expect.poll(() => fragment(page)).toContain(`/flow/${flow.id}`);
  return flow;
}

/** Everything that the report says of the flow is on the page. */
async function readExplanation(page: Page, flow: Flow): Promise<void> {
  await page.getByRole('heading', { name: 'Evidence' }).waitFor();
  expect(flow.cause).toBe('nat-mapping-lost');
  await page.getByText('nat-mapping-lost', { exact: true }).first().waitFor();
  expect(flow.claims.length).toBeGreaterThan(3);
  for (const { text } of flow.claims) await page.getByText(text, { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Ruled out' }).click();
  expect(flow.ruledOut.length).toBeGreaterThan(3);
  for (const { because } of flow.ruledOut) await page.getByText(because, { exact: true }).first().waitFor();
  await page.getByText(`confidence ${flow.confidence}`).waitFor();
}

/** The claim's frame, decoded, with the same packet at the other vantages beside it. */
async function openEvidence(page: Page, flow: Flow): Promise<void> {
  const cited = flow.claims.find(({ kind, frames }) => kind === 'observed' && frames.length > 0)?.frames[0];
  if (cited === undefined) throw new Error('no claim cites a frame');
  await page
    .getByRole('button', { name: new RegExp(`^Frame ${cited.frame} of `) })
    .first()
    .click();
  await expect.poll(() => parameter(page, 'sel')).toBe(`frame:${cited.capture}:${cited.frame}`);
  const panel = page.getByRole('region', { name: /^Frame / });
  await panel.getByRole('table').waitFor();
  for (const layer of [/^Ethernet/, /^(?:IPv4|Internet Protocol)/, /^(?:TCP|Transmission Control)/])
    await panel.getByRole('rowheader', { name: layer }).or(panel.getByText(layer)).first().waitFor();
  const columns = panel.getByRole('columnheader');
  await columns
    .filter({ hasText: `#${cited.frame}` })
    .first()
    .waitFor();
  // The field's name, and at least two vantages.
  expect(await columns.count()).toBeGreaterThan(2);
}

async function lookAtViews(page: Page): Promise<void> {
  for (const [key, view] of [
    ['1', 'lanes'],
    ['2', 'ladder'],
    ['3', 'time-sequence'],
  ] as const) {
    await page.keyboard.press(key);
    if (view !== 'lanes') await expect.poll(() => parameter(page, 'view')).toBe(view);
    const canvas = page.locator('.canvas-stack canvas').first();
    await canvas.waitFor();
    await expect.poll(async () => (await readCanvas(canvas, '#132d70')).inked).toBeGreaterThan(500);
    await readTwin(page);
  }
}

/** The table that says the same: with the frame that is selected, where its lane is chosen. */
async function readTwin(page: Page): Promise<void> {
  const frame = parameter(page, 'sel')?.split(':')[2] ?? '';
  await page.getByRole('button', { name: 'Show as table' }).click();
  const cell = page.getByRole('tabpanel').getByRole('button', { name: frame, exact: true });
  await cell.first().waitFor();
  await page.getByRole('button', { name: 'Show as picture' }).click();
}

async function openLinkElsewhere({ page, open }: Visit): Promise<void> {
  await page.getByRole('application').focus();
  await page.keyboard.press('w');
  await page.keyboard.press('w');
  await expect.poll(() => parameter(page, 'from')).not.toBeNull();
  const other = await open(page.url());
  await other
    .getByRole('region', { name: /^Frame / })
    .getByRole('table')
    .waitFor();
  await other.getByRole('application').waitFor();
  for (const name of ['sel', 'view', 'from', 'to'])
    expect(parameter(other, name), name).toBe(parameter(page, name));
  expect(await textOf(other.getByRole('region', { name: /^Frame / }))).toBe(
    await textOf(page.getByRole('region', { name: /^Frame / })),
  );
  await other.close();
}

async function saveExports(page: Page, report: Report): Promise<void> {
  const saved = JSON.parse(await save(page, 'Report, JSON')) as Report;
  expect(saved).toEqual(report);
  const inOrder = report.captures.map(({ file }) => FILES.find(({ name }) => name === file)!);
  const told = diagnose(inOrder, { [CLIENT_FILE]: 'client' });
  expect(withoutNames(saved)).toEqual(withoutNames(told));
  const lines = (await save(page, 'Flows, CSV')).trimEnd().split(/\r?\n/);
  expect(lines).toHaveLength(1 + report.flows.length);
  const flows = (await save(page, 'Flows, a JSON line each')).trimEnd().split('\n');
  expect(flows).toHaveLength(report.flows.length);
  expect(await save(page, 'Postmortem, Markdown')).toContain('10.0.1.10');
}

async function save(page: Page, label: string): Promise<string> {
  await page.getByRole('button', { name: /^Export/ }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: label }).click();
  return readFileSync(await (await coming).path(), 'utf8');
}

async function pinAndNote(page: Page, origin: string, id: string): Promise<void> {
  await page.keyboard.press('b');
  await page.getByRole('navigation').getByRole('link', { name: 'Pins 1' }).click();
  const note = page.getByRole('main').getByRole('textbox', { name: /^Note on / });
  await note.fill(NOTE);
  await note.blur();
  const postmortem = async (): Promise<string> =>
    (await fetch(`${origin}/api/incidents/${id}/export/incident.md`)).text();
  await expect.poll(postmortem).toContain('Read this one');
  const { headline } = await call<IncidentSummary>(origin, 'GET', `incidents/${id}`);
  expect(plain(await postmortem())).toContain(plain(headline ?? 'no headline'));
}

/** Markdown without its escapes. */
const plain = (text: string): string => text.replace(/\\([^\w\s])/g, '$1').replace(/\s+/g, ' ');

async function deleteIncident(page: Page, { data }: RunningServer, id: string): Promise<void> {
  const holds = (): string[] =>
    readdirSync(data, { recursive: true })
      .map(String)
      .filter((file) => file.includes(id) || /pcap|files\/./.test(file));
  expect(holds()).not.toEqual([]);
  await page.getByRole('link', { name: 'Stallscope' }).click();
  await page.getByRole('button', { name: /^Delete / }).click();
  await page.getByRole('group').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('None yet.').waitFor();
  await expect.poll(holds).toEqual([]);
  expect(existsSync(path.join(data))).toBe(true);
}
