/** What machines ask: metrics, health, and the description of the API. */
import type { AddRoutes } from './context.ts';
import { openApi } from './openapi.ts';
import { freeBytes } from './uploads.ts';

type Check = 'ok' | string;

export const addServiceRoutes: AddRoutes = (router, { store, limits, metrics }) => {
  router.get('/api/openapi.json', (_request, response) => {
    response.json(openApi);
  });
  router.get('/metrics', async (_request, response) => {
    const text = await metrics.text();
    response.set('content-type', metrics.contentType).send(text);
  });
  router.get('/healthz', async (_request, response) => {
    const checks: Record<string, Check> = {
      database: await check(() => store.check(), 'it does not answer'),
      disk: await check(async () => {
        if ((await freeBytes(store.folder)) < limits.freeBytes) throw new Error();
      }, 'it is nearly full'),
    };
    const isHealthy = Object.values(checks).every((said) => said === 'ok');
    response.status(isHealthy ? 200 : 503).json({ status: isHealthy ? 'ok' : 'failing', checks });
  });
};

async function check(run: () => void | Promise<void>, otherwise: string): Promise<Check> {
  try {
    await run();
    return 'ok';
  } catch {
    return otherwise;
  }
}
