/** What collectors ask: to deliver files in pieces, and what the server's clock says. */
import type { IncidentWish, NewDelivery } from '../api.ts';
import type { AddRoutes } from './context.ts';
import { badRequest } from './http-error.ts';
import { type Fields, fieldsOf, idOf, integerOf, jsonBody } from './parameters.ts';
import { discardRest } from './uploads.ts';

const MOST_COLLECTOR = 100;
const MOST_NAME = 255;
const MOST_VANTAGE = 255;
const MOST_LINE = 1000;

export const addDeliveryRoutes: AddRoutes = (router, context) => {
  const { store, limits, uploads, collectedAnalyses, wallClock } = context;
  const json = jsonBody(limits.bodyMs);
  router.post('/api/deliveries', json, async (request, response) => {
    const delivery = await uploads.open(deliveryOf(fieldsOf(request)));
    collectedAnalyses.came(delivery.incident);
    response.json(delivery);
  });
  router.get('/api/deliveries/:delivery', (request, response) => {
    response.json(store.deliveries.get(idOf(request, 'delivery')));
  });
  router.patch('/api/deliveries/:delivery', async (request, response) => {
    try {
      const id = idOf(request, 'delivery');
      const offset = integerOf(request, 'offset', { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 });
      const { taken, delivery } = await uploads.append(request, id, offset);
      collectedAnalyses.came(delivery.incident);
      if (!taken) discardRest(request);
      response.status(taken ? 200 : 409).json(delivery);
    } catch (error) {
      if (response.destroyed) return;
      discardRest(request);
      throw error;
    }
  });
  router.post('/api/clock', (_request, response) => {
    const received = response.locals.received as bigint;
    response.json({ peer: store.peer, received: String(received), sent: String(wallClock()) });
  });
};

function deliveryOf(fields: Fields): NewDelivery {
  const size = fields.value('size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1)
    throw badRequest("'size' must be the number of the file's bytes");
  const sha256 = fields.text('sha256', 64);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw badRequest("'sha256' must have 64 hexadecimal digits");
  const kind = fields.text('kind', 20);
  if (kind !== 'capture' && kind !== 'journal') throw badRequest("'kind' must be capture or journal");
  const collector = fields.text('collector', MOST_COLLECTOR);
  const name = fields.text('name', MOST_NAME);
  if (collector === '' || name === '') throw badRequest("'collector' and 'name' must not be empty");
  const vantage = fields.has('vantage') ? fields.textOrNull('vantage', MOST_VANTAGE) : null;
  return { collector, name, size, sha256, kind, vantage, incident: wishOf(fields) };
}

function wishOf(fields: Fields): IncidentWish {
  const incident = fields.inner('incident');
  const window = incident.has('window') ? incident.inner('window') : null;
  return {
    ...(incident.has('title') && { title: incident.text('title', MOST_LINE) }),
    ...(window !== null && { window: { from: nanosOf(window, 'from'), to: nanosOf(window, 'to') } }),
    ...(incident.has('at') && { at: nanosOf(incident, 'at') }),
    ...(incident.has('why') && { why: incident.text('why', MOST_LINE) }),
  };
}

/** As late as 2262, as far as 64 bits reach. */
function nanosOf(fields: Fields, name: string): string {
  const text = fields.text(name, 20);
  if (/^\d{1,19}$/.test(text) && BigInt(text) < 1n << 63n) return text;
  throw badRequest(`'${name}' must be nanoseconds since the epoch, as a decimal string`);
}
