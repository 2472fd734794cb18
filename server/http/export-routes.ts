/** Exports: the whole report, its flows, the postmortem and the annotated capture. Streamed: each may be larger than memory. */
import type { Request, Response } from 'express';
import { type Postmortem, writeHtml, writeMarkdown } from '../../postmortem/index.ts';
import type { FlowFilter, Store } from '../store/store.ts';
import { annotatedCapture } from './annotated-capture.ts';
import type { AddRoutes } from './context.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import { filterOf } from './flow-routes.ts';
import { choiceOf, idOf } from './parameters.ts';
import { finished, sendBytes, sendPieces } from './pieces.ts';
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

const ANNOTATED = { name: 'annotated.pcapng', type: 'application/octet-stream' };
/** Longer than it takes to find the first frame of interest in a large capture. */
const STANDSTILL_MS = 300_000;

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
  const sendAnnotated = oneAtATime((request: Request) => sendAnnotatedCapture(store, request));
  router.get(`/api/incidents/:incident/export/${ANNOTATED.name}`, sendAnnotated);
};

/** One after the other: each reads all captures, and holds what the report says of their frames. */
async function sendAnnotatedCapture(store: Store, request: Request): Promise<void> {
  const { res: response } = request;
  // Whoever waited for their turn may have gone.
  if (response === undefined || response.destroyed) return;
  const frames = choiceOf(request, 'frames', ['evidence', 'all']) ?? 'evidence';
  // Nobody's turn comes while a client neither reads nor goes.
  response.setTimeout(STANDSTILL_MS, () => response.destroy());
  await finished(sendBytes(response, ANNOTATED, annotatedCapture(store, idOf(request, 'incident'), frames)));
}

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
