/**
 * A real Chromium, that of the system, driven by playwright-core. Nothing is downloaded, and no page may
 * ask for anything but the server under test: whatever else a page asks for is refused and remembered.
 * A start takes 4 s of a processor, so sessions that are open at a time share one, each with a profile of its own.
 * The trap: without these switches Chromium itself looks up hosts at every start.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Null where the system has none. */
export const CHROMIUM: string | null = findOnPath();

function findOnPath(): string | null {
  const files = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return files.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Session {
  readonly context: BrowserContext;
  /** Addresses beyond the server under test that pages asked for. */
  readonly strayRequests: readonly string[];
  close(): Promise<void>;
}

/** The one that runs, and how many sessions have it. */
let shared: { readonly browser: Promise<Browser>; sessions: number } | null = null;

/** A session with an empty profile of its own. `origin`: the only place that it may talk to. */
export async function openBrowser(origin: string, options: BrowserContextOptions = {}): Promise<Session> {
  shared ??= {
    browser: chromium.launch({ executablePath: CHROMIUM ?? 'chromium', headless: true, args: SWITCHES }),
    sessions: 0,
  };
  const own = shared;
  own.sessions += 1;
  const browser = await own.browser;
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  context.setDefaultTimeout(45_000);
  const strayRequests: string[] = [];
  await context.route(
    (url) => url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:',
    (route) => {
      strayRequests.push(route.request().url());
      return route.abort();
    },
  );
  return {
    context,
    strayRequests,
    async close() {
      await context.close();
      own.sessions -= 1;
      if (own.sessions > 0) return;
      shared = null;
      await browser.close();
    },
  };
}
