-- A database as version 1 of the schema made it, with an incident that has a result: what migrations are tested with.
-- Never change it.
PRAGMA application_id = 1398033491;
PRAGMA user_version = 1;
PRAGMA auto_vacuum = INCREMENTAL;

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
  seen TEXT NOT NULL, -- ' node-a.in server '
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

BEGIN;
INSERT INTO incidents (id, title, state, created, revision, run) VALUES ('0011223344556677', 'Old but gold', 'ready', 1700000000000, 3, 7);
INSERT INTO runs (id, incident, report, headline, flows, facets) VALUES (7, '0011223344556677',
  '{"schemaVersion":1,"tool":{"name":"stallscope","version":"0.1.0"},"headline":"One flow hung.","captures":[],"clocks":[],"failovers":[],"path":{"kind":"forwarded","claims":[]},"flows":[],"causes":[],"summary":{"flows":1,"byOutcome":{"hung":1}},"advice":[],"problems":[]}', 'One flow hung.', 1, '[["hung","no-state-drop"]]');
INSERT INTO flows VALUES (7, 0, 'f0123456789', 0, 'tcp', 'hung', 'no-state-drop', ' no-state-drop ', 'high',
  '10.0.0.7:40000', '10.9.0.5:443', 40000, 443, '10.0.0.7:40000 10.9.0.5:443', NULL, NULL, NULL, 2, 30, ' client ');
INSERT INTO flow_orders (run, sort, numbers) VALUES (7, 'stall', x'00000000');
INSERT INTO flow_documents (run, number, row, flow) VALUES (7, 0,
  '{"index":0,"id":"f0123456789","protocol":"tcp","client":"10.0.0.7:40000","server":"10.9.0.5:443","outcome":"hung","cause":"no-state-drop","candidates":[],"confidence":"high","start":"1700000000000000000","end":"1700000009000000000","stallStart":null,"stallEnd":null,"stall":null,"outage":null,"backoff":null,"retransmits":2,"bytesToClient":10,"bytesToServer":20,"seenAt":["client"]}',
  '{"id":"f0123456789","protocol":"tcp","client":{"address":"10.0.0.7","port":40000},"server":{"address":"10.9.0.5","port":443},"start":"1700000000000000000","end":"1700000009000000000","bytesToClient":10,"bytesToServer":20,"seenAt":["client"],"path":"forwarded","outcome":"hung","cause":"no-state-drop","candidates":[],"contributing":[],"confidence":"high","stalls":[],"claims":[],"ruledOut":[],"splitBy":[],"advice":[]}');
COMMIT;
