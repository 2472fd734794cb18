/**
 * The schema, as the steps that made it. A step runs once, in a transaction with its number, so a
 * kill leaves the version before or the one after. Never change a step that was released: add one.
 *
 * A *run* is what one analysis made. An incident shows the run that `incidents.run` names;
 * `pending` is one that is being written; any other is garbage, which `sweep.ts` takes away.
 * Times of flows are ns since the epoch, those of journeys ns since the timeline's origin.
 */
import { ServerError } from '../server-error.ts';
import type { Connection } from './connection.ts';

/** `STLS`: says whose database this is. */
const APPLICATION = 0x53544c53;

const STEPS: readonly string[] = [
  `
  CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('empty', 'uploaded', 'queued', 'analysing', 'ready', 'failed')),
    created INTEGER NOT NULL, -- ms since the epoch
    expires INTEGER,
    error TEXT,
    revision INTEGER NOT NULL DEFAULT 0,
    run INTEGER REFERENCES runs(id) DEFERRABLE INITIALLY DEFERRED,
    pending INTEGER REFERENCES runs(id) DEFERRABLE INITIALLY DEFERRED
  ) STRICT;
  CREATE INDEX incidents_run ON incidents(run);
  CREATE INDEX incidents_pending ON incidents(pending);

  CREATE TABLE files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL REFERENCES incidents(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('capture', 'journal')),
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    vantage TEXT
  ) STRICT;
  CREATE INDEX files_incident ON files(incident, number);

  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT REFERENCES incidents(id) ON DELETE SET NULL,
    report TEXT, -- without its flows
    timeline TEXT,
    directory BLOB,
    headline TEXT,
    flows INTEGER,
    worst_stall REAL,
    stalls TEXT,
    facets TEXT -- pairs of outcome and cause
  ) STRICT;
  CREATE INDEX runs_incident ON runs(incident);

  CREATE TABLE captures (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    capture TEXT NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (run, capture)
  ) STRICT, WITHOUT ROWID;

  -- What is filtered by; the rest of a flow is in its document.
  CREATE TABLE flows (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, -- position in the report
    id TEXT NOT NULL,
    facet INTEGER NOT NULL, -- position in the run's facets
    protocol TEXT NOT NULL,
    outcome TEXT NOT NULL,
    cause TEXT,
    candidates TEXT NOT NULL, -- ' a b ', the cause among them
    confidence TEXT NOT NULL,
    client TEXT NOT NULL,
    server TEXT NOT NULL,
    client_port INTEGER NOT NULL,
    server_port INTEGER NOT NULL,
    tuples TEXT NOT NULL, -- every address and port that it has anywhere
    stall REAL, -- seconds
    outage REAL,
    backoff REAL,
    retransmits INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    seen TEXT NOT NULL, -- ' c1 node-a.in c2 server '
    PRIMARY KEY (run, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX flows_id ON flows(run, id);

  -- A result never changes, so it is sorted once: numbers of flows, 32 bits each, ascending.
  CREATE TABLE flow_orders (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    sort TEXT NOT NULL,
    numbers BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX flow_orders_sort ON flow_orders(run, sort);

  CREATE TABLE flow_documents (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    row TEXT NOT NULL,
    flow TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX flow_documents_number ON flow_documents(run, number);

  CREATE TABLE stalls (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    flow INTEGER NOT NULL,
    number INTEGER NOT NULL,
    start INTEGER NOT NULL,
    ended INTEGER,
    duration REAL NOT NULL,
    cause TEXT,
    PRIMARY KEY (run, flow, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE timeline_chunks (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX timeline_chunks_number ON timeline_chunks(run, number);
  `,
  `
  CREATE TABLE pins (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL REFERENCES incidents(id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    target TEXT NOT NULL,
    at INTEGER,
    title TEXT NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pins_incident ON pins(incident, number);

  CREATE TABLE journey_pages (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    flow INTEGER NOT NULL,
    page INTEGER NOT NULL,
    first REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL,
    bytes BLOB NOT NULL -- deflated JSON
  ) STRICT;
  CREATE UNIQUE INDEX journey_pages_page ON journey_pages(run, flow, page);

  -- Which journeys a frame is part of.
  CREATE TABLE followed_frames (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    capture TEXT NOT NULL,
    frame INTEGER NOT NULL,
    flow INTEGER NOT NULL,
    page INTEGER NOT NULL,
    PRIMARY KEY (run, capture, frame)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Files on their way from collectors, and those that arrived, so that none is taken twice.
  CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, -- of the file, too, once it arrived
    collector TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    wish TEXT NOT NULL, -- of which incident it is to be: JSON
    size INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('capture', 'journal')),
    vantage TEXT,
    received INTEGER NOT NULL DEFAULT 0, -- bytes that were forced to the disk
    touched INTEGER NOT NULL, -- ms since the epoch
    done INTEGER NOT NULL DEFAULT 0,
    incident TEXT REFERENCES incidents(id) ON DELETE SET NULL
  ) STRICT;
  CREATE UNIQUE INDEX deliveries_file ON deliveries(collector, name, sha256, wish);
  CREATE INDEX deliveries_incident ON deliveries(incident);

  -- Incidents that deliveries made.
  CREATE TABLE collected (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT NOT NULL UNIQUE REFERENCES incidents(id) ON DELETE CASCADE,
    title TEXT NOT NULL, -- as it was asked for; '' for a window
    first INTEGER, -- ms since the epoch
    last INTEGER
  ) STRICT;
  CREATE INDEX collected_title ON collected(title, last);

  -- Whose clock collectors compare theirs with.
  CREATE TABLE identity (peer TEXT NOT NULL) STRICT;
  INSERT INTO identity VALUES (lower(hex(randomblob(8))));
  `,
];

/** The version that this program writes. */
export const SCHEMA_VERSION = STEPS.length;

/** The tables whose rows belong to a run; `slice` of them, found by `key`, are deleted at a time. */
export const RUN_TABLES = [
  { table: 'followed_frames', key: 'capture, frame', slice: 5000 },
  { table: 'journey_pages', key: 'rowid', slice: 200 },
  { table: 'timeline_chunks', key: 'rowid', slice: 50 },
  { table: 'stalls', key: 'flow, number', slice: 5000 },
  { table: 'flow_documents', key: 'rowid', slice: 500 },
  { table: 'flow_orders', key: 'rowid', slice: 10 },
  { table: 'flows', key: 'number', slice: 2000 },
  { table: 'captures', key: 'capture', slice: 500 },
] as const;

/** For tests: the steps up to a version. */
export const schemaOf = (version: number): string => STEPS.slice(0, version).join('\n');

/** Brings the database to this version. @throws ServerError `newer-database`, `damaged-database` */
export function migrate(connection: Connection): void {
  const version = checkOwner(connection);
  if (version > SCHEMA_VERSION) {
    throw new ServerError(
      'newer-database',
      `the database is of a newer Stallscope (version ${version} of it; this one knows ${SCHEMA_VERSION}): ${connection.path}`,
      'update Stallscope, or name another folder with --data',
    );
  }
  // Only now: nothing of somebody else's database is changed.
  connection.makeDurable();
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    connection.write(() => {
      connection.execute(STEPS[step] as string);
      connection.pragma(`application_id = ${APPLICATION}`);
      connection.pragma(`user_version = ${step + 1}`);
    });
  }
}

/** @returns the version; 0 for a file that is still empty */
function checkOwner(connection: Connection): number {
  const version = Number(connection.pragma('user_version'));
  const tables = connection.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')?.n ?? 0;
  const isNew = version === 0 && tables === 0;
  if (!isNew && Number(connection.pragma('application_id')) !== APPLICATION) {
    throw new ServerError(
      'damaged-database',
      `this is no database of Stallscope: ${connection.path}`,
      'name another folder with --data',
    );
  }
  return version;
}
