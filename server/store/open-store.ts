/**
 * Opens the data folder: locks it, brings the database to this version, puts right what a kill left
 * behind, and joins the parts of the store.
 */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import type { IncidentSummary } from '../api.ts';
import { Analyses } from './analyses.ts';
import { Connection, damaged, loadPackage } from './connection.ts';
import { Deliveries } from './deliveries.ts';
import { Files, makeFolders } from './files.ts';
import { Flows } from './flows.ts';
import { Incidents } from './incidents.ts';
import { Journeys } from './journeys.ts';
import { checkNoDatabaseIsMissing, clearLeftovers } from './leftovers.ts';
import { type Lock, lockFolder } from './lock.ts';
import { migrate } from './migrations.ts';
import { Pins } from './pins.ts';
import { databasePath, lockPath } from './places.ts';
import { Reserve } from './reserve.ts';
import type { Shared } from './shared.ts';
import type { Store, StoreChange, StoreOptions } from './store.ts';
import { Sweeper } from './sweep.ts';
import { Timelines } from './timelines.ts';

const HOUR_MS = 3_600_000;
/** A database up to here is checked page by page at the start: half a second. Damage in a larger one shows when it is met. */
const MOST_CHECKED_BYTES = 64 * 1024 * 1024;

/** A store, with what only `server/jobs/` and tests need. */
export interface OpenStore extends Store {
  readonly analyses: Analyses;
  /** Settles once garbage is gone from the database, and its room given back. */
  idle(): Promise<void>;
}

/** @throws ServerError `no-database-package`, `data-in-use`, `newer-database`, `damaged-database` */
export async function openStore({ folder, keep = null }: StoreOptions): Promise<OpenStore> {
  const Database = await loadPackage();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(Database, lockPath(folder), folder);
  try {
    makeFolders(folder);
    checkNoDatabaseIsMissing(folder);
    makePrivate(databasePath(folder));
    const connect = (): Connection => new Connection(Database, databasePath(folder));
    const reserve = new Reserve(folder);
    const connection = reserve.withRoom(() => prepared(connect, folder));
    try {
      return join({ folder, keep, connection, connect, reserve, lock });
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Also in a folder that others may look into. SQLite gives its other files the same permissions. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function prepared(connect: () => Connection, folder: string): Connection {
  const connection = connect();
  try {
    migrate(connection);
    const isSmall = statSync(connection.path).size <= MOST_CHECKED_BYTES;
    if (isSmall && connection.pragma('quick_check(1)') !== 'ok') throw damaged(connection.path);
    clearLeftovers(connection, folder);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

interface Opened {
  readonly folder: string;
  readonly keep: number | null;
  readonly connection: Connection;
  readonly connect: () => Connection;
  readonly reserve: Reserve;
  readonly lock: Lock;
}

function join({ folder, keep, connection, connect, reserve, lock }: Opened): OpenStore {
  const listeners = new Set<(change: StoreChange) => void>();
  const sweeper = new Sweeper(connection, reserve);
  const shared: Shared = {
    folder,
    connection,
    connect,
    reserve,
    changed: (change) => {
      for (const listener of [...listeners]) listener(change);
    },
    sweep: () => sweeper.start(),
  };
  const timelines = new Timelines(shared);
  const incidents = new Incidents(shared, keep);
  const deliveries = new Deliveries(shared, incidents);
  const parts = {
    incidents,
    files: new Files(shared),
    flows: new Flows(shared, timelines),
    journeys: new Journeys(shared),
    timelines,
    pins: new Pins(shared),
  };
  tryToPurge(incidents, deliveries);
  sweeper.start();
  const hourly = setInterval(() => tryToPurge(incidents, deliveries), HOUR_MS).unref();
  return {
    ...reading(parts, connection),
    ...writing(parts),
    folder,
    deliveries,
    peer: connection.column<string>('SELECT peer FROM identity')[0] ?? '',
    analyses: new Analyses(shared),
    idle: () => sweeper.idle(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearInterval(hourly);
      sweeper.stop();
      connection.close();
      lock.release();
    },
  };
}

/** A full disk, for instance, is no reason to end the server; the next hour may be better. */
function tryToPurge(...parts: readonly { purge(): unknown }[]): void {
  try {
    for (const part of parts) part.purge();
  } catch {
    // They stay until then.
  }
}

interface Parts {
  readonly incidents: Incidents;
  readonly files: Files;
  readonly flows: Flows;
  readonly journeys: Journeys;
  readonly timelines: Timelines;
  readonly pins: Pins;
}

type Reading =
  | 'incidents'
  | 'incident'
  | 'incidentDetail'
  | 'file'
  | 'captureFile'
  | 'flows'
  | 'flow'
  | 'journeys'
  | 'sightings'
  | 'tile'
  | 'laneFrames'
  | 'exportReport'
  | 'flowLanes'
  | 'exportAllFlows'
  | 'exportFlows'
  | 'pins'
  | 'totals'
  | 'check';

function reading(parts: Parts, connection: Connection): Pick<Store, Reading> {
  const { incidents, files, flows, journeys, timelines, pins } = parts;
  return {
    incidents: (): IncidentSummary[] => incidents.list(),
    incident: (id) => incidents.summary(id),
    incidentDetail: (id) => incidents.detail(id),
    file: (incident, file) => files.file(incident, file),
    captureFile: (incident, capture) => files.ofCapture(incident, capture),
    flows: (incident, query) => flows.page(incident, query),
    flow: (incident, flow) => flows.detail(incident, flow),
    flowLanes: (incident, index) => flows.lanes(incident, index),
    journeys: (incident, flow, window) => journeys.page(incident, flow, window),
    sightings: (incident, frame) => journeys.sightings(incident, frame),
    tile: (incident, lane, resolution, index) => timelines.tile(incident, lane, resolution, index),
    laneFrames: (incident, lane, window) => timelines.frames(incident, lane, window),
    exportReport: (incident) => flows.exportReport(incident),
    exportAllFlows: (incident) => flows.exportAllFlows(incident),
    exportFlows: (incident, filter) => flows.exportFlows(incident, filter),
    pins: (incident) => pins.list(incident),
    totals: () =>
      connection.get<ReturnType<Store['totals']>>(
        `SELECT (SELECT count(*) FROM incidents) AS incidents, count(*) AS files, coalesce(sum(size), 0) AS bytes
         FROM files`,
      ) ?? { incidents: 0, files: 0, bytes: 0 },
    check: () => {
      connection.checkFile();
      connection.get('SELECT count(*) FROM incidents');
    },
  };
}

type Writing = Exclude<keyof Store, Reading | 'folder' | 'deliveries' | 'peer' | 'onChange' | 'close'>;

function writing({ incidents, files, pins }: Parts): Pick<Store, Writing> {
  return {
    createIncident: (title) => incidents.create(title),
    changeIncident: (id, change) => incidents.change(id, change),
    deleteIncident: (id) => incidents.delete(id),
    purge: () => incidents.purge(),
    addFile: (incident, file, source) => files.add(incident, file, source),
    changeFile: (incident, file, vantage) => files.change(incident, file, vantage),
    deleteFile: (incident, file) => files.delete(incident, file),
    addPin: (incident, pin) => pins.add(incident, pin),
    changePin: (incident, pin, change) => pins.change(incident, pin, change),
    deletePin: (incident, pin) => pins.delete(incident, pin),
  };
}
