/** For tests: a server on a port of its own, with an empty data folder and a page of two files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { bundledWorker } from '../jobs/test-worker.ts';
import { type TemporaryFolder, temporaryFolder } from '../store/test-store.ts';
import { createRoutes } from './app.ts';
import type { Context } from './context.ts';
import { LIMITS } from './limits.ts';
import { type RunningServer, type ServerOptions, startServer } from './start-server.ts';

export interface TestServer extends RunningServer {
  readonly folder: string;
  /** What it said of bugs. */
  readonly bugs: unknown[];
  /** `path` as it stands, without the help of an URL parser. */
  raw(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** JSON in, JSON out. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Ends it and removes its folder. */
  end(): Promise<void>;
}

export interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Null where the answer is no JSON. */
  readonly json: unknown;
}

export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder: TemporaryFolder = temporaryFolder();
  const bugs: unknown[] = [];
  const server = await startServer({
    folder: join(folder.path, 'data'),
    page: makePage(folder.path),
    tool: { name: 'stallscope', version: 'test' },
    worker: await bundledWorker(),
    report: (error) => bugs.push(error),
    ...options,
  }).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  const raw: TestServer['raw'] = (method, path, sent = {}) => send(server.port, method, path, sent);
  return {
    ...server,
    folder: join(folder.path, 'data'),
    bugs,
    raw,
    ask: (method, path, body) =>
      raw(method, path, {
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      }),
    async end() {
      await server.close();
      folder.remove();
    },
  };
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
}

/** All routes that express has. */
export function apiRoutes(): { method: string; path: string }[] {
  // They are only listed here, never asked.
  const router = createRoutes({ limits: LIMITS } as Context);
  return (router.stack as unknown as Layer[]).flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map((method) => ({
      method: method.toUpperCase(),
      path: route?.path ?? '',
    })),
  );
}

function makePage(folder: string): string {
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Stallscope</title>');
  writeFileSync(join(page, 'assets', 'index-Ab3_x9Zk.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'a secret beside the page');
  return page;
}

function send(port: number, method: string, path: string, { headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    asked.on('error', reject);
    answerOf(asked).then(resolve, reject);
    asked.end(body);
  });
}

export function answerOf(asked: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text,
          json: parse(text),
        });
      });
    });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
