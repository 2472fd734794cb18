/**
 * Questions to a `diagnose serve`, one at a time over one connection that is kept.
 * The traps: the token and the CA may be replaced while it runs, so both are read anew; and a server closes a connection
 * that is idle at the very moment in which it is used again, which says nothing of the question.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { CollectorError } from '../words.ts';

export interface ServerPlan {
  readonly url: string;
  /** Files with the token, and with the CA that the server is checked against. */
  readonly tokenFile?: string | undefined;
  readonly ca?: string | undefined;
  /** Nothing comes or goes for so long: the connection is broken. */
  readonly idleMs?: number;
}

export interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface ServerAnswer {
  readonly status: number;
  /** Null where it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** Longer than a server takes for the hash of a large file. */
const IDLE_MS = 120_000;
/** No answer to a collector is that long. */
const MOST_ANSWER = 1024 ** 2;

/** That there is no answer, or one that is none of a `diagnose serve`. */
export class ServerTrouble extends CollectorError {
  /** Null: there was no answer. */
  readonly status: number | null;

  constructor(status: number | null, message: string, hint = '', options?: ErrorOptions) {
    super(message, hint, options);
    this.status = status;
  }
}

export class ServerConnection {
  private readonly plan: ServerPlan;
  private readonly base: URL;
  private agent: http.Agent | null = null;
  private ca: string | null = null;
  private readonly ended = new AbortController();

  constructor(plan: ServerPlan) {
    this.plan = plan;
    // `new URL` takes the last part of a path for a file.
    this.base = new URL(plan.url.endsWith('/') ? plan.url : `${plan.url}/`);
  }

  /** `path` without a slash in front. @throws ServerTrouble without an answer; CollectorError for a file that cannot be read */
  async ask(method: string, path: string, question: Question = {}): Promise<ServerAnswer> {
    const headers = { ...question.headers, ...this.authorization() };
    try {
      return await this.send(method, path, { ...question, headers });
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return await this.send(method, path, { ...question, headers });
    }
  }

  /** What is under way breaks off. */
  close(): void {
    this.ended.abort();
    this.agent?.destroy();
  }

  private authorization(): Record<string, string> {
    const { tokenFile } = this.plan;
    if (tokenFile === undefined) return {};
    const token = read(tokenFile, 'the token').trim();
    if (/^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` };
    throw new CollectorError(`${tokenFile}: holds no token`, 'one line, as diagnose serve printed it');
  }

  /** A new one where the CA is another. */
  private currentAgent(): http.Agent {
    const ca = this.plan.ca === undefined ? null : read(this.plan.ca, 'the CA');
    if (this.agent !== null && ca === this.ca) return this.agent;
    this.agent?.destroy();
    this.ca = ca;
    const options = { keepAlive: true, maxSockets: 1 };
    this.agent =
      this.base.protocol === 'https:'
        ? new https.Agent({ ...options, ...(ca !== null && { ca }) })
        : new http.Agent(options);
    return this.agent;
  }

  private send(method: string, path: string, { headers, body }: Question): Promise<ServerAnswer> {
    const agent = this.currentAgent();
    const { request } = this.base.protocol === 'https:' ? https : http;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.base), {
        method,
        agent,
        signal: this.ended.signal,
        headers: { 'user-agent': 'stallscope-collector', ...headers, 'content-length': String(length) },
      });
      asked.setTimeout(this.plan.idleMs ?? IDLE_MS, () =>
        asked.destroy(new Error('nothing came for too long')),
      );
      asked.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = asked.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isStale ? new StaleConnection() : this.away(error));
      });
      asked.on('response', (response) => {
        readAnswer(response).then(resolve, (error: Error) => reject(this.away(error)));
      });
      asked.end(body);
    });
  }

  private away(error: Error): ServerTrouble {
    const code = 'code' in error ? String(error.code) : '';
    const isTls = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code);
    const why = error.message === '' ? code : error.message;
    return new ServerTrouble(
      null,
      `no answer from ${this.base.host}: ${why}`,
      isTls
        ? 'is ship.ca the CA of that server, and its name the one of the URL?'
        : 'captures wait on this disk until it answers',
      { cause: error },
    );
  }
}

class StaleConnection extends Error {}

async function readAnswer(response: http.IncomingMessage): Promise<ServerAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MOST_ANSWER) throw new Error('its answer has no end');
    chunks.push(chunk as Buffer);
  }
  return { status: response.statusCode ?? 0, json: parse(Buffer.concat(chunks).toString()) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new CollectorError(
      `${what} cannot be read: ${message}`,
      'who runs the collector must be allowed to',
      { cause: error },
    );
  }
}
