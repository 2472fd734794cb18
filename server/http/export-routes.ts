/** Exports: the whole report, its flows, and the postmortem. Streamed: a report may be larger than memory. */
import type { Request, Response } from 'express';
import { ServerError } from '../server-error.ts';
import type { FlowFilter, Store } from '../store/store.ts';
import type { AddRoutes } from './context.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import { filterOf } from './flow-routes.ts';
import { incidentMarkdown } from './incident-markdown.ts';
import { idOf } from './parameters.ts';
import { finished, sendPieces } from './pieces.ts';

/** Worst first; those that no failover touched are in the other exports. */
const AFFECTED: FlowFilter = { sort: 'outcome', order: 'desc', q: '-outcome:unaffected' };

interface Export {
  readonly type: string;
  readonly pieces: (store: Store, incident: string, request: Request) => Generator<string, void, undefined>;
}

const EXPORTS: Record<string, Export> = {
  'report.json': {
    type: 'application/json; charset=utf-8',
    pieces: (store, incident) => store.exportReport(incident),
  },
  'flows.csv': {
    type: 'text/csv; charset=utf-8; header=present',
    pieces: (store, incident, request) => csv(store, incident, filterOf(request)),
  },
  'flows.jsonl': {
    type: 'application/x-ndjson; charset=utf-8',
    pieces: (store, incident, request) => jsonl(store, incident, filterOf(request)),
  },
  'incident.md': {
    type: 'text/markdown; charset=utf-8',
    pieces: (store, incident) => markdown(store, incident),
  },
};

export const addExportRoutes: AddRoutes = (router, { store }) => {
  for (const [name, { type, pieces }] of Object.entries(EXPORTS)) {
    router.get(`/api/incidents/:incident/export/${name}`, async (request: Request, response: Response) => {
      const incident = idOf(request, 'incident');
      await finished(sendPieces(response, { name, type }, pieces(store, incident, request)));
    });
  }
};

function* csv(store: Store, incident: string, filter: FlowFilter): Generator<string, void, undefined> {
  let head = CSV_HEAD;
  for (const { row } of store.exportFlows(incident, filter)) {
    yield head + csvLine(row);
    head = '';
  }
  yield head;
}

/** Each flow as it stands in the report. */
function* jsonl(store: Store, incident: string, filter: FlowFilter): Generator<string, void, undefined> {
  for (const { flow } of store.exportFlows(incident, filter)) yield `${JSON.stringify(flow)}\n`;
}

function* markdown(store: Store, incident: string): Generator<string, void, undefined> {
  const detail = store.incidentDetail(incident);
  const { report } = detail;
  if (report === null) throw new ServerError('not-found', 'the incident has no result yet');
  const pins = store.pins(incident);
  const { total } = store.flows(incident, { ...AFFECTED, offset: 0, limit: 0 });
  yield* incidentMarkdown({ detail, report, pins, total, flows: store.exportFlows(incident, AFFECTED) });
}
