/**
 * One retransmission among a million frames: at every zoom, from the whole download to the frame alone, there
 * is a mark of a problem where it happened, and a click on it selects that frame and no other.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIRST_PROBLEM, Mark } from '../../analyzer/index.ts';
import type { FlowPage, IncidentDetail, LanePage } from '../../server/api.ts';
import { type Drawn, readCanvas } from './canvas.ts';
import { CHROMIUM } from './chromium.ts';
import { call, storeIncident } from './incident-files.ts';
import { type OneRetransmission, writeOneRetransmission } from './one-retransmission.ts';
import { type RunningServer, startServer } from './running-server.ts';
import { parameter, textOf, type Visit, visit } from './visit.ts';

const FRAMES = 1_000_000;
const PROBLEM = '#b03509';
/** ns that are in sight: from all of 100 s to a tenth of the time between two frames. */
const WINDOWS = [1e11, 3e10, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4];
/** Part of the window that is before the frame: on no boundary of anything. */
const BEFORE = 0.37;
/** Pixels that the mark and its letter are wide at most. */
const WIDEST_MARK = 40;
/** Pixels of the page that a timeline has at least. */
const LEAST_WIDTH = 600;

describe.skipIf(CHROMIUM === null)(
  'one retransmission in a million (needs chromium)',
  { timeout: 300_000 },
  () => {
    let server: RunningServer;
    let seen: Visit;
    let made: OneRetransmission;
    let incident: IncidentDetail;
    let flow = '';
    /** Of the frame, ns since the epoch. */
    let time = 0n;
    beforeAll(async () => {
      server = await startServer();
      const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-million-'));
      try {
        const file = path.join(folder, 'client.pcap');
        made = writeOneRetransmission(file, FRAMES);
        incident = await storeIncident(server.origin, [{ name: 'client.pcap', bytes: readFileSync(file) }]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      flow = (await call<FlowPage>(server.origin, 'GET', `incidents/${incident.id}/flows`)).rows[0]?.id ?? '';
      seen = await visit(server.origin);
    }, 300_000);
    afterAll(async () => {
      await seen?.close();
      await server?.stop();
    });
    /** Since the first frame. */
    const seconds = (): number => Number(time - BigInt(incident.timeline?.origin ?? 0)) / 1e9;
    const selection = (): string => `frame:${incident.report?.captures[0]?.id}:${made.frame}`;

    test('the server has it, and no other', async () => {
      expect(incident.timeline?.frames).toBe(made.frames);
      const { from, to, origin } = incident.timeline!;
      const window = `from=${from}&to=${to + 1}&limit=10&least=${FIRST_PROBLEM}`;
      const { frames } = await call<LanePage>(
        server.origin,
        'GET',
        `incidents/${incident.id}/lanes/v0/frames?${window}`,
      );
      expect(frames.map(({ frame, mark }) => [frame.frame, mark])).toEqual([
        [made.frame, Mark.Retransmission],
      ]);
      time = BigInt(origin) + BigInt(Math.round(frames[0]!.time));
    });

    test('in the overview', async () => {
      await seen.page.goto(`${server.origin}/#/i/${incident.id}`);
      await expectFoundAndClicked(seen.page, {
        selection: selection(),
        seconds: seconds(),
        window: WINDOWS[0]!,
      });
    });

    test.each(['lanes', 'time-sequence'])('in %s, at every zoom', async (view) => {
      const { page } = seen;
      for (const width of WINDOWS) {
        const from = time - BigInt(Math.round(width * BEFORE));
        const window = width === WINDOWS[0] ? '' : `&from=${from}&to=${from + BigInt(width)}`;
        await page.goto(`${server.origin}/#/i/${incident.id}/flow/${flow}?view=${view}${window}`);
        const where = `${view}, ${width} ns`;
        await expectFoundAndClicked(
          page,
          { selection: selection(), seconds: seconds(), window: width },
          where,
        );
      }
      seen.expectQuiet();
    });
  },
);

interface Wanted {
  readonly selection: string;
  readonly seconds: number;
  /** ns in sight. */
  readonly window: number;
}

async function expectFoundAndClicked(page: Page, wanted: Wanted, where = ''): Promise<void> {
  await expect.poll(() => parameter(page, 'sel'), { message: where }).toBeNull();
  const canvas = page.locator('.canvas-stack canvas').first();
  await canvas.waitFor();
  const drawn = await settled(canvas, where);
  const [left = 0, right = left] = [drawn.columns[0], drawn.columns.at(-1)];
  // One place, not many; and it is where the frame was.
  expect(right - left, where).toBeLessThan(WIDEST_MARK);
  const { y } = drawn.first!;
  const x = (left + right + 1) / 2;
  const picture = page.getByRole('application');
  await picture.hover({ position: { x, y } });
  const pixel = wanted.window / 1e9 / LEAST_WIDTH;
  await expect
    .poll(async () => Math.abs((await cursorTime(page)) - wanted.seconds), { message: where })
    .toBeLessThan(WIDEST_MARK * pixel + 1e-6);
  await picture.click({ position: { x, y } });
  await expect.poll(() => parameter(page, 'sel'), { message: where }).toBe(wanted.selection);
  await page.keyboard.press('Escape');
}

/** What the status line says of the pointer, seconds since the first frame. */
async function cursorTime(page: Page): Promise<number> {
  const [, sign, digits] = /([+\u2212])(\d+\.\d+) s/.exec(await textOf(page.getByRole('contentinfo'))) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (sign === '+' ? 1 : -1);
}

/** With all tiles there: what is drawn no longer changes. */
async function settled(canvas: Locator, where: string): Promise<Drawn> {
  let before = '';
  let drawn: Drawn | null = null;
  await expect
    .poll(
      async () => {
        drawn = await readCanvas(canvas, PROBLEM);
        const now = JSON.stringify(drawn);
        const isSame = now === before && drawn.first !== null;
        before = now;
        return isSame;
      },
      { message: `a problem is drawn: ${where}`, timeout: 30_000 },
    )
    .toBe(true);
  return drawn!;
}
