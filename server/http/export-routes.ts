/** Exports: the whole report, its flows, and the postmortem. Streamed: a report may be larger than memory. */
import type { Request, Response } from 'express';
import { type Postmortem, writeHtml, writeMarkdown } from '../../postmortem/index.ts';
import type { FlowFilter, Store } from '../store/store.ts';
import type { AddRoutes } from './context.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import { filterOf } from './flow-routes.ts';
import { idOf } from './parameters.ts';
import { finished, sendPieces } from './pieces.ts';
import { gatherIncident, oneAtATime } from './postmortem-facts.ts';

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
};

/** Forms of the postmortem; all are made of the same facts. */
const POSTMORTEMS: Record<string, { type: string; write: (facts: Postmortem) => Generator<string, void> }> = {
  'incident.md': { type: 'text/markdown; charset=utf-8', write: writeMarkdown },
  'incident.html': { type: 'text/html; charset=utf-8', write: writeHtml },
};

export const addExportRoutes: AddRoutes = (router, { store }) => {
  for (const [name, { type, pieces }] of Object.entries(EXPORTS)) {
    router.get(`/api/incidents/:incident/export/${name}`, async (request: Request, response: Response) => {
      const incident = idOf(request, 'incident');
      await finished(sendPieces(response, { name, type }, pieces(store, incident, request)));
    });
  }
  const gather = oneAtATime((incident: string) => gatherIncident(store, incident));
  for (const [name, { type, write }] of Object.entries(POSTMORTEMS)) {
    router.get(`/api/incidents/:incident/export/${name}`, async (request: Request, response: Response) => {
      const facts = await gather(idOf(request, 'incident'));
      await finished(sendPieces(response, { name, type }, write(facts)));
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
