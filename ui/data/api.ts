/**
 * Everything the page asks the server, as functions of the contract in `server/api.ts`.
 * The trap: `fetch` does not fail on a status; `ask` does, with the server's own words.
 * Uploads use XMLHttpRequest, because `fetch` tells nobody how far it is.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import type {
  ApiError,
  FlowDetail,
  FlowPage,
  FlowSort,
  FrameDetail,
  IncidentDetail,
  IncidentSummary,
  JourneyPage,
  LanePage,
  NewPin,
  Pin,
  Progress,
  StoredFile,
} from '../../server/api.ts';

/** What the server refused, or that it could not be reached (`status` 0). */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  /** Seconds after which the server wants to be asked again; null where it says nothing of that. */
  readonly retryAfter: number | null;
  constructor(
    status: number,
    code: string,
    message: string,
    hint: string | null = null,
    retryAfter: number | null = null,
  ) {
    super(message);
    this.retryAfter = retryAfter;
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

const ROOT = '/api';

/** A path with every part escaped. */
export function address(...parts: (string | number)[]): string {
  return [ROOT, ...parts.map((part) => encodeURIComponent(part))].join('/');
}

type Query = Record<string, string | number | null | undefined>;

export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiFailure(
      0,
      'unreachable',
      'The server does not answer.',
      'Is `diagnose serve` still running?',
    );
  }
  if (!response.ok) throw toFailure(response.status, await response.text());
  return response;
}

/** The server's sentence where it sent one. `retryAfter`: the header of that name, in seconds. */
export function toFailure(status: number, body: string, retryAfter: string | null = null): ApiFailure {
  try {
    const { error } = JSON.parse(body) as Partial<ApiError>;
    const seconds = retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) : null;
    if (error !== undefined)
      return new ApiFailure(status, error.code, error.message, error.hint ?? null, seconds);
  } catch {
    // Not from our server: a proxy, or nothing at all.
  }
  return new ApiFailure(status, 'unknown', `The server answered with status ${status}.`);
}

async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, signal === undefined ? {} : { signal })).json() as Promise<T>;
}

async function tell<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { method }
      : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await send(path, init);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export const listIncidents = (signal?: AbortSignal): Promise<{ incidents: IncidentSummary[] }> =>
  ask(address('incidents'), signal);
export const createIncident = (title?: string): Promise<IncidentSummary> =>
  tell('POST', address('incidents'), title === undefined ? {} : { title });
export const getIncident = (id: string, signal?: AbortSignal): Promise<IncidentDetail> =>
  ask(address('incidents', id), signal);
export const changeIncident = (
  id: string,
  change: { title?: string; keep?: boolean },
): Promise<IncidentSummary> => tell('PATCH', address('incidents', id), change);
export const deleteIncident = (id: string): Promise<void> => tell('DELETE', address('incidents', id));
export const analyse = (id: string): Promise<void> => tell('POST', address('incidents', id, 'analysis'));

export const setVantage = (id: string, file: string, vantage: string | null): Promise<StoredFile> =>
  tell('PATCH', address('incidents', id, 'files', file), { vantage });
export const deleteFile = (id: string, file: string): Promise<void> =>
  tell('DELETE', address('incidents', id, 'files', file));
export const fileAddress = (id: string, file: string): string => address('incidents', id, 'files', file);

export interface FlowQuery {
  offset?: number;
  limit?: number;
  sort?: FlowSort;
  order?: 'asc' | 'desc';
  q?: string;
}

export const getFlows = (id: string, query: FlowQuery, signal?: AbortSignal): Promise<FlowPage> =>
  ask(withQuery(address('incidents', id, 'flows'), { ...query }), signal);
export const getFlow = (id: string, flow: string, signal?: AbortSignal): Promise<FlowDetail> =>
  ask(address('incidents', id, 'flows', flow), signal);

export interface WindowQuery {
  /** ns since the timeline's origin. */
  from: number;
  to: number;
  limit?: number;
}

/** A zoomed window begins and ends between two ns; the server counts in whole ones. */
const wholeTimes = (query: LaneQuery): Query => ({
  ...query,
  from: Math.floor(query.from),
  to: Math.ceil(query.to),
});

export const getJourneys = (
  id: string,
  flow: string,
  query: WindowQuery,
  signal?: AbortSignal,
): Promise<JourneyPage> =>
  ask(withQuery(address('incidents', id, 'flows', flow, 'journeys'), wholeTimes(query)), signal);

export interface LaneQuery extends WindowQuery {
  /** Least `Mark` of interest. */
  least?: number;
  /** `desc`: the latest first, for "previous". */
  order?: 'asc' | 'desc';
}

export const getLaneFrames = (
  id: string,
  lane: string,
  query: LaneQuery,
  signal?: AbortSignal,
): Promise<LanePage> =>
  ask(withQuery(address('incidents', id, 'lanes', lane, 'frames'), wholeTimes(query)), signal);

/** The bytes of one tile; `revision` keeps what a browser stored of an earlier analysis out. */
export const getTile = async (
  id: string,
  { lane, resolution, index }: { lane: string; resolution: number; index: number },
  revision: number,
  signal: AbortSignal,
): Promise<ArrayBuffer> => {
  const path = address('incidents', id, 'lanes', lane, 'tiles', resolution, index);
  return (await send(withQuery(path, { revision }), { signal })).arrayBuffer();
};

export const getFrame = (id: string, frame: FrameRef, signal?: AbortSignal): Promise<FrameDetail> =>
  ask(address('incidents', id, 'frames', frame.capture, frame.frame), signal);

export const listPins = (id: string, signal?: AbortSignal): Promise<{ pins: Pin[] }> =>
  ask(address('incidents', id, 'pins'), signal);
export const createPin = (id: string, pin: NewPin): Promise<Pin> =>
  tell('POST', address('incidents', id, 'pins'), pin);
export const changePin = (
  id: string,
  pin: string,
  change: { note?: string; at?: string | null },
): Promise<Pin> => tell('PATCH', address('incidents', id, 'pins', pin), change);
export const deletePin = (id: string, pin: string): Promise<void> =>
  tell('DELETE', address('incidents', id, 'pins', pin));

export type ExportName =
  | 'report.json'
  | 'flows.csv'
  | 'flows.jsonl'
  | 'incident.md'
  | 'incident.html'
  | 'annotated.pcapng';
/** `redact`: without addresses and names; `every`: of the annotated capture, frames that nothing is said of too. */
export const exportAddress = (id: string, name: ExportName, { redact = false, every = false } = {}): string =>
  withQuery(address('incidents', id, 'export', name), {
    ...(redact && { redact: '1' }),
    ...(every && { frames: 'all' }),
  });

/** Sends the bytes of one file. `signal` cancels it; the server then keeps nothing of it. */
export function uploadFile(
  id: string,
  file: File,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<StoredFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lost = (): void =>
      reject(new ApiFailure(0, 'unreachable', 'The upload broke off.', 'Is the server still running?'));
    request.open('PUT', withQuery(address('incidents', id, 'files'), { name: file.name }));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300)
        resolve(JSON.parse(request.responseText) as StoredFile);
      else reject(toFailure(request.status, request.responseText, request.getResponseHeader('retry-after')));
    };
    request.onerror = lost;
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    if (signal.aborted) return reject(new DOMException('cancelled', 'AbortError'));
    request.send(file);
  });
}

export interface IncidentEvents {
  progress(progress: Progress): void;
  state(summary: IncidentSummary): void;
  /** The line broke, or is there again. */
  connection(isThere: boolean): void;
  /** The server says no, such as that the incident was deleted; nothing comes any more. */
  refused(): void;
}

/** Follows the analysis as it happens; the browser comes back by itself when the line breaks. @returns what ends that */
export function followIncident(id: string, on: IncidentEvents): () => void {
  const source = new EventSource(address('incidents', id, 'events'));
  source.addEventListener('progress', (event) => on.progress(JSON.parse(event.data as string) as Progress));
  source.addEventListener('state', (event) => on.state(JSON.parse(event.data as string) as IncidentSummary));
  source.addEventListener('open', () => on.connection(true));
  source.addEventListener('error', () => {
    on.connection(false);
    // The browser comes back after a line that broke, not after an answer that says no.
    if (source.readyState === EventSource.CLOSED) on.refused();
  });
  return () => source.close();
}
