/**
 * A page of its own browser, which remembers whatever must never happen: an error nobody caught, a dialog, a
 * refusal by the security policy, a request to another place.
 * The trap: a refused request of the API is no error of the page; the browser writes one to the console all the same.
 */
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { openBrowser, type Session } from './chromium.ts';

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Another tab of the same browser. */
  open(address: string): Promise<Page>;
  /** @throws AssertionError if anything happened that must not */
  expectQuiet(): void;
  close(): Promise<void>;
}

const REFUSED_REQUEST = /^Failed to load resource: (?:the server responded with a status of|net::ERR_)/;

/** Opens `origin`, with `path` such as `/#/i/abc`. `prepare`: before the first page. */
export async function visit(
  origin: string,
  path = '/',
  options: BrowserContextOptions = {},
  prepare: (context: BrowserContext) => Promise<unknown> = async () => {},
): Promise<Visit> {
  const session: Session = await openBrowser(origin, options);
  const { context } = session;
  const heard: string[] = [];
  context.on('page', (page) => listen(page, heard));
  await prepare(context);
  const open = async (address: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(address);
    return page;
  };
  return {
    page: await open(`${origin}${path}`),
    context,
    open,
    expectQuiet() {
      expect(heard).toEqual([]);
      expect(session.strayRequests).toEqual([]);
    },
    close: () => session.close(),
  };
}

function listen(page: Page, heard: string[]): void {
  page.on('pageerror', (error) => heard.push(`error: ${error.stack ?? error.message}`));
  page.on('dialog', (dialog) => {
    heard.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    const isError = message.type() === 'error' || message.type() === 'warning';
    if (isError && !REFUSED_REQUEST.test(message.text())) heard.push(`console: ${message.text()}`);
  });
}

/** Such as `#/i/abc?sel=frame:c1:2`. */
export const fragment = (page: Page): string => new URL(page.url()).hash;

/** A parameter of the fragment; null where it has none of that name. */
export function parameter(page: Page, name: string): string | null {
  return new URLSearchParams(fragment(page).split('?')[1] ?? '').get(name);
}

/** White space as a reader sees it. */
export async function textOf(locator: Locator): Promise<string> {
  return ((await locator.textContent()) ?? '').replace(/\s+/g, ' ').trim();
}
