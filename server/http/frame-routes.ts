/** One frame, decoded as each vantage saw it. */
import type { AddRoutes } from './context.ts';
import { idOf, numberOf } from './parameters.ts';

export const addFrameRoutes: AddRoutes = (router, { frames }) => {
  router.get('/api/incidents/:incident/frames/:capture/:frame', async (request, response) => {
    const incident = idOf(request, 'incident');
    const capture = idOf(request, 'capture');
    const frame = numberOf(request, 'frame', 1, 2 ** 40);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const detail = await frames.find(incident, { capture, frame }, gone.signal);
    if (!gone.signal.aborted) response.json(detail);
  });
};
