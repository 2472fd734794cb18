/** Exports: the whole report, its flows, the postmortem and the annotated capture. Streamed: each may be larger than memory. */
import type { Request, Response } from 'express';
import {
  type Postmortem,
  type Redaction,
  redactFlow,
  writeHtml,
  writeMarkdown,
} from '../../postmortem/index.ts';
import type { Store } from '../store/store.ts';
import { annotatedCapture } from './annotated-capture.ts';
import type { AddRoutes } from './context.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import { filterOf } from './flow-routes.ts';
import { choiceOf, idOf } from './parameters.ts';
import { finished, sendBytes, sendPieces } from './pieces.ts';
import { gatherIncident, oneAtATime } from './postmortem-facts.ts';
import { redactedReport, redactionOfIncident, redactRow } from './redacted.ts';

interface Export {
  readonly type: string;
  readonly pieces: (asked: Asked) => Generator<string, void, undefined>;
}

interface Asked {
  readonly store: Store;
  readonly incident: string;
  readonly request: Request;
  /** Null where nothing is to be replaced. */
  readonly redaction: Redaction | null;
}

const EXPORTS: Record<string, Export> = {
  'report.json': {
    type: 'application/json; charset=utf-8',
    pieces: ({ store, incident, redaction }) =>
      redaction === null ? store.exportReport(incident) : redactedReport(store, incident, redaction),
  },
  'flows.csv': {
    type: 'text/csv; charset=utf-8; header=present',
    pieces: csv,
  },
  'flows.jsonl': {
    type: 'application/x-ndjson; charset=utf-8',
    pieces: jsonl,
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
  const learn = oneAtATime((incident: string) => redactionOfIncident(store, incident));
  const redactionFor = async (request: Request): Promise<Redaction | null> =>
    choiceOf(request, 'redact', ['1']) === null ? null : learn(idOf(request, 'incident'));
  for (const [name, { type, pieces }] of Object.entries(EXPORTS)) {
    router.get(`/api/incidents/:incident/export/${name}`, async (request: Request, response: Response) => {
      const incident = idOf(request, 'incident');
      const redaction = await redactionFor(request);
      await finished(sendPieces(response, { name, type }, pieces({ store, incident, request, redaction })));
    });
  }
  const gather = oneAtATime(async (request: Request) =>
    gatherIncident(store, idOf(request, 'incident'), await redactionFor(request)),
  );
  for (const [name, { type, write }] of Object.entries(POSTMORTEMS)) {
    router.get(`/api/incidents/:incident/export/${name}`, async (request: Request, response: Response) => {
      const facts = await gather(request);
      await finished(sendPieces(response, { name, type }, write(facts)));
    });
  }
  const sendAnnotated = oneAtATime(async (request: Request) =>
    sendAnnotatedCapture(store, request, await redactionFor(request)),
  );
  router.get(`/api/incidents/:incident/export/${ANNOTATED.name}`, sendAnnotated);
};

/** One after the other: each reads all captures, and holds what the report says of their frames. */
async function sendAnnotatedCapture(
  store: Store,
  request: Request,
  redaction: Redaction | null,
): Promise<void> {
  const { res: response } = request;
  // Whoever waited for their turn may have gone.
  if (response === undefined || response.destroyed) return;
  const frames = choiceOf(request, 'frames', ['evidence', 'all']) ?? 'evidence';
  // Nobody's turn comes while a client neither reads nor goes.
  response.setTimeout(STANDSTILL_MS, () => response.destroy());
  const pieces = annotatedCapture(store, idOf(request, 'incident'), frames, redaction);
  await finished(sendBytes(response, ANNOTATED, pieces));
}

function* csv({ store, incident, request, redaction }: Asked): Generator<string, void, undefined> {
  let head = CSV_HEAD;
  for (const { row } of store.exportFlows(incident, filterOf(request))) {
    yield head + csvLine(redaction === null ? row : redactRow(row, redaction));
    head = '';
  }
  yield head;
}

/** Each flow as it stands in the report. */
function* jsonl({ store, incident, request, redaction }: Asked): Generator<string, void, undefined> {
  for (const { flow } of store.exportFlows(incident, filterOf(request)))
    yield `${JSON.stringify(redaction === null ? flow : redactFlow(flow, redaction))}\n`;
}
