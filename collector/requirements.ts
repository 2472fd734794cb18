/**
 * What a collector needs of its host, each thing tried and not guessed: for `--check` all of it, a finding each.
 * The trap: what is not there yet, an interface, a journal, the server, is no fault: the collector waits for it.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CollectorConfig } from './config.ts';
import { askCollector } from './control-client.ts';
import { controlSocketOf } from './control-words.ts';
import type { Engine, EnginePlan } from './engine/engine.ts';
import type { LinkWatch } from './engine/link-watch.ts';
import { checkPlan } from './engine/plan-check.ts';
import { openMetrics } from './metrics.ts';
import { findUser } from './privileges.ts';
import { exchangeClocks } from './ship/clock-exchange.ts';
import { ServerConnection, ServerTrouble } from './ship/server-connection.ts';
import { CollectorError } from './words.ts';

export interface Finding {
  readonly what: string;
  /** `waits`: it goes on without, until it is there. `note`: it runs, and somebody should know. */
  readonly state: 'ok' | 'waits' | 'note' | 'fails';
  readonly says: string;
  /** The next step; empty where there is none. */
  readonly hint: string;
}

type Capture = CollectorConfig['captures'][number];

export const planOf = (config: CollectorConfig, capture: Capture): EnginePlan => ({
  interface: capture.interface,
  filter: capture.filter ?? config.filter,
  snaplen: capture.snaplen ?? config.snaplen,
  buffer: config.buffer,
});

/** Engine, rights, filters; in the order of the configuration. @throws CollectorError for the first that fails */
export async function requireCaptures(
  config: CollectorConfig,
  engine: Engine,
  links: LinkWatch,
): Promise<void> {
  const plans = config.captures.map((capture) => planOf(config, capture));
  // All at once, and the first in order is told.
  const tries = await Promise.allSettled(plans.map((plan) => checkPlan(plan, engine, links)));
  for (const { status, ...rest } of tries) if (status === 'rejected' && 'reason' in rest) throw rest.reason;
}

/** In the order in which a start would meet it. Never throws. */
export async function findRequirements(
  config: CollectorConfig,
  engine: Engine,
  links: LinkWatch,
): Promise<Finding[]> {
  const { user, metrics } = config;
  return [
    await attempt('engine', async () => await engine.version()),
    ...(user === undefined
      ? []
      : [await attempt('user', async () => `${user} is user ${(await findUser(user)).uid}`)]),
    ...(await Promise.all(config.captures.map((capture) => findCapture(config, capture, engine, links)))),
    await findFolder(config),
    ...config.journals.map(({ node, file }) => findJournal(node, file)),
    ...(metrics === undefined
      ? []
      : [
          await attempt('metrics', async () => {
            const server = await openMetrics(metrics, () => Promise.reject(new Error('only a check')));
            await server.close();
            return `can be at ${server.url}`;
          }),
        ]),
    ...(config.ship === undefined ? [] : [await findServer(config.ship)]),
  ];
}

/** `work` says what is fine. Never throws. */
export async function attempt(what: string, work: () => Promise<string> | string): Promise<Finding> {
  try {
    return { what, state: 'ok', says: await work(), hint: '' };
  } catch (error) {
    const hint = error instanceof CollectorError ? error.hint : '';
    return { what, state: 'fails', says: error instanceof Error ? error.message : String(error), hint };
  }
}

async function findCapture(
  config: CollectorConfig,
  capture: Capture,
  engine: Engine,
  links: LinkWatch,
): Promise<Finding> {
  const what = `${capture.vantage} ${capture.interface}`;
  const found = await attempt(what, async () => {
    await checkPlan(planOf(config, capture), engine, links);
    return 'may capture; the filter is accepted';
  });
  const link = links.state(capture.interface);
  if (found.state === 'fails' || capture.interface === 'any' || link?.up === true) return found;
  const lacks = link === null ? 'no such interface yet' : 'the interface is down';
  return { ...found, state: 'waits', says: `${lacks}; the collector waits for it (${found.says})` };
}

async function findFolder(config: CollectorConfig): Promise<Finding> {
  const { folder, keep, user } = config;
  const found = await attempt('folder', () => {
    controlSocketOf(folder);
    return describeFolder(folder, user ?? null);
  });
  if (found.state === 'fails') return found;
  const holder = await askCollector(folder, { command: 'status' }).catch(() => null);
  if (holder?.kind === 'status')
    return {
      ...found,
      state: 'note',
      says: `${folder} is in use by a collector that runs (pid ${holder.status.pid})`,
    };
  const { bavail, bsize } = statfsSync(nearestFolder(folder));
  const wanted = keep + config.pin.keep;
  if (bavail * bsize >= wanted) return found;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const says = `${found.says}; ${gigabytes(bavail * bsize)} are free, and ring and pins may take ${gigabytes(wanted)}`;
  return { ...found, state: 'note', says, hint: 'lower keep and pin.keep, or name another folder' };
}

function describeFolder(folder: string, user: string | null): string {
  const nearest = nearestFolder(folder);
  const { uid } = statSync(nearest);
  if (user !== null && uid === 0) return `${folder} is given to ${user} when it starts`;
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch {
    throw new CollectorError(
      `${nearest} cannot be written by this user`,
      'name another folder, or give it to the one who runs the collector',
    );
  }
  return nearest === path.resolve(folder) ? `${folder} can be written` : `${folder} can be made`;
}

/** Itself, or the first one upward that is there. @throws CollectorError where that is no folder */
function nearestFolder(folder: string): string {
  const whole = path.resolve(folder);
  if (!existsSync(whole) && path.dirname(whole) !== whole) return nearestFolder(path.dirname(whole));
  if (!statSync(whole).isDirectory()) throw new CollectorError(`${whole} is no folder`);
  return whole;
}

function findJournal(node: string, file: string): Finding {
  const what = `journal of ${node}`;
  if (!existsSync(file))
    return { what, state: 'waits', says: `${file} is not there yet; the collector waits for it`, hint: '' };
  try {
    accessSync(file, constants.R_OK);
    return { what, state: 'ok', says: `${file} can be read`, hint: '' };
  } catch {
    return {
      what,
      state: 'fails',
      says: `${file} cannot be read by this user`,
      hint: 'let the user of the collector read it',
    };
  }
}

/** ms: long enough for a server that is there. */
const SERVER_PATIENCE = 5000;

async function findServer(ship: NonNullable<CollectorConfig['ship']>): Promise<Finding> {
  const connection = new ServerConnection({ ...ship, idleMs: SERVER_PATIENCE });
  let isAway = false;
  const found = await attempt('server', async () => {
    try {
      const exchange = await exchangeClocks(connection);
      return `${ship.url} answers${exchange === null ? '' : `; ${describeOffset(exchange.offset)}`}`;
    } catch (error) {
      isAway = error instanceof ServerTrouble && error.status === null;
      throw error;
    }
  });
  connection.close();
  return isAway ? { ...found, state: 'waits' } : found;
}

function describeOffset(offset: number): string {
  const ms = Math.abs(offset) * 1000;
  return `its clock is ${ms.toFixed(ms < 10 ? 1 : 0)} ms ${offset < 0 ? 'behind' : 'ahead of'} this host's`;
}
