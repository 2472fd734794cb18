/** Flows and their journeys, and the lanes of the timeline. */
import type { Request, Response } from 'express';
import { BUCKETS, GREATEST_RESOLUTION, LEAST_RESOLUTION, MARK_NAMES } from '../../analyzer/index.ts';
import { FLOW_SORTS } from '../api.ts';
import type { FlowFilter, TimeWindow } from '../store/store.ts';
import type { AddRoutes } from './context.ts';
import { choiceOf, idOf, integerOf, numberOf, textOf } from './parameters.ts';

const MOST_FILTER = 1000;
const MOST_ROWS = 1000;
const MOST_FRAMES = 5000;
const ANY_TIME = Number.MAX_SAFE_INTEGER;
const YEAR_S = 31_536_000;

export const addFlowRoutes: AddRoutes = (router, { store }) => {
  router.get('/api/incidents/:incident/flows', (request, response) => {
    const offset = integerOf(request, 'offset', { least: 0, most: 2 ** 31, otherwise: 0 });
    const limit = integerOf(request, 'limit', { least: 0, most: MOST_ROWS, otherwise: 100 });
    response.json(store.flows(idOf(request, 'incident'), { ...filterOf(request), offset, limit }));
  });
  router.get('/api/incidents/:incident/flows/:flow', (request, response) => {
    response.json(store.flow(idOf(request, 'incident'), idOf(request, 'flow')));
  });
  router.get('/api/incidents/:incident/flows/:flow/journeys', (request, response) => {
    response.json(store.journeys(idOf(request, 'incident'), idOf(request, 'flow'), windowOf(request)));
  });
  router.get('/api/incidents/:incident/lanes/:lane/frames', (request, response) => {
    const least = integerOf(request, 'least', { least: 0, most: MARK_NAMES.length, otherwise: 0 });
    const order = choiceOf(request, 'order', ['asc', 'desc']) ?? 'asc';
    const window = { ...windowOf(request), least, order };
    response.json(store.laneFrames(idOf(request, 'incident'), idOf(request, 'lane'), window));
  });
  router.get('/api/incidents/:incident/lanes/:lane/tiles/:resolution/:index', (request, response) => {
    const [incident, lane] = [idOf(request, 'incident'), idOf(request, 'lane')];
    const resolution = numberOf(request, 'resolution', LEAST_RESOLUTION, GREATEST_RESOLUTION);
    const most = Math.ceil(ANY_TIME / BUCKETS / 2 ** resolution);
    const index = numberOf(request, 'index', -most, most);
    const { revision } = store.incident(incident);
    if (isKnown(request, response, revision)) return;
    const bytes = store.tile(incident, lane, resolution, index);
    // A result that arrived in between is nothing to keep under the name of the one before.
    if (store.incident(incident).revision !== revision) {
      response.removeHeader('etag');
      response.set('cache-control', 'no-store');
    }
    response.type('application/octet-stream').send(asBuffer(bytes));
  });
};

/** Of the flow table and its exports. */
export function filterOf(request: Request): FlowFilter {
  return {
    sort: choiceOf(request, 'sort', FLOW_SORTS),
    order: choiceOf(request, 'order', ['asc', 'desc']) ?? 'desc',
    q: textOf(request, 'q', MOST_FILTER) ?? '',
  };
}

function windowOf(request: Request): TimeWindow {
  return {
    from: integerOf(request, 'from', { least: -ANY_TIME, most: ANY_TIME, otherwise: -ANY_TIME }),
    to: integerOf(request, 'to', { least: -ANY_TIME, most: ANY_TIME, otherwise: ANY_TIME }),
    limit: integerOf(request, 'limit', { least: 1, most: MOST_FRAMES, otherwise: 500 }),
  };
}

/**
 * A result never changes: an address that names its revision may be kept for ever.
 * @returns true where the client has it already, and was told so
 */
function isKnown(request: Request, response: Response, revision: number): boolean {
  const isNamed = textOf(request, 'revision', 20) === String(revision);
  const etag = `"r${revision}"`;
  response.set({
    etag,
    'cache-control': isNamed ? `private, max-age=${YEAR_S}, immutable` : 'private, no-cache',
  });
  const known =
    request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (!known.includes(etag) && !known.includes('*')) return false;
  response.status(304).end();
  return true;
}

/** Without a copy. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
