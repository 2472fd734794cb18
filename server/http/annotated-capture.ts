/**
 * A stored incident's captures as one annotated file, read again from the data folder.
 * The trap: head, flows and files are asked for one after the other, and a new result may come in between; then all is
 * gathered anew. A file that is gone is said before anything is sent.
 */
import { accessSync, constants, createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Flow, Report } from '../../analyzer/index.ts';
import { decompressed } from '../../packet/file/compression.ts';
import {
  type AnnotatedInput,
  annotateCaptures,
  type FrameChoice,
  packetRedaction,
  type Redaction,
  redactReport,
} from '../../postmortem/index.ts';
import { ServerError } from '../server-error.ts';
import type { FileOnDisk, Store } from '../store/store.ts';
import { HttpError, unreadable } from './http-error.ts';

const CHUNK_BYTES = 256 * 1024;
/** Flows between two turns of others: some ms. */
const TURN = 200;
const MOST_TRIES = 3;

/** The file, piece by piece; `redaction`: null where nothing is to be replaced. @throws ServerError, HttpError `not-found`, `captures-gone`, `unreadable` */
export async function* annotatedCapture(
  store: Store,
  incident: string,
  frames: FrameChoice,
  redaction: Redaction | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { report, inputs } = await gather(store, incident);
  if (redaction === null) yield* annotateCaptures({ report, inputs, frames }).chunks;
  else {
    const [redacted, rewrite] = [redactReport(report, redaction), packetRedaction(redaction)];
    yield* annotateCaptures({ report: redacted, unredacted: report, rewrite, inputs, frames }).chunks;
  }
}

interface Gathered {
  readonly report: Report;
  readonly inputs: readonly AnnotatedInput[];
}

async function gather(store: Store, incident: string): Promise<Gathered> {
  for (let tries = 1; ; tries++) {
    const { revision } = store.incident(incident);
    const gathered = await gatherOnce(store, incident);
    if (store.incident(incident).revision === revision) return gathered;
    if (tries === MOST_TRIES)
      throw new HttpError(409, 'changing', 'the incident has a new result again and again', 'ask later');
  }
}

async function gatherOnce(store: Store, incident: string): Promise<Gathered> {
  const { report: head } = store.incidentDetail(incident);
  if (head === null) throw new ServerError('not-found', 'the incident has no result yet');
  const inputs = head.captures.map(({ id, file }): AnnotatedInput => {
    const stored = fileOf(store, incident, id, file);
    return { capture: id, chunks: bytesOf(stored) };
  });
  const flows: Flow[] = [];
  let taken = 0;
  for (const flow of store.exportAllFlows(incident)) {
    if (isCited(flow)) flows.push(withoutRest(flow));
    taken += 1;
    if (taken % TURN === 0) await setImmediate();
  }
  return { report: { ...head, flows }, inputs };
}

/** Nothing else of a flow gets into the file. */
const isCited = ({ stalls, claims, endedBy }: Flow): boolean =>
  stalls.length > 0 || claims.length > 0 || endedBy !== undefined;

/** All flows of the report are in memory at once: without what no comment says. */
const withoutRest = (flow: Flow): Flow => ({
  ...flow,
  candidates: [],
  contributing: [],
  ruledOut: [],
  splitBy: [],
  advice: [],
});

function fileOf(store: Store, incident: string, capture: string, name: string): FileOnDisk {
  const gone = new HttpError(
    404,
    'captures-gone',
    `${name}: the capture is no longer kept`,
    'add it to the incident again, or use another form of export: those need no capture',
  );
  try {
    const file = store.captureFile(incident, capture);
    accessSync(file.path, constants.R_OK);
    return file;
  } catch (error) {
    if (error instanceof ServerError && error.code === 'not-found') throw gone;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw gone;
    throw unreadable(name, error);
  }
}

/** Damage was told by the analysis. */
const bytesOf = (file: FileOnDisk): AsyncIterable<Uint8Array> => decompressed(readFile(file), () => {});

async function* readFile({ name, path }: FileOnDisk): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(name, error);
  }
}
