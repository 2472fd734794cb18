/**
 * The facts of a stored incident's postmortem. Flows are read one by one from one snapshot, and others have their turn
 * between some of them.
 * The trap: the head, the flows and the lanes are asked for one after the other, and a new result may come in between;
 * then all is gathered anew.
 */
import { setImmediate } from 'node:timers/promises';
import { decodeTile } from '../../analyzer/index.ts';
import {
  Gathering,
  type LaneSource,
  type Postmortem,
  type Redaction,
  redactFlow,
  redactSource,
} from '../../postmortem/index.ts';
import { ServerError } from '../server-error.ts';
import type { Store } from '../store/store.ts';

/** Flows between two turns of others: some ms. */
const TURN = 200;
const MOST_TRIES = 3;

/** `redaction`: null where nothing is to be replaced. @throws ServerError `not-found` where there is no result yet */
export async function gatherIncident(
  store: Store,
  incident: string,
  redaction: Redaction | null,
): Promise<Postmortem> {
  for (let tries = 1; ; tries++) {
    const { revision } = store.incident(incident);
    const facts = await gatherOnce(store, incident, redaction);
    if (store.incident(incident).revision === revision || tries === MOST_TRIES) return facts;
  }
}

async function gatherOnce(store: Store, incident: string, redaction: Redaction | null): Promise<Postmortem> {
  const { id, title, report, timeline } = store.incidentDetail(incident);
  if (report === null) throw new ServerError('not-found', 'the incident has no result yet');
  const lanes: LaneSource | null = timeline && {
    head: timeline,
    lanesOf: (flow) => store.flowLanes(incident, flow),
    tile: (lane, resolution, index) => decodeTile(store.tile(incident, lane, resolution, index)),
  };
  const source = { incident: { id, title }, report, pins: store.pins(incident), lanes };
  const gathering = new Gathering(redaction === null ? source : redactSource(source, redaction));
  let taken = 0;
  for (const flow of store.exportAllFlows(incident)) {
    gathering.add(redaction === null ? flow : redactFlow(flow, redaction), taken);
    taken += 1;
    if (taken % TURN === 0) await setImmediate();
  }
  return gathering.finish();
}

/** One call after the other: each may hold the numbers of 100,000 flows. */
export function oneAtATime<A, R>(work: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (argument) => {
    const next = last.then(() => work(argument));
    // Of its end alone: what it came to would be held until the next call.
    const ended = (): void => {};
    last = next.then(ended, ended);
    return next;
  };
}
