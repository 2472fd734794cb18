/**
 * Reading what a request says: ids by their pattern, numbers within bounds, bodies field by field.
 * An id that cannot be one is of nothing, so it is 404; a value that nobody can use is 400.
 * The trap: a name that is given twice comes as a list.
 */
import express, { type Request, type RequestHandler } from 'express';
import { STORE_ID } from '../store/shared.ts';
import { badRequest, HttpError, notFound } from './http-error.ts';

const PATTERNS = {
  incident: STORE_ID,
  file: STORE_ID,
  pin: STORE_ID,
  delivery: STORE_ID,
  flow: /^[\w-]{1,64}$/,
  lane: /^v\d{1,4}(?:\.[\w-]{1,64}\.[cs])?$/,
  capture: /^[\w-]{1,32}$/,
} as const;
export type IdName = keyof typeof PATTERNS;

/** An id of the path. @throws HttpError 404 */
export function idOf(request: Request, name: IdName): string {
  const value = request.params[name];
  if (typeof value === 'string' && PATTERNS[name].test(value)) return value;
  throw notFound(name);
}

/** A whole number of the path. @throws HttpError 404 */
export function numberOf(request: Request, name: string, least: number, most: number): number {
  const value = request.params[name];
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most && Number.isSafeInteger(number)) return number;
  throw notFound(name);
}

/** A value of the query, null where it is not given. @throws HttpError 400 */
export function textOf(request: Request, name: string, most: number): string | null {
  const value: unknown = request.query[name];
  if (value === undefined) return null;
  if (typeof value !== 'string') throw badRequest(`'${name}' is given more than once`);
  if (value.length > most) throw badRequest(`'${name}' has more than ${most} characters`);
  return value;
}

export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}

/** A whole number of the query; beyond the bounds it is taken as the bound. @throws HttpError 400 */
export function integerOf(request: Request, name: string, { least, most, otherwise }: Bounds): number {
  const text = textOf(request, name, 32);
  if (text === null) return otherwise;
  if (!/^-?\d{1,20}$/.test(text)) throw badRequest(`'${name}' must be a whole number`);
  return Math.min(most, Math.max(least, Number(text)));
}

/** One of a few words. @throws HttpError 400 */
export function choiceOf<T extends string>(request: Request, name: string, choices: readonly T[]): T | null {
  const text = textOf(request, name, 64);
  if (text === null || text === '') return null;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw badRequest(`'${name}' must be one of: ${choices.join(', ')}`);
  return found;
}

const BODY_BYTES = 256 * 1024;

/** Reads a body of JSON, in at most `ms`. */
export function jsonBody(ms: number): RequestHandler {
  const parse = express.json({ limit: BODY_BYTES, type: 'application/json', inflate: false });
  return (request, response, next) => {
    const hasBody = request.headers['transfer-encoding'] !== undefined || contentLength(request) !== 0;
    if (hasBody && !request.is('application/json')) {
      throw new HttpError(415, 'unsupported-media-type', 'the body must be application/json');
    }
    const timer = setTimeout(() => {
      if (!request.complete && !response.headersSent)
        next(new HttpError(408, 'timeout', 'the body never came'));
    }, ms);
    parse(request, response, (error?: unknown) => {
      clearTimeout(timer);
      if (!response.headersSent) next(error);
    });
  };
}

/** 0 where there is no body; null where nobody said how long it is. */
export function contentLength(request: Request): number | null {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined) return encoding === undefined ? 0 : null;
  return Number(length);
}

/** The fields of a body; an empty body has none. @throws HttpError 400 */
export function fieldsOf(request: Request): Fields {
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('the body must be an object');
  return new Fields(body as Record<string, unknown>);
}

export class Fields {
  private readonly body: Record<string, unknown>;

  constructor(body: Record<string, unknown>) {
    this.body = body;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.body, name) && this.body[name] !== undefined;
  }

  value(name: string): unknown {
    return this.has(name) ? this.body[name] : undefined;
  }

  /** The fields of one that is an object. */
  inner(name: string): Fields {
    const value = this.value(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw badRequest(`'${name}' must be an object`);
    return new Fields(value as Record<string, unknown>);
  }

  text(name: string, most: number): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw badRequest(`'${name}' must be text`);
    if (value.length > most) throw badRequest(`'${name}' has more than ${most} characters`);
    return value;
  }

  textOrNull(name: string, most: number): string | null {
    return this.value(name) === null ? null : this.text(name, most);
  }
}
