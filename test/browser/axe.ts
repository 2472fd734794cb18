/**
 * axe-core on a page as it is now: every rule it has, no exceptions.
 * The trap: a page with a security policy takes no script tag; axe is put in before the page, as by a debugger.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** For the pages that are opened from now on. */
export const bringAxe = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript({ content: SOURCE });

/** A sentence a violation, with what it is about. */
export async function findViolations(page: Page): Promise<string[]> {
  const { violations, passes } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({
      // All rules run; what is left out is where in the page each of them passed.
      resultTypes: ['violations'],
    }),
  );
  // A run that looked at nothing has no violations either.
  if (passes.length === 0) throw new Error('axe found nothing to look at');
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => {
      const why = failureSummary.split('\n').slice(1).join(' ').trim();
      return `${id}: ${help}: ${html.slice(0, 160)}: ${why}`;
    }),
  );
}
