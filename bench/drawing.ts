/**
 * How fast the page draws: an incident of ten million frames, stored by the server under test, in a headless
 * Chromium that draws in software. From opening the page to the first picture, and the time between frames while
 * everything is panned and zoomed for 20 s.
 * It is a program of its own (`npm run bench -- --only drawing`): it knows the types of a browser.
 * The trap: the wheel is turned inside of the page, once a frame: events that come from outside would be measured
 * with the way they take.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { FlowPage, IncidentDetail, IncidentSummary } from '../server/api.ts';
import type { FrameStatistics } from '../ui/draw/frames.ts';
import { writeFailover } from './failover-traffic.ts';
import { VANTAGES } from './path.ts';

/** Of the client's capture; all six together are ten million. */
const PACKETS = 2_650_000;
const TRAFFIC = { packets: PACKETS, flows: 20_000, bulkFlows: 8, seconds: 240, outage: 8 };
const SNAPLEN = 96;
const SCREEN = { width: 1600, height: 800 };
const SECONDS = 20;

/** As that of `bench.ts`; captures are kept there between runs. */
const FOLDER = '.cache/bench-1';

async function measureDrawing(): Promise<void> {
  const browser = await openBrowser();
  const files = makeCaptures(FOLDER);
  const data = mkdtempSync(path.join(FOLDER, 'drawing-data-'));
  const server = await startServer(data);
  try {
    const incident = await store(server.origin, files);
    await measurePages(browser, server.origin, incident);
  } finally {
    await browser.close();
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** The system's Chromium, without a graphics card and without anything that asks the network. */
function openBrowser(): Promise<Browser> {
  const files = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) =>
      ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(folder, name)),
    );
  const executablePath = files.find((file) => existsSync(file));
  if (executablePath === undefined) throw new Error('there is no Chromium on the PATH');
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, headless: true, args });
}

function makeCaptures(folder: string): Record<string, string> {
  const fileOf = (vantage: string): string => path.join(folder, `drawing-${PACKETS}.${vantage}.pcap`);
  mkdirSync(folder, { recursive: true });
  if (!VANTAGES.every((vantage) => existsSync(fileOf(vantage))))
    writeFailover({ fileOf, snaplen: SNAPLEN, translates: false }, TRAFFIC);
  return Object.fromEntries(VANTAGES.map((vantage) => [vantage, fileOf(vantage)]));
}

async function startServer(data: string): Promise<{ origin: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['dist/diagnose.js', 'serve', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const origin = await addressOf(child);
  return {
    origin,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += String(chunk);
      const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (origin !== undefined) resolve(origin);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

async function store(origin: string, files: Record<string, string>): Promise<IncidentDetail> {
  const api = `${origin}/api/incidents`;
  const { id } = (await (await fetch(api, { method: 'POST' })).json()) as IncidentSummary;
  let start = performance.now();
  for (const [vantage, file] of Object.entries(files)) {
    const query = new URLSearchParams({ name: path.basename(file), vantage });
    await put(`${api}/${id}/files?${query}`, file);
  }
  const uploaded = secondsSince(start);
  start = performance.now();
  await fetch(`${api}/${id}/analysis`, { method: 'POST' });
  for (;;) {
    const incident = (await (await fetch(`${api}/${id}`)).json()) as IncidentDetail;
    if (incident.state === 'failed') throw new Error(`the analysis failed: ${incident.error}`);
    if (incident.state === 'ready') {
      const frames = incident.timeline?.frames.toLocaleString('en-US');
      print(`${frames} frames; stored in ${uploaded} s, analysed in ${secondsSince(start)} s\n`);
      return incident;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function put(url: string, file: string): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream', 'content-length': statSync(file).size };
  const sending = request(url, { method: 'PUT', headers });
  const answered = new Promise<void>((resolve, reject) => {
    sending.once('error', reject);
    sending.once('response', (response) => {
      response.resume();
      if (response.statusCode === 201) response.once('end', resolve);
      else reject(new Error(`the server refused ${file} with ${response.statusCode}`));
    });
  });
  await Promise.all([pipeline(createReadStream(file), sending), answered]);
}

const secondsSince = (start: number): string => ((performance.now() - start) / 1000).toFixed(1);

async function measurePages(browser: Browser, origin: string, { id }: IncidentDetail): Promise<void> {
  const page = (await (
    await fetch(`${origin}/api/incidents/${id}/flows?sort=bytes&order=desc&limit=1`)
  ).json()) as FlowPage;
  const flow = page.rows[0]?.id ?? '';
  const places = [
    ['lanes of all flows', `#/i/${id}`],
    ['lanes of a bulk flow', `#/i/${id}/flow/${flow}?view=lanes`],
    ['its time-sequence graph', `#/i/${id}/flow/${flow}?view=time-sequence`],
  ] as const;
  print('| drawn | first picture | frames | between frames, median | p95 | drawing itself, p95 |');
  print('|---|---:|---:|---:|---:|---:|');
  for (const [name, hash] of places) {
    // Each with nothing in its cache.
    const context = await browser.newContext({ viewport: SCREEN });
    try {
      const tab = await context.newPage();
      await tab.goto(`${origin}/${hash}`);
      const first = await firstPicture(tab);
      const { intervals, costs } = await turnWheel(tab, SECONDS);
      const cells = [
        name,
        `${(first / 1000).toFixed(2)} s`,
        String(intervals.length),
        ...[at(intervals, 0.5), at(intervals, 0.95), at(costs, 0.95)].map((ms) => `${ms.toFixed(1)} ms`),
      ];
      print(`| ${cells.join(' | ')} |`);
    } finally {
      await context.close();
    }
  }
}

/** ms since the page was asked for. */
async function firstPicture(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => window.stallscopeFrames?.firstPicture ?? null, undefined, {
    timeout: 60_000,
  });
  return (await handle.jsonValue()) ?? Number.NaN;
}

/** In and out of three depths, and to both sides, a turn a frame. */
function turnWheel(page: Page, seconds: number): Promise<Pick<FrameStatistics, 'intervals' | 'costs'>> {
  return page.evaluate(async (length) => {
    const surface = document.querySelector('[role="application"]') as HTMLElement;
    const box = surface.getBoundingClientRect();
    const turn = (deltaX: number, deltaY: number, ctrlKey: boolean): void => {
      const place = { clientX: box.left + box.width * 0.6, clientY: box.top + 120 };
      const init = { ...place, deltaX, deltaY, ctrlKey, bubbles: true, cancelable: true };
      surface.dispatchEvent(new WheelEvent('wheel', init));
    };
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    window.stallscopeFrames?.reset();
    const end = performance.now() + 1000 * length;
    for (let n = 0; performance.now() < end; n++) {
      const phase = n % 360;
      if (phase < 120) turn(0, -20, true);
      else if (phase < 180) turn(12, 0, false);
      else if (phase < 240) turn(-12, 0, false);
      else turn(0, 20, true);
      await frame();
    }
    const { intervals = [], costs = [] } = window.stallscopeFrames ?? {};
    return { intervals: [...intervals], costs: [...costs] };
  }, seconds);
}

function at(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await measureDrawing();
