/**
 * What a request is refused with, and how every error becomes an `ApiError`.
 * The trap: an error's own text may hold paths, SQL or what a stranger sent. Only the words of a
 * `ServerError` or `HttpError` are shown; of all others, that it is a bug.
 */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { ApiError } from '../api.ts';
import { ServerError } from '../server-error.ts';

export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  /** Seconds after which it may be asked again (`Retry-After`, RFC 9110, section 10.2.3); null: nothing is said of that. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, hint = '', retryAfter: number | null = null) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (message: string, hint = ''): HttpError =>
  new HttpError(400, 'bad-request', message, hint);
/** All places of a kind are taken; after so many seconds one may be free. */
export const busy = (message: string, hint: string, retryAfter: number): HttpError =>
  new HttpError(503, 'busy', message, hint, retryAfter);
export const notFound = (what: string): HttpError =>
  new HttpError(404, 'not-found', `there is no such ${what}`);

/** Somebody took the file out of the data folder, or the disk is ill: the user can do something about that. */
export function unreadable(name: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^E[A-Z]+$/.test(code)
    ? new HttpError(404, 'unreadable', `${name}: its stored file cannot be read (${code})`)
    : error;
}

/** Of the errors that express and its parsers throw, by status. */
const STATUS_WORDS: Record<number, [code: string, message: string]> = {
  400: ['bad-request', 'the request makes no sense'],
  408: ['timeout', 'the request took too long'],
  413: ['too-large', 'the request is too large'],
  415: [
    'unsupported-media-type',
    'the request has a content encoding or character set that is not understood',
  ],
};
const PARSER_WORDS: Record<string, [code: string, message: string]> = {
  'entity.parse.failed': ['bad-request', 'the body is no JSON'],
  'entity.too.large': ['too-large', 'the body is larger than 256 KiB'],
};

/** What the client is told. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof ServerError) return new HttpError(error.status, error.code, error.message, error.hint);
  const { status, type } =
    error instanceof Error ? (error as Error & { status?: number; type?: string }) : {};
  const words = PARSER_WORDS[type ?? ''] ?? STATUS_WORDS[status ?? 0];
  if (status !== undefined && words !== undefined) return new HttpError(status, ...words);
  return new HttpError(
    500,
    'internal-error',
    'internal error, which is a bug',
    'the log of the server says more; please report it',
  );
}

/** A connection whose request nobody reads to its end cannot be used for another one. */
function endUnread(request: Request, response: Response): void {
  if (!request.complete && request.readableFlowing !== true) response.set('connection', 'close');
}

export function sendError(response: Response, error: HttpError): void {
  const { status, code, message, hint, retryAfter } = error;
  const body: ApiError = { error: { code, message, ...(hint !== '' && { hint }) } };
  endUnread(response.req, response);
  if (retryAfter !== null) response.set('retry-after', String(retryAfter));
  if (status === 401) response.set('www-authenticate', 'Bearer');
  response.status(status).set('cache-control', 'no-store').json(body);
}

/** `report` is told of bugs. */
export const errorHandler =
  (report: (error: unknown) => void): ErrorRequestHandler =>
  (error: unknown, _request, response, _next) => {
    const told = toHttpError(error);
    if (told.status >= 500 && !(error instanceof ServerError) && !(error instanceof HttpError)) report(error);
    // Half an answer cannot be taken back: breaking it off is the only way to say that it is not whole.
    if (response.headersSent) response.destroy();
    else sendError(response, told);
  };

export const noSuchRoute: RequestHandler = () => {
  throw new HttpError(404, 'not-found', 'there is nothing at this address', 'the API: /api/openapi.json');
};
