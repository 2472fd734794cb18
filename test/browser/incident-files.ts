/**
 * Files for the page: captures of the fixtures under names that say nothing, dropped as a person drops
 * them, or stored over HTTP where a test is about something else.
 * The trap: a drop that comes from outside of the page can only be made inside of it, from bytes that
 * were carried there; large captures go through the file chooser.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { IncidentDetail, IncidentSummary } from '../../server/api.ts';

export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const CAPTURES = fileURLToPath(new URL('../../test/fixtures/captures', import.meta.url));

/** `1.pcap.gz`, `2.pcap.gz`, …, in the order given; with `named`, as they are called there. */
export function readScenario(scenario: string, vantages: readonly string[], named = false): GivenFile[] {
  return vantages.map((vantage, index) => ({
    name: `${named ? vantage : index + 1}.pcap.gz`,
    bytes: readFileSync(path.join(CAPTURES, scenario, `${vantage}.pcap.gz`)),
  }));
}

/** From the desktop onto the page: enters, hovers, and lets go. */
export async function dropFiles(page: Page, files: readonly GivenFile[]): Promise<void> {
  const carried = files.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString('base64') }));
  await page.evaluate((given) => {
    const transfer = new DataTransfer();
    for (const { name, text } of given) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    for (const kind of ['dragenter', 'dragover', 'drop']) {
      const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    }
  }, carried);
}

/** For the file chooser. */
export function asPayloads(
  files: readonly GivenFile[],
): { name: string; mimeType: string; buffer: Buffer }[] {
  return files.map(({ name, bytes }) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes),
  }));
}

/** Stores the files and waits for the report. @returns the incident */
export async function storeIncident(origin: string, files: readonly GivenFile[]): Promise<IncidentDetail> {
  const { id } = await call<IncidentSummary>(origin, 'POST', 'incidents', {});
  for (const { name, bytes } of files) {
    const address = `${origin}/api/incidents/${id}/files?name=${encodeURIComponent(name)}`;
    const body = new Uint8Array(bytes);
    const headers = { 'content-type': 'application/octet-stream' };
    await checked(await fetch(address, { method: 'PUT', headers, body }));
  }
  await call(origin, 'POST', `incidents/${id}/analysis`);
  return waitForReport(origin, id);
}

/** Of an analysis that was begun. @throws Error where it fails, or takes more than two minutes */
export async function waitForReport(origin: string, id: string): Promise<IncidentDetail> {
  const late = Date.now() + 120_000;
  for (;;) {
    const detail = await call<IncidentDetail>(origin, 'GET', `incidents/${id}`);
    if (detail.state === 'ready') return detail;
    if (detail.state === 'failed') throw new Error(`the analysis failed: ${detail.error}`);
    if (Date.now() > late) throw new Error(`the incident is still ${detail.state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One request of the API. @throws Error with the server's answer where it refuses */
export async function call<T>(origin: string, method: string, what: string, body?: unknown): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { method }
      : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const text = await (await checked(await fetch(`${origin}/api/${what}`, init))).text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}
