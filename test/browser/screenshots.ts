/**
 * `npm run screenshots`: the screens of the page with real failovers of the fixtures, light and dark, as
 * `docs/screenshots/<screen>-<scheme>.png`. The same captures give the same pictures but for dates of storing.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { FlowPage } from '../../server/api.ts';
import { CHROMIUM } from './chromium.ts';
import { call, readScenario, storeIncident } from './incident-files.ts';
import { reducePng } from './png.ts';
import { startServer } from './running-server.ts';
import { addressOf, SCREENS } from './screens.ts';
import { type Visit, visit } from './visit.ts';

const FOLDER = 'docs/screenshots';
const MOST_BYTES = 250_000;

interface Picture {
  /** Of one of `SCREENS`. */
  readonly screen: string;
  readonly file: string;
  /** Two dozen connections, or one of them alone: what is drawn of a flow is clearer there. */
  readonly of: 'many' | 'one';
}

const PICTURES: readonly Picture[] = [
  { screen: 'vantages', file: 'vantages', of: 'many' },
  { screen: 'overview', file: 'overview', of: 'many' },
  { screen: 'flow table', file: 'flows', of: 'many' },
  { screen: 'help', file: 'keys', of: 'many' },
  { screen: 'lanes', file: 'lanes', of: 'one' },
  { screen: 'ladder', file: 'ladder', of: 'one' },
  { screen: 'time-sequence', file: 'time-sequence', of: 'one' },
  { screen: 'frame', file: 'frame', of: 'one' },
];

interface Stored {
  readonly incident: string;
  /** The worst one. */
  readonly flow: string;
}

async function main(): Promise<void> {
  if (CHROMIUM === null) throw new Error('needs chromium, which is not installed');
  mkdirSync(FOLDER, { recursive: true });
  const server = await startServer();
  try {
    const { origin } = server;
    const stored: Record<Picture['of'], Stored> = {
      many: await store(origin, 'Failover, 24 connections', 'mixed-24', [
        'client',
        'node-a',
        'node-b',
        'server',
      ]),
      one: await store(origin, 'Failover, one download', 'rto-7', [
        'client',
        'node-a.in',
        'node-b.in',
        'server',
      ]),
    };
    for (const colorScheme of ['light', 'dark'] as const) await takePictures(origin, stored, colorScheme);
  } finally {
    await server.stop();
  }
}

async function store(
  origin: string,
  title: string,
  scenario: string,
  vantages: readonly string[],
): Promise<Stored> {
  const { id } = await storeIncident(origin, readScenario(scenario, vantages, true));
  await call(origin, 'PATCH', `incidents/${id}`, { title });
  const { rows } = await call<FlowPage>(origin, 'GET', `incidents/${id}/flows?sort=stall&order=desc`);
  return { incident: id, flow: rows[0]?.id ?? '' };
}

async function takePictures(
  origin: string,
  stored: Record<Picture['of'], Stored>,
  colorScheme: 'light' | 'dark',
): Promise<void> {
  const seen = await visit(origin, '/', { colorScheme });
  for (const { screen, file, of } of PICTURES) {
    const wanted = SCREENS.find(({ name }) => name === screen);
    if (wanted === undefined) throw new Error(`there is no screen ${screen}`);
    const page = await seen.open(`${origin}/${addressOf(wanted, stored[of].incident, stored[of].flow)}`);
    await wanted.ready(page);
    await save(page, `${file}-${colorScheme}.png`);
    await page.close();
  }
  await takePostmortem(
    seen,
    `${origin}/api/incidents/${stored.one.incident}/export/incident.html`,
    colorScheme,
  );
  seen.expectQuiet();
  await seen.close();
}

/** Its first page: it is sent as a file to be saved, so it is opened by its text. */
async function takePostmortem(seen: Visit, address: string, colorScheme: string): Promise<void> {
  const html = await (await fetch(address)).text();
  const page = await seen.open('about:blank');
  await page.setViewportSize({ width: 1080, height: 1200 });
  await page.setContent(html);
  await save(page, `postmortem-${colorScheme}.png`);
  await page.close();
}

async function save(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  const file = path.join(FOLDER, name);
  writeFileSync(file, reducePng(await page.screenshot({ animations: 'disabled', caret: 'hide' })));
  const { size } = statSync(file);
  process.stdout.write(`${file} ${Math.ceil(size / 1000)} kB\n`);
  if (size > MOST_BYTES) throw new Error(`${file} is larger than ${MOST_BYTES / 1000} kB`);
}

await main();
