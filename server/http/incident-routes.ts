/** Incidents: list, create, name, keep, delete, analyse, and follow. */
import type { IncidentSummary } from '../api.ts';
import type { AddRoutes } from './context.ts';
import { badRequest } from './http-error.ts';
import { type Fields, fieldsOf, idOf, jsonBody } from './parameters.ts';

const MOST_TITLE = 200;
const MOST_SPAN = 40;

export const addIncidentRoutes: AddRoutes = (router, { store, jobs, limits, streams }) => {
  const json = jsonBody(limits.bodyMs);
  router.get('/api/incidents', (_request, response) => {
    response.json({ incidents: store.incidents() });
  });
  router.post('/api/incidents', json, (request, response) => {
    const fields = fieldsOf(request);
    const title = fields.has('title') ? fields.text('title', MOST_TITLE) : undefined;
    const created: IncidentSummary = store.createIncident(title);
    response.status(201).location(`/api/incidents/${created.id}`).json(created);
  });
  router.get('/api/incidents/:incident', (request, response) => {
    response.json(store.incidentDetail(idOf(request, 'incident')));
  });
  router.patch('/api/incidents/:incident', json, (request, response) => {
    const id = idOf(request, 'incident');
    response.json(store.changeIncident(id, changeOf(fieldsOf(request))));
  });
  router.delete('/api/incidents/:incident', (request, response) => {
    store.deleteIncident(idOf(request, 'incident'));
    response.status(204).end();
  });
  router.post('/api/incidents/:incident/analysis', (request, response) => {
    response.status(202).json(jobs.analyse(idOf(request, 'incident')));
  });
  router.get('/api/incidents/:incident/events', (request, response) => {
    const incident = idOf(request, 'incident');
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else streams.open(incident, response);
  });
};

function changeOf(fields: Fields): { title?: string; keep?: string | null } {
  return {
    ...(fields.has('title') && { title: fields.text('title', MOST_TITLE) }),
    ...(fields.has('keep') && { keep: spanOf(fields) }),
  };
}

/** `true`: for ever; null: for ever; else a span such as `30d`, from now on. */
function spanOf(fields: Fields): string | null {
  const value = fields.value('keep');
  if (value === true) return null;
  if (value === false) throw badRequest("'keep' must be a time such as 30d, or true");
  return fields.textOrNull('keep', MOST_SPAN);
}
