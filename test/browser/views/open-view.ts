/** The views on a page of their own, bundled, with a server that was made up. */
import { build } from 'esbuild';
import type { MadeUpIncident } from './made-up-incident.ts';
import { type MadeUpServer, startMadeUpServer } from './made-up-server.ts';

const HTML = `<!doctype html><html lang="en"><title>Views</title><link rel="stylesheet" href="/page.css">
<body style="margin:0"><main id="root"></main><script type="module" src="/page.js"></script></body></html>`;

/** @returns a server whose `/` is the page */
export async function serveViews(incident: MadeUpIncident): Promise<MadeUpServer> {
  const { outputFiles } = await build({
    entryPoints: [new URL('./page.tsx', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    outdir: 'out',
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'dataurl' },
    logLevel: 'warning',
  });
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return startMadeUpServer(
    incident,
    new Map([
      ['/', { type: 'text/html', body: HTML }],
      ['/page.js', { type: 'text/javascript', body: text('.js') }],
      ['/page.css', { type: 'text/css', body: text('.css') }],
    ]),
  );
}
