/**
 * The HTTP API from the command's side, of a server in this process or of one that already runs.
 * What the server refuses arrives as a `UserError` with the server's own words.
 */
import type { ApiError, IncidentSummary, Progress } from '../server/api.ts';
import { systemErrorCode, UserError } from './user-error.ts';

export interface ServerAddress {
  /** `http://127.0.0.1:7878` */
  readonly url: string;
  /** Null where none is asked for. */
  readonly token: string | null;
}

interface RequestParts {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly stream?: AsyncIterable<Uint8Array>;
}

export interface IncidentEvents {
  state(summary: IncidentSummary): void;
  progress(progress: Progress): void;
}

export class ApiClient {
  readonly #server: ServerAddress;

  constructor(server: ServerAddress) {
    this.#server = server;
  }

  /** `path` begins after `/api`. The caller knows what that address answers. @throws UserError `server` */
  async get<T>(path: string): Promise<T> {
    return (await (await this.#fetch(path, {})).json()) as T;
  }

  /** The bytes of an export, as they come. @throws UserError `server`, also when they break off */
  async *bytes(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#fetch(path, {});
    try {
      yield* (response.body ?? []) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw noAnswer(this.#server.url, error);
    }
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return (await (await this.#fetch(path, { method: 'POST', body })).json()) as T;
  }

  async put<T>(path: string, stream: AsyncIterable<Uint8Array>): Promise<T> {
    return (await (await this.#fetch(path, { method: 'PUT', stream })).json()) as T;
  }

  async delete(path: string): Promise<void> {
    await this.#fetch(path, { method: 'DELETE' });
  }

  /** Tells what happens to an incident, how it stands first, until `isOver` or the server ends it. */
  async follow(incident: string, events: IncidentEvents, isOver: () => boolean): Promise<void> {
    const response = await this.#fetch(`/incidents/${incident}/events`, {});
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) dispatch(block, events);
        if (isOver()) return;
      }
    } catch (error) {
      // A stream that breaks off is followed anew; who cannot connect then is told.
      if (error instanceof UserError) throw error;
    }
  }

  async #fetch(path: string, { method = 'GET', body, stream }: RequestParts): Promise<Response> {
    const { url, token } = this.#server;
    const headers = {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const payload = stream === undefined ? { body: JSON.stringify(body) ?? null } : streamed(stream);
    const response = await fetch(`${url}/api${path}`, { method, headers, ...payload }).catch((error) => {
      throw noAnswer(url, error);
    });
    if (!response.ok) throw await refused(response);
    return response;
  }
}

const streamed = (source: AsyncIterable<Uint8Array>): RequestInit => ({
  body: ReadableStream.from(source) as ReadableStream<Uint8Array>,
  duplex: 'half',
});

function dispatch(block: string, events: IncidentEvents): void {
  const field = (name: string): string =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  const kind = field('event');
  if (kind === 'state') events.state(JSON.parse(field('data')) as IncidentSummary);
  if (kind === 'progress') events.progress(JSON.parse(field('data')) as Progress);
}

async function refused(response: Response): Promise<UserError> {
  const said = (await response.json().catch(() => null)) as Partial<ApiError> | null;
  const { message = `the server answers ${response.status}`, hint = '' } = said?.error ?? {};
  return new UserError('server', message, hint);
}

/** What the stream that was being sent ended with is nearer to the cause than that sending ended. */
function noAnswer(url: string, error: unknown): UserError {
  const cause = error instanceof Error ? error.cause : undefined;
  for (const candidate of [error, cause]) if (candidate instanceof UserError) return candidate;
  const why = systemErrorCode(cause) || (error instanceof Error ? error.message : String(error));
  return new UserError('server', `the server at ${url} does not answer (${why})`);
}
