/**
 * What stands for what in a stored incident. Everything is learned before anything is replaced, so all flows are read once
 * before: in every form, and by the command, the same stands for the same.
 * The trap: a new result may come in between. What it adds is replaced as well, but numbered where it is met.
 */
import { setImmediate } from 'node:timers/promises';
import { Redaction, redactFlow, redactHead } from '../../postmortem/index.ts';
import type { FlowRow } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { Store } from '../store/store.ts';

/** Flows between two turns of others: some ms. */
const TURN = 200;

/** @throws ServerError `not-found` where there is no result yet */
export async function redactionOfIncident(store: Store, incident: string): Promise<Redaction> {
  const { report } = store.incidentDetail(incident);
  if (report === null) throw new ServerError('not-found', 'the incident has no result yet');
  const redaction = new Redaction();
  redaction.learnHead(report);
  let taken = 0;
  for (const flow of store.exportAllFlows(incident)) {
    redaction.learnFlow(flow);
    taken += 1;
    if (taken % TURN === 0) await setImmediate();
  }
  return redaction;
}

/** The whole report, redacted, as JSON. */
export function* redactedReport(
  store: Store,
  incident: string,
  redaction: Redaction,
): Generator<string, void, undefined> {
  const { report } = store.incidentDetail(incident);
  if (report === null) return;
  const head = JSON.stringify(redactHead(report, redaction));
  yield `${head.slice(0, -1)},\n"flows":[`;
  let separator = '\n';
  for (const flow of store.exportAllFlows(incident)) {
    yield separator + JSON.stringify(redactFlow(flow, redaction));
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** What a row says of who it was; the rest are numbers, times and words of the report. */
export const redactRow = (row: FlowRow, redaction: Redaction): FlowRow => ({
  ...row,
  id: redaction.text(row.id),
  client: redaction.text(row.client),
  server: redaction.text(row.server),
});
