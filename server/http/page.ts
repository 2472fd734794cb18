/**
 * The web page as `npm run build` left it; and, where it was not built, how to.
 * The trap: a path of a request is only compared with the list of what was built; none is looked up on the disk.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import express, { type RequestHandler, type Response } from 'express';

/** Vite's names of what it builds: `assets/name-hash.ext`. */
const HASHED = /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+$/;

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stallscope</title></head>
<body><h1>The web page is not built</h1>
<p>The server runs, and its API answers. Build the page with <code>npm run build</code>, then load this address again.</p>
</body></html>
`;

export function servePage(folder: string): RequestHandler[] {
  const files = express.static(folder, {
    index: 'index.html',
    redirect: false,
    dotfiles: 'ignore',
    setHeaders,
  });
  const missing: RequestHandler = (request, response, next) => {
    if (request.path !== '/' || existsSync(join(folder, 'index.html'))) return next();
    response.status(503).set('cache-control', 'no-store').type('html').send(NOT_BUILT);
  };
  let built: ReadonlySet<string> = new Set();
  const listed: RequestHandler = (request, response, next) => {
    // A new build has other names; whoever loads them asks for the page first.
    if (request.path === '/') built = listOf(folder);
    if (built.has(request.path)) files(request, response, next);
    else next();
  };
  return [missing, listed];
}

function listOf(folder: string): ReadonlySet<string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Set(['/', ...names.map((name) => `/${name.split(sep).join('/')}`)]);
}

/** What is named by its content never changes; the page that names it does. */
function setHeaders(response: Response, path: string): void {
  const caching = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
  response.setHeader('cache-control', caching);
}
