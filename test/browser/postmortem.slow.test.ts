/**
 * The HTML form in a real browser, light, dark, narrow and on paper: it asks for nothing, says nothing to the console,
 * cuts nothing off, and whatever a capture holds is text in it.
 */
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlOf, type Made, makePostmortem, postmortemOfView } from '../postmortem/made.ts';
import { allScenarios, type Scenario } from '../scenarios/scenario.ts';
import { ALL, CLIENT, type View } from '../scenarios/views.ts';
import { bringAxe, findViolations } from './axe.ts';
import { CHROMIUM } from './chromium.ts';
import { ATTACKS, hostileFiles } from './hostile-files.ts';
import { type Visit, visit } from './visit.ts';

const INCIDENTS: readonly (readonly [scenario: string, view: View])[] = [
  ['f-tproxy', ALL],
  ['rto-30', ALL],
  ['mixed-24', ALL],
  ['u-failback-stale', ALL],
  ['rto-60perm', CLIENT],
  ['control-zero-window', CLIENT],
];

/** The width of A4 between margins of 14 mm, and its height, at 96 px an inch. */
const PAPER = { width: Math.round((182 / 25.4) * 96), height: Math.round((269 / 25.4) * 96) };

const scenarios = new Map(allScenarios().map((one) => [one.name, one]));

describe.skipIf(CHROMIUM === null)('a postmortem as HTML (needs chromium)', { timeout: 240_000 }, () => {
  const pages = new Map<string, string>();
  const asked: string[] = [];
  let server: Server;
  let origin = '';
  const seen: { light: Visit; dark: Visit } = { light: undefined as never, dark: undefined as never };
  beforeAll(async () => {
    for (const [name, view] of INCIDENTS)
      pages.set(name, htmlOf(postmortemOfView(scenarios.get(name) as Scenario, view) as Made));
    pages.set('hostile', hostilePage());
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const html = pages.get((request.url ?? '').slice(1));
      response.writeHead(html === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(html);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const colorScheme of ['light', 'dark'] as const)
      seen[colorScheme] = await visit(origin, '/control-zero-window', { colorScheme }, bringAxe);
  }, 240_000);
  afterAll(async () => {
    await seen.light?.close();
    await seen.dark?.close();
    server?.close();
  });

  const open = async (name: string, scheme: 'light' | 'dark' = 'light'): Promise<Page> => {
    asked.length = 0;
    const page = await seen[scheme].open(`${origin}/${name}`);
    await page.waitForLoadState('networkidle');
    return page;
  };

  /** Each is opened once in light, and looked at there on the screen, narrow and on paper. */
  describe.each(INCIDENTS)('%s', (name) => {
    let page: Page;
    let askedFor: readonly string[] = [];
    beforeAll(async () => {
      page = await open(name);
      askedFor = [...asked];
    }, 240_000);
    afterAll(() => page?.close());

    test('asks for nothing and says nothing, in light and in dark', async () => {
      expect(askedFor).toEqual([`/${name}`]);
      const dark = await open(name, 'dark');
      expect(asked).toEqual([`/${name}`]);
      const grounds: string[] = [];
      for (const [scheme, one] of [
        ['light', page],
        ['dark', dark],
      ] as const) {
        seen[scheme].expectQuiet();
        grounds.push(await one.evaluate(() => getComputedStyle(document.body).backgroundColor));
        expect(await one.evaluate(() => getComputedStyle(document.body).color)).not.toBe(grounds.at(-1));
        expect(await findViolations(one)).toEqual([]);
      }
      await dark.close();
      expect(grounds).toEqual(['rgb(255, 255, 255)', 'rgb(15, 20, 25)']);
    });

    test('every link leads to one place, every pattern to one', async () => {
      const { targets, ids } = await page.evaluate(() => ({
        targets: [...document.querySelectorAll('a')].map((link) => link.getAttribute('href') ?? ''),
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      }));
      expect(new Set(ids).size).toBe(ids.length);
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) expect(ids).toContain(target.replace(/^#/, ''));
    });

    test('nothing sticks out of a narrow screen', async () => {
      await page.setViewportSize({ width: 420, height: 800 });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(420);
    });

    test('on paper: no graph and no table is cut off, folds are open', async () => {
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize(PAPER);
      const boxes = await page.evaluate(() =>
        [...document.querySelectorAll('figure, table, svg text, code')].map((one) => {
          const { left, right, height } = one.getBoundingClientRect();
          return { what: one.tagName, left, right, height };
        }),
      );
      for (const { what, left, right, height } of boxes) {
        expect(left, what).toBeGreaterThanOrEqual(-1);
        expect(right, what).toBeLessThanOrEqual(PAPER.width + 1);
        if (what === 'figure') expect(height).toBeLessThanOrEqual(PAPER.height);
      }
      const sheets = sheetsOf(await page.pdf({ preferCSSPageSize: true, printBackground: true }));
      const whole = sheets.join('\n');
      for (const title of ['Summary', 'Impact', 'Timeline', 'Contributing factors', 'Action items'])
        expect(whole).toContain(title);
      // Inside of a fold.
      expect(whole).toContain('frame.number ==');
      // Each graph's foot and the caption under it are on the sheet on which the graph begins.
      const count = (sheet: string, of: RegExp): number => sheet.match(of)?.length ?? 0;
      const figures = await page.locator('figure').count();
      let found = 0;
      for (const sheet of sheets) {
        const feet = count(sheet, /bars: (?:frames|bytes)/g);
        expect(count(sheet, /Frames at each vantage, in the order|bytes that the (?:client|server)/g)).toBe(
          feet,
        );
        if (feet > 0) expect(count(sheet, /\bT0\b|[+−]\d/g)).toBeGreaterThan(0);
        found += feet;
      }
      expect(found).toBe(figures);
    });
  });

  test('texts of a capture, a journal, a title and a pin are text', async () => {
    const page = await open('hostile');
    expect(asked).toEqual(['/hostile']);
    seen.light.expectQuiet();
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false);
    const strange = 'img, iframe, script, object, link, [onerror], [onload], [style], a:not([href^="#"])';
    expect(await page.locator(strange).count()).toBe(0);
    const text = (await page.locator('body').textContent()) ?? '';
    for (const attack of [ATTACKS[0], ATTACKS[1], ATTACKS[6]]) expect(text).toContain(attack);
    expect(pages.get('hostile')).not.toMatch(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069]/,
    );
    await page.close();
  });
});

/** The text of each sheet of paper. */
function sheetsOf(pdf: Uint8Array): string[] {
  const text = execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' });
  return text.split('\f').filter((sheet) => sheet.trim() !== '');
}

function hostilePage(): string {
  const files = hostileFiles();
  const isCapture = ({ name }: { name: string }): boolean => name.endsWith('pcapng');
  const journals = files
    .filter((file) => !isCapture(file))
    .map(({ name, bytes }) => ({ file: name, text: new TextDecoder().decode(bytes), node: 'node-b' }));
  const made = makePostmortem(
    files.filter(isCapture).map(({ name, bytes }) => ({ file: name, bytes })),
    journals,
  );
  const words = ATTACKS.join(' ');
  const pin = { target: `frame:${words}`, at: null, title: words, note: words };
  const pinned = { ...pin, at: made.report.captures[0]?.firstTime ?? null };
  const facts = { ...made.facts, incident: { id: words, title: words }, pins: [pin, pinned] };
  return htmlOf({ ...made, facts });
}
