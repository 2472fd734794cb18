/** Exports: the whole report, its flows, and the postmortem. Streamed: a report may be larger than memory. */
import type { AddRoutes } from './context.ts';
import { finished } from './file-routes.ts';
import { idOf } from './parameters.ts';
import { sendPieces } from './pieces.ts';

export const addExportRoutes: AddRoutes = (router, { store }) => {
  router.get('/api/incidents/:incident/export/report.json', async (request, response) => {
    const incident = idOf(request, 'incident');
    await finished(
      sendPieces(response, { name: 'report.json', type: 'application/json' }, store.exportReport(incident)),
    );
  });
};
