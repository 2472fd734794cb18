/**
 * `npm run screenshots`: the screens of the page with a real failover of the fixtures, light and dark, as
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
import { visit } from './visit.ts';

const FOLDER = 'docs/screenshots';
const MOST_BYTES = 250_000;

/** Names of `SCREENS`, and of the files. */
const WANTED: Record<string, string> = {
  vantages: 'vantages',
  overview: 'overview',
  'flow table': 'flows',
  lanes: 'lanes',
  ladder: 'ladder',
  'time-sequence': 'time-sequence',
  frame: 'frame',
  help: 'keys',
};

async function main(): Promise<void> {
  if (CHROMIUM === null) throw new Error('needs chromium, which is not installed');
  mkdirSync(FOLDER, { recursive: true });
  const server = await startServer();
  try {
    const files = readScenario('mixed-24', ['client', 'node-a', 'node-b', 'server'], true);
    const { id } = await storeIncident(server.origin, files);
    await call(server.origin, 'PATCH', `incidents/${id}`, { title: 'Gateway failover, 24 connections' });
    const { rows } = await call<FlowPage>(
      server.origin,
      'GET',
      `incidents/${id}/flows?sort=stall&order=desc`,
    );
    for (const colorScheme of ['light', 'dark'] as const) {
      const seen = await visit(server.origin, '/', { colorScheme });
      for (const screen of SCREENS) {
        const name = WANTED[screen.name];
        if (name === undefined) continue;
        const page = await seen.open(`${server.origin}/${addressOf(screen, id, rows[0]?.id ?? '')}`);
        await screen.ready(page);
        await save(page, `${name}-${colorScheme}.png`);
        await page.close();
      }
      seen.expectQuiet();
      await seen.close();
    }
  } finally {
    await server.stop();
  }
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
