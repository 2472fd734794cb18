/**
 * Requests by Node's own http, on a pool of one connection, as axios and most SDKs make them.
 * The trap: such an agent probes each connection every second and drops it after ten probes without
 * an answer, so after 11 s of outage. `keepalive: false` is a pool without probes.
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import { say, sayEnd } from './say.ts';

/** Keeps a connection for the next request, as its parent does, but lets nothing probe it. */
class QuietAgent extends http.Agent {
  override keepSocketAlive(socket: Socket): boolean {
    socket.unref();
    return true;
  }

  override createConnection(
    ...[options, done]: Parameters<http.Agent['createConnection']>
  ): ReturnType<http.Agent['createConnection']> {
    return super.createConnection({ ...options, keepAlive: false } as typeof options, done);
  }
}

export function pooledAgent(keepalive: boolean): http.Agent {
  const Agent = keepalive ? http.Agent : QuietAgent;
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

export interface Ask {
  readonly url: string;
  readonly agent: http.Agent;
  readonly method?: string;
  /** Sent as it comes. */
  readonly body?: AsyncIterable<Buffer>;
  /** ms without an answer after which the request is given up. */
  readonly timeout?: number;
  readonly what: string;
  /** Which of many connections this is. */
  readonly of?: number;
}

/** Asks, reads the answer to its end, and says how it went. True where all of it came. Never throws. */
export async function ask({ url, agent, method = 'GET', body, timeout, what, of }: Ask): Promise<boolean> {
  const begun = performance.now();
  const request = http.request(url, { agent, method });
  request.on('socket', (socket) => tellPort(socket, of));
  return sayEnd(what, begun, await finish(request, body, timeout), of);
}

const told = new WeakSet<Socket>();

/** The port of a socket whose SYN is unanswered can be known already: it is asked for once the kernel has it. */
export function tellPort(socket: Socket, of?: number): void {
  const tell = () => {
    const { localPort, remotePort } = socket;
    if (localPort === undefined || remotePort === undefined || told.has(socket)) return;
    told.add(socket);
    say({ event: 'connection', localPort, remotePort, ...(of === undefined ? {} : { of }) });
  };
  if (socket.connecting) socket.once('connect', tell);
  else tell();
}

/** Null where the whole answer came, else why not. */
function finish(
  request: http.ClientRequest,
  body: AsyncIterable<Buffer> | undefined,
  timeout: number | undefined,
): Promise<string | null> {
  return new Promise((resolve) => {
    const giveUp = () => {
      resolve(`no answer for ${(timeout ?? 0) / 1000} s`);
      request.destroy();
    };
    const timer = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
    const end = (why: string | null) => {
      clearTimeout(timer);
      resolve(why);
    };
    request.on('error', (error) => end(reasonOf(error)));
    request.on('response', (response) => {
      response.on('error', (error) => end(reasonOf(error)));
      response.on('end', () =>
        end((response.statusCode ?? 0) < 300 ? null : `status ${response.statusCode}`),
      );
      response.resume();
    });
    if (body === undefined) request.end();
    else void send(request, body);
  });
}

/** Respects back-pressure; an error is told by the request itself. */
async function send(request: http.ClientRequest, body: AsyncIterable<Buffer>): Promise<void> {
  for await (const part of body) {
    if (request.destroyed) return;
    if (!request.write(part))
      await new Promise((resolve) => request.once('drain', resolve).once('close', resolve));
  }
  request.end();
}

/** The error's code where it has one. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause ? String(cause.code) : cause.message;
}
