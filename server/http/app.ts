/** The express app: guards, routes, page, errors, in this order. */
import express, { type Express, Router } from 'express';
import helmet from 'helmet';
import type { AddRoutes, Context } from './context.ts';
import { addDeliveryRoutes } from './delivery-routes.ts';
import { addExportRoutes } from './export-routes.ts';
import { addFileRoutes } from './file-routes.ts';
import { addFlowRoutes } from './flow-routes.ts';
import { addFrameRoutes } from './frame-routes.ts';
import { checkHost, checkOrigin, checkToken, type GuardOptions } from './guard.ts';
import { errorHandler, noSuchRoute } from './http-error.ts';
import { addIncidentRoutes } from './incident-routes.ts';
import { servePage } from './page.ts';
import { addPinRoutes } from './pin-routes.ts';
import { addServiceRoutes } from './service-routes.ts';

export interface AppOptions {
  readonly guard: GuardOptions;
  /** Folder of the built page. */
  readonly page: string;
  /** The one it listens on; asked when requests come. */
  readonly port: () => number;
  /** Is told of bugs. */
  readonly report: (error: unknown) => void;
}

const ROUTES: readonly AddRoutes[] = [
  addIncidentRoutes,
  addFileRoutes,
  addFlowRoutes,
  addFrameRoutes,
  addPinRoutes,
  addExportRoutes,
  addDeliveryRoutes,
  addServiceRoutes,
];

/** All routes of the API, by their whole path. */
export function createRoutes(context: Context): Router {
  const router = Router({ caseSensitive: true });
  for (const add of ROUTES) add(router, context);
  return router;
}

export function createApp(context: Context, { guard, page, port, report }: AppOptions): Express {
  const app = express();
  app.set('query parser', 'simple');
  // An answer's own hash costs more than it saves here; tiles have their revision.
  app.set('etag', false);
  // First of all: what comes before it would pass for a slower way there.
  app.use('/api/clock', (_request, response, next) => {
    response.locals.received = context.wallClock();
    next();
  });
  app.use(context.metrics.count);
  app.use(headers());
  app.use(checkHost(guard), checkOrigin, checkToken(guard, port));
  app.use('/api', (_request, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  app.use(createRoutes(context));
  app.use('/api', noSuchRoute);
  app.use(servePage(page));
  app.use(noSuchRoute);
  app.use(errorHandler(report));
  return app;
}

/** Nothing but our own files runs or is shown, and nobody puts the page into theirs. */
const headers = (): ReturnType<typeof helmet> =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
        'form-action': ["'self'"],
      },
    },
    // Without TLS it means nothing, and it would bind the name for other servers.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
