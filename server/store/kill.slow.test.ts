/**
 * A real process that uploads, analyses, replaces and deletes is killed at moments that nobody
 * chooses, again and again on the same folder: what it had acknowledged is there, nothing is half
 * there, and the next start leaves nothing behind.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { expect, it } from 'vitest';
import { bundled, bundledWorker } from '../jobs/test-worker.ts';
import { RUN_TABLES } from './migrations.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { databasePath } from './places.ts';
import type { Said } from './test-child.ts';
import { CAPTURES, temporaryFolder } from './test-store.ts';

/** `KILL_ROUNDS=100` for a long run. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 36);
/** It is killed so long after it has said so many lines; every fourth time after none, while it opens the store. */
const MOST_LINES = 30;
const LONGEST_MS = 300;

interface Known {
  readonly files: Map<string, string>;
  readonly pins: Set<string>;
  result: { revision: number; headline: string; flows: number } | null;
  /** The next process takes its analysis up by itself, and says nothing of it. */
  queued: boolean;
}

it(
  `a store survives ${ROUNDS} kills`,
  async () => {
    const folder = temporaryFolder();
    const child = fileURLToPath(await bundled('server/store/test-child.ts'));
    const worker = fileURLToPath(await bundledWorker());
    const capture = join(CAPTURES, 'rto-7/client.pcap.gz');
    let known = new Map<string, Known>();
    let acknowledged = 0;
    let cutOff = 0;
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const said = await killSomewhere([child, folder.path, worker, capture, String(round * 7919)], round);
        const inFlight = follow(known, said);
        acknowledged += said.filter(({ said: what }) => what !== 'begin' && what !== 'opened').length;
        if (inFlight !== undefined) cutOff += 1;
        const store = await openStore({ folder: folder.path });
        try {
          checkKnown(store, known, inFlight);
          await store.idle();
          checkWhole(store, folder.path);
          known = stateOf(store);
        } finally {
          store.close();
        }
      }
    } finally {
      folder.remove();
    }
    // Else nothing was tested.
    expect(acknowledged).toBeGreaterThan(3 * ROUNDS);
    expect(cutOff).toBeGreaterThan(ROUNDS / 6);
    process.stdout.write(
      `${ROUNDS} kills: ${acknowledged} acknowledged, ${cutOff} times something cut off\n`,
    );
  },
  60_000 + ROUNDS * 50_000,
);

/** All that it said before it was killed. */
function killSomewhere(args: string[], round: number): Promise<Said[]> {
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isDue = false;
  const chance = (round * 2_654_435_761) % 9973;
  const lines = round % 4 === 0 ? 0 : 1 + (chance % MOST_LINES);
  const killLater = (): void => {
    isDue = true;
    setTimeout(() => process_.kill('SIGKILL'), chance % LONGEST_MS);
  };
  if (lines === 0) killLater();
  process_.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (!isDue && output.split('\n').length > lines) killLater();
  });
  return new Promise((resolve, reject) => {
    process_.on('error', reject);
    process_.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself with ${code}:\n${output}`));
      // A line that was cut was not said.
      else
        resolve(
          output
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as Said),
        );
    });
  });
}

/** Brings `known` to what was acknowledged. @returns the incident that something was begun with; null for one that was being made */
function follow(known: Map<string, Known>, all: readonly Said[]): string | null | undefined {
  let inFlight: string | null | undefined;
  for (const said of all) {
    inFlight = said.said === 'begin' ? said.incident : undefined;
    if (said.said === 'begin' || said.said === 'opened') continue;
    if (said.said === 'created')
      known.set(said.incident, { files: new Map(), pins: new Set(), result: null, queued: false });
    const one = known.get(said.incident);
    if (said.said === 'deleted') known.delete(said.incident);
    if (said.said === 'file') one?.files.set(said.file, said.sha256);
    if (said.said === 'no-file') one?.files.delete(said.file);
    if (said.said === 'pin') one?.pins.add(said.pin);
    if (said.said === 'result' && one) {
      one.result = { revision: said.revision, headline: said.headline, flows: said.flows };
      one.queued = false;
    }
  }
  return inFlight;
}

/** What was acknowledged is there; what was under way may be, as a whole, or not. */
function checkKnown(store: OpenStore, known: Map<string, Known>, inFlight: string | null | undefined): void {
  const found = stateOf(store);
  for (const [id, expected] of known) {
    const now = found.get(id);
    const mayDiffer = Number(id === inFlight);
    if (now === undefined) {
      expect(mayDiffer, `${id} is gone`).toBe(1);
      continue;
    }
    if (mayDiffer === 0) {
      expect([now.files, now.pins], id).toEqual([expected.files, expected.pins]);
    }
    expect(Math.abs(now.files.size - expected.files.size)).toBeLessThanOrEqual(mayDiffer);
    expect(Math.abs(now.pins.size - expected.pins.size)).toBeLessThanOrEqual(mayDiffer);
    const newer = (now.result?.revision ?? 0) - (expected.result?.revision ?? 0);
    if (newer === 0) expect(now.result, id).toEqual(expected.result);
    expect(newer).toBeGreaterThanOrEqual(0);
    expect(newer).toBeLessThanOrEqual(mayDiffer + Number(expected.queued));
  }
  const made = [...found.keys()].filter((id) => !known.has(id));
  expect(made.length).toBeLessThanOrEqual(inFlight === null ? 1 : 0);
}

function stateOf(store: OpenStore): Map<string, Known> {
  return new Map(
    store.incidents().map(({ id, revision, headline, flows, state }) => {
      const files = store.incidentDetail(id).storedFiles.map((file) => {
        const bytes = readFileSync(store.file(id, file.id).path);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
        return [file.id, file.sha256] as const;
      });
      const result = revision === 0 ? null : { revision, headline: headline ?? '', flows: flows ?? 0 };
      const pins = new Set(store.pins(id).map((pin) => pin.id));
      return [id, { files: new Map(files), pins, result, queued: state === 'queued' }];
    }),
  );
}

/** Nothing is half there, and nothing is left of what is gone. */
function checkWhole(store: OpenStore, folder: string): void {
  const database = new BetterSqlite3(databasePath(folder), { readonly: true });
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    for (const table of ['runs', ...RUN_TABLES.map(({ table }) => table)]) {
      const run = table === 'runs' ? 'id' : 'run';
      const stray = `SELECT count(*) FROM ${table} WHERE ${run} NOT IN (SELECT run FROM incidents WHERE run IS NOT NULL)`;
      expect(database.prepare(stray).pluck().get(), table).toBe(0);
    }
  } finally {
    database.close();
  }
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  for (const { id, revision, flows, state } of store.incidents()) {
    expect(['empty', 'uploaded', 'queued', 'ready', 'failed']).toContain(state);
    const stored = store.incidentDetail(id).storedFiles.map((file) => file.id);
    const place = join(folder, 'files', id);
    expect(existsSync(place) ? readdirSync(place).sort() : []).toEqual(stored.sort());
    if (revision > 0)
      expect([...store.exportFlows(id, { sort: null, order: 'desc', q: '' })]).toHaveLength(flows ?? -1);
  }
  const folders = store.incidents().map(({ id }) => id);
  for (const name of readdirSync(join(folder, 'files'))) expect(folders).toContain(name);
}
