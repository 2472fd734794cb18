/**
 * Who may ask at all. A server on loopback is reached by every page that the user's browser has
 * open, so three things are checked before any route:
 * - the Host, so that a name which a stranger points at this machine (DNS rebinding) is not answered;
 * - the Origin of what changes anything, so that another site's page cannot (CSRF);
 * - the token, where others than this machine's user can reach the port.
 * The trap: what is no browser sends neither Origin nor Sec-Fetch-Site, and is no danger of that kind.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import type { Request, RequestHandler, Response } from 'express';
import { HttpError } from './http-error.ts';

export interface GuardOptions {
  /** That the server was told to listen on. */
  readonly host: string;
  /** Names that a proxy in front of it goes by. */
  readonly allowedHosts: readonly string[];
  /** Null: none is needed. */
  readonly token: string | null;
}

/** Loopback by address or name: nobody else reaches it. */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** @returns 421 for a Host that is not ours */
export function checkHost({ host, allowedHosts }: GuardOptions): RequestHandler {
  const ours = new Set([host, ...allowedHosts, ...(isWildcard(host) ? ownNames() : [])].map(bare));
  return (request, _response, next) => {
    const name = hostNameOf(request.headers.host);
    if (name !== null && (isLoopback(name) || ours.has(name))) return next();
    throw new HttpError(
      421,
      'foreign-host',
      'this server does not go by that name',
      'diagnose serve --allow-host NAME, where the name is yours',
    );
  };
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** @returns 403 for what another site's page wants changed */
export const checkOrigin: RequestHandler = (request, _response, next) => {
  if (SAFE_METHODS.includes(request.method)) return next();
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isSame = origin === undefined || isOrigin(origin, host);
  if (isSame && (site === undefined || site === 'same-origin' || site === 'none')) return next();
  throw new HttpError(403, 'foreign-origin', 'another site may not change anything here');
};

/** The page itself holds no secret; what it asks for does. */
const NEEDS_TOKEN = /^\/(?:api(?:\/|$)|metrics(?:\/|$))/i;

/** @returns 401 without the token; `port` is asked once the server listens */
export function checkToken({ token }: GuardOptions, port: () => number): RequestHandler {
  return (request, response, next) => {
    if (token === null) return next();
    if (request.method === 'GET' && request.path === '/' && request.query.token !== undefined) {
      takeToken(request, response, { token, cookie: cookieName(port()) });
      return;
    }
    if (!NEEDS_TOKEN.test(request.path)) return next();
    const given = bearerOf(request) ?? cookieOf(request, cookieName(port()));
    if (given !== null && isEqual(given, token)) return next();
    throw new HttpError(
      401,
      'no-token',
      'this server asks for a token',
      'open the link that diagnose serve printed, or send Authorization: Bearer TOKEN',
    );
  };
}

/** Keeps it in a cookie, and out of the address, the history and what is copied from them. */
function takeToken(
  request: Request,
  response: Response,
  { token, cookie }: { token: string; cookie: string },
): void {
  const given = request.query.token;
  if (typeof given !== 'string' || !isEqual(given, token))
    throw new HttpError(
      401,
      'no-token',
      'that is not the token of this server',
      'it has a new one after a restart',
    );
  response
    .set('cache-control', 'no-store')
    .cookie(cookie, token, { httpOnly: true, sameSite: 'strict', path: '/', encode: encodeURIComponent })
    .redirect(303, '/');
}

/** Cookies know no ports: another server on this machine must not overwrite ours. */
const cookieName = (port: number): string => `stallscope-${port}`;

const bearerOf = ({ headers }: Request): string | null =>
  /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null;

function cookieOf({ headers }: Request, name: string): string | null {
  for (const part of (headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return decoded(part.slice(at + 1).trim());
  }
  return null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** How long it takes says nothing about where they differ, nor how long the token is. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function isOrigin(origin: string, host: string | undefined): boolean {
  // A proxy may speak TLS for us, so the scheme is not known; the name and port are.
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  return match !== null && host !== undefined && match[1]?.toLowerCase() === host.toLowerCase();
}

function hostNameOf(host: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@?#\s]+)(?::\d{1,5})?$/i.exec(host ?? '');
  return match === null ? null : bare(match[1] ?? '');
}

/** Lower case, without brackets and the dot of the root. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

const isWildcard = (host: string): boolean => ['0.0.0.0', '::', ''].includes(bare(host));

const ownNames = (): string[] => [
  hostname(),
  ...Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
];
