/** The views in a real browser, on an incident that was made up: what is drawn can be pointed at, stepped through and read. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringAxe, findViolations } from '../axe.ts';
import { CHROMIUM, openBrowser, type Session } from '../chromium.ts';
import { type MadeUpIncident, makeUpIncident, T0 } from './made-up-incident.ts';
import type { MadeUpServer } from './made-up-server.ts';
import { serveViews } from './open-view.ts';

const HEAD = 192;

describe.skipIf(CHROMIUM === null)('views in Chromium', () => {
  let incident: MadeUpIncident;
  let server: MadeUpServer;
  let session: Session;

  beforeAll(async () => {
    incident = makeUpIncident(600);
    server = await serveViews(incident);
    session = await openBrowser(server.origin, { viewport: { width: 1200, height: 800 } });
    await bringAxe(session.context);
  });
  afterAll(async () => {
    await session?.close();
    await server?.stop();
  });

  async function open(query: string): Promise<Page> {
    const page = await session.context.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`${server.origin}/?${query}`);
    await page.waitForFunction(() => window.stallscopeFrames?.firstPicture != null);
    return page;
  }
  const errors: string[] = [];

  const canvas = (page: Page) => page.getByRole('application');
  const read = async <T>(page: Page, id: string): Promise<T> =>
    JSON.parse((await page.locator(`#${id}`).textContent()) ?? 'null') as T;
  const spoken = (page: Page): Promise<string | null> => page.locator('#spoken').textContent();

  /** Where a time is on the canvas while all is shown. */
  async function xOf(page: Page, time: number): Promise<number> {
    const box = (await canvas(page).boundingBox())!;
    const { from, to } = await read<{ from: number; to: number }>(page, 'window');
    return box.x + HEAD + ((time - from) / (to - from)) * (box.width - HEAD);
  }

  it('select the retransmission that was clicked, with words for it', async () => {
    const page = await open('view=lanes');
    const box = (await canvas(page).boundingBox())!;
    await page.mouse.move((await xOf(page, T0 + 208e6)) + 2, box.y + 85);
    await expect.poll(() => page.locator('.view-tooltip').textContent()).toContain('retransmission');
    await page.mouse.click((await xOf(page, T0 + 208e6)) + 2, box.y + 85);
    const chosen = await read<{ kind: string; frame: { capture: string; frame: number } }>(page, 'selected');
    const lane = incident.lanes.get('v0.f1.c')!;
    expect(chosen).toEqual({
      kind: 'frame',
      frame: { capture: 'c1', frame: lane.find(({ time }) => time === T0 + 208e6)!.frame },
    });
    expect(await spoken(page)).toContain('client frame');
    expect(await spoken(page)).toContain('T0 plus 208 ms, retransmission');
    await page.close();
  });

  it('go from problem to problem and from vantage to vantage by keys', async () => {
    const page = await open('view=lanes');
    await canvas(page).focus();
    const words: string[] = [];
    for (let i = 0; i < 4; i++) {
      const before = await spoken(page);
      await page.keyboard.press('KeyE');
      await expect.poll(() => spoken(page)).not.toBe(before);
      words.push((await spoken(page)) ?? '');
    }
    expect(words[0]).toContain('client frame');
    expect(words.join('\n')).toContain('T0 plus 208 ms, retransmission, 1,460 bytes');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => spoken(page)).toContain('node-b frame');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => spoken(page)).toContain('No later vantage saw this packet');
    await page.keyboard.press('Comma');
    await expect.poll(() => spoken(page)).toContain('No earlier event');
    await page.close();
  });

  it('zoom where the pointer is, pan, come back, and zoom to a range', async () => {
    const page = await open('view=lanes');
    const box = (await canvas(page).boundingBox())!;
    const whole = await read<{ from: number; to: number }>(page, 'window');
    const x = await xOf(page, T0);
    await page.mouse.move(x, box.y + 100);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await expect
      .poll(async () => (await read<{ from: number }>(page, 'window')).from)
      .toBeGreaterThan(whole.from);
    expect(Math.abs((await xOf(page, T0)) - x)).toBeLessThan(1.5);
    await page.keyboard.press('Backspace');
    expect(await read(page, 'window')).toEqual(whole);
    await page.mouse.move(x, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(x + 120, box.y + 110, { steps: 4 });
    await page.mouse.up();
    const range = await read<{ kind: string; from: number; to: number }>(page, 'selected');
    expect(range.kind).toBe('range');
    await page.getByRole('button', { name: /^Zoom to/ }).click();
    const zoomed = await read<{ from: number; to: number }>(page, 'window');
    expect(zoomed.from).toBeCloseTo(range.from, -1);
    expect(zoomed.to).toBeCloseTo(range.to, -1);
    await page.mouse.dblclick(x, box.y + 300);
    expect(await read(page, 'window')).toEqual(whole);
    await page.close();
  });

  it('show the claims of an edge, and a menu', async () => {
    const page = await open('view=lanes');
    const box = (await canvas(page).boundingBox())!;
    await page.mouse.click((await xOf(page, T0)) + 30, box.y + 36);
    const popover = page.getByRole('region', { name: 'node-a silent' });
    await popover.getByRole('button', { name: 'node-b #2' }).click();
    expect(await read(page, 'selected')).toEqual({ kind: 'frame', frame: { capture: 'c3', frame: 2 } });
    await page.keyboard.press('Escape');
    await expect.poll(() => popover.count()).toBe(0);
    await page.mouse.click((await xOf(page, T0 + 208e6)) + 1, box.y + 85, { button: 'right' });
    await page.getByRole('menuitem', { name: 'Show in the ladder' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Ladder' }).count()).toBe(1);
    await page.close();
  });

  it('say the same as a table', async () => {
    const page = await open('view=lanes');
    await page.getByRole('button', { name: 'Show as table' }).click();
    await page.getByLabel('only problems').check();
    const rows = page.getByRole('table').getByRole('row');
    await expect.poll(() => rows.count()).toBe(6);
    expect(await rows.nth(2).textContent()).toContain('T0+0.208000 sretransmission');
    await page.close();
  });

  it('say that tiles cannot be had, and try again', async () => {
    server.fail = true;
    const page = await session.context.newPage();
    await page.goto(`${server.origin}/?view=lanes`);
    const alert = page.getByRole('alert');
    await expect.poll(() => alert.textContent()).toContain('The database is locked.');
    server.fail = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => window.stallscopeFrames?.firstPicture != null);
    await expect.poll(() => alert.count()).toBe(0);
    await page.close();
  });

  it('unfold ordinary packets of the ladder, step and select in it', async () => {
    const page = await open('view=ladder');
    const box = (await canvas(page).boundingBox())!;
    await canvas(page).focus();
    await page.keyboard.press('KeyE');
    await expect.poll(() => spoken(page)).toContain('T0 minus');
    const height = () => page.locator('.canvas-stack').evaluate((element) => element.clientHeight);
    const folded = await height();
    await page.mouse.click(box.x + 400, box.y + 44 + 30 * 2 + 12);
    await expect.poll(height).toBeGreaterThan(folded);
    await page.close();
  });

  it('find the retransmission in the time-sequence graph', async () => {
    const page = await open('view=time-sequence');
    const box = (await canvas(page).boundingBox())!;
    const x = await xOf(page, T0 + 616e6);
    let seen = '';
    for (let y = box.y + 70; y < box.y + 220 && !seen.includes('retransmission'); y += 6) {
      await page.mouse.move(x + 1, y);
      seen =
        (await page
          .locator('.view-tooltip')
          .textContent({ timeout: 300 })
          .catch(() => '')) ?? '';
    }
    expect(seen).toContain('T0+0.616');
    await page.close();
  });

  it.each(['lanes', 'ladder', 'time-sequence', 'overview'])('have no barriers: %s', async (view) => {
    for (const theme of ['light', 'dark']) {
      const page = await open(`view=${view}&theme=${theme}`);
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Show as table' }).click();
      await expect.poll(() => page.getByRole('table').count()).toBe(1);
      expect(await findViolations(page)).toEqual([]);
      await page.close();
    }
  });

  it('are sharp on a fine screen', async () => {
    const fine = await openBrowser(server.origin, {
      viewport: { width: 900, height: 700 },
      deviceScaleFactor: 2,
    });
    const page = await fine.context.newPage();
    await page.goto(`${server.origin}/?view=lanes`);
    await page.waitForFunction(() => window.stallscopeFrames?.firstPicture != null);
    const sizes = await page
      .locator('canvas')
      .evaluateAll((list) =>
        list.map((one) => (one as HTMLCanvasElement).width / one.getBoundingClientRect().width),
      );
    expect(sizes).toEqual([2, 2]);
    await fine.close();
  });

  it('measure time, bytes and rate', async () => {
    const page = await open('view=lanes');
    const box = (await canvas(page).boundingBox())!;
    await page.keyboard.press('KeyR');
    await page.mouse.move(box.x + 300, box.y + 85);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 85, { steps: 3 });
    await page.mouse.up();
    expect((await read<{ kind: string }>(page, 'selected')).kind).toBe('none');
    await page.close();
  });

  it('had no errors and asked nobody else', () => {
    expect(errors).toEqual([]);
    expect(session.strayRequests).toEqual([]);
  });
});
