/** Pins and notes: what somebody wants in the postmortem. */
import type { NewPin } from '../api.ts';
import type { AddRoutes } from './context.ts';
import { badRequest } from './http-error.ts';
import { type Fields, fieldsOf, idOf, jsonBody } from './parameters.ts';

const MOST_LINE = 500;
const MOST_NOTE = 20_000;
const MOST_TIME = 20;

export const addPinRoutes: AddRoutes = (router, { store, limits }) => {
  const json = jsonBody(limits.bodyMs);
  router.get('/api/incidents/:incident/pins', (request, response) => {
    response.json({ pins: store.pins(idOf(request, 'incident')) });
  });
  router.post('/api/incidents/:incident/pins', json, (request, response) => {
    const incident = idOf(request, 'incident');
    response.status(201).json(store.addPin(incident, newPinOf(fieldsOf(request))));
  });
  router.patch('/api/incidents/:incident/pins/:pin', json, (request, response) => {
    const [incident, pin] = [idOf(request, 'incident'), idOf(request, 'pin')];
    const fields = fieldsOf(request);
    response.json(
      store.changePin(incident, pin, {
        ...(fields.has('note') && { note: fields.text('note', MOST_NOTE) }),
        ...(fields.has('at') && { at: fields.textOrNull('at', MOST_TIME) }),
      }),
    );
  });
  router.delete('/api/incidents/:incident/pins/:pin', (request, response) => {
    store.deletePin(idOf(request, 'incident'), idOf(request, 'pin'));
    response.status(204).end();
  });
};

function newPinOf(fields: Fields): NewPin {
  const target = fields.text('target', MOST_LINE);
  if (!/^\w+:\S+$/.test(target))
    throw badRequest("'target' must be what a link selects", 'such as frame:c1:4120');
  return {
    target,
    at: fields.has('at') ? fields.textOrNull('at', MOST_TIME) : null,
    title: fields.text('title', MOST_LINE),
    note: fields.has('note') ? fields.text('note', MOST_NOTE) : '',
  };
}
