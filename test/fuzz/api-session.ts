/** A server for random requests: one incident that was analysed, one analysed from mutated input now and then. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { FlowPage, IncidentDetail } from '../../server/api.ts';
import { type RunningServer, startServer } from '../../server/http/start-server.ts';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { createRandom } from '../random-tcp.ts';
import { type FuzzRequest, type KnownIds, makeRequest, malformed } from './requests.ts';

/** What a request may take before it counts as a hang. */
const LONGEST_MS = 20_000;
const SMALL = {
  mostUploadBytes: 8 * 2 ** 20,
  mostPieceBytes: 2 ** 20,
  uploadIdleMs: 2000,
  bodyMs: 2000,
  quietMs: 500,
};
/** What a full disk, a missing feature or a busy server say is no bug; 500 is. */
const BUG = 500;

export class ApiSession {
  readonly #server: RunningServer;
  readonly #folder: TemporaryFolder;
  readonly #bugs: string[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #capture: Uint8Array;
  #known: KnownIds = {};

  private constructor(server: RunningServer, folder: TemporaryFolder, bugs: string[], capture: Uint8Array) {
    this.#server = server;
    this.#folder = folder;
    this.#bugs = bugs;
    this.#capture = capture;
  }

  /** `worker`: the bundled analysis worker; `fixtures`: the folder of `test/fixtures/captures`. */
  static async start(worker: URL, fixtures: string): Promise<ApiSession> {
    const folder = temporaryFolder();
    const bugs: string[] = [];
    const page = join(folder.path, 'page');
    mkdirSync(page);
    writeFileSync(join(page, 'index.html'), '<!doctype html>');
    const server = await startServer({
      folder: join(folder.path, 'data'),
      page,
      tool: { name: 'stallscope', version: 'fuzz' },
      worker,
      limits: SMALL,
      report: (error) => bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    });
    const capture = readFileSync(join(fixtures, 'rto-30', 'client.pcap.gz'));
    const session = new ApiSession(server, folder, bugs, capture);
    await session.#prepare();
    return session;
  }

  /** One request, number `seed`, with `bytes` where it uploads; what it breaks. */
  async check(seed: number, bytes: Uint8Array): Promise<{ story: string; broken: string[] }> {
    const random = createRandom(seed);
    for (let i = 0; i < 8; i++) random(2);
    const made = makeRequest(random, this.#known, bytes);
    const story = `${made.method} ${made.path.slice(0, 200)}`;
    const broken: string[] = [];
    if (random(25) === 0) await this.#sendRaw(malformed(made, random));
    else {
      const { status, problem } = await this.#send(made);
      if (status === BUG) broken.push(`${made.method} ${made.path.split('?')[0]} is answered with ${status}`);
      if (problem !== '') broken.push(problem);
    }
    broken.push(...this.#bugs.splice(0));
    if (made.method === 'DELETE' || random(500) === 0) await this.#prepare();
    return { story, broken };
  }

  async end(): Promise<void> {
    this.#agent.destroy();
    await this.#server.close();
    this.#folder.remove();
  }

  /** Sees to it that there is an incident with a result, and notes the ids. */
  async #prepare(): Promise<void> {
    const [id] = this.#known.incident ?? [];
    const there = id !== undefined && (await this.#json('GET', `/api/incidents/${id}`)) !== null;
    if (!there) await this.#makeIncident();
  }

  async #makeIncident(): Promise<void> {
    const made = (await this.#json('POST', '/api/incidents')) as { id: string };
    const at = `/api/incidents/${made.id}`;
    await this.#json('PUT', `${at}/files?name=client.pcap.gz&vantage=client`, this.#capture);
    await this.#json('POST', `${at}/analysis`);
    let detail: IncidentDetail | null = null;
    for (let tries = 0; tries < 600; tries++) {
      detail = (await this.#json('GET', at)) as IncidentDetail | null;
      if (detail?.state === 'ready') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const page = (await this.#json('GET', `${at}/flows`)) as FlowPage | null;
    const flow = page?.rows.map(({ id }) => id).slice(0, 5) ?? [];
    if (flow.length === 0) throw new Error('the incident to be asked about has no flows');
    this.#known = {
      incident: [made.id],
      file: detail?.storedFiles.map((f) => f.id) ?? [],
      flow,
      lane: ['v0', ...flow.flatMap((f) => [`v0.${f}.c`, `v0.${f}.s`])],
      resolution: ['0', '10', '20', '30'],
      index: ['0', '1', '-1', '100'],
      capture: ['c1'],
      frame: ['1', '2', '40', '100000'],
    };
  }

  async #json(method: string, path: string, body: Uint8Array | null = null): Promise<unknown> {
    const { status, text } = await this.#send({ method, path, headers: {}, body });
    return status < 300 && text !== '' ? JSON.parse(text) : null;
  }

  #send({
    method,
    path,
    headers,
    body,
  }: FuzzRequest): Promise<{ status: number; text: string; problem: string }> {
    return new Promise((resolve) => {
      const done = (status: number, text: string, problem = ''): void => {
        clearTimeout(limit);
        resolve({ status, text, problem });
      };
      const { port } = this.#server;
      let asked: ReturnType<typeof request>;
      const limit = setTimeout(() => {
        asked.destroy();
        done(0, '', `${method} ${path.split('?')[0]} has no answer after ${LONGEST_MS} ms`);
      }, LONGEST_MS);
      try {
        asked = request({ host: '127.0.0.1', port, method, path, headers, agent: this.#agent });
      } catch {
        // What Node's client does not send.
        done(0, '');
        return;
      }
      // The server may close before it has read a body that it refuses.
      asked.on('error', () => done(0, ''));
      asked.on('response', (response) => {
        if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
          response.on('error', () => {});
          asked.destroy();
          done(response.statusCode ?? 0, '');
        } else collect(response, done);
      });
      asked.end(body ?? undefined);
    });
  }

  #sendRaw(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.#server.port, '127.0.0.1');
      const end = (): void => {
        clearTimeout(limit);
        socket.destroy();
        resolve();
      };
      // One that waits for the rest of a body is in its right.
      const limit = setTimeout(end, 100);
      socket.on('error', end);
      socket.on('close', end);
      socket.on('data', end);
      socket.write(bytes);
    });
  }
}

function collect(
  response: IncomingMessage,
  done: (status: number, text: string, problem?: string) => void,
): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', () => done(response.statusCode ?? 0, ''));
  response.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    const isJson = response.headers['content-type']?.startsWith('application/json') === true;
    let problem = '';
    if (isJson && text !== '') {
      try {
        JSON.parse(text);
      } catch {
        problem = 'an answer says that it is JSON, and is not';
      }
    }
    done(response.statusCode ?? 0, text, problem);
  });
}
