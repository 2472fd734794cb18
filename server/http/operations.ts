/**
 * What can be asked of the API, one entry a route: the table that the OpenAPI document is made of.
 * A test compares it with the routes that express has, and real answers with its schemas.
 */
import { object, oneOf, optional, orNull, ref, type Schema, text } from './schema.ts';

export interface Operation {
  readonly summary: string;
  /** Names of `QUERY`. */
  readonly query?: readonly (keyof typeof QUERY)[];
  /** Schema of a body of JSON, or that it is raw bytes. */
  readonly body?: { readonly schema: Schema; readonly required: boolean } | 'bytes';
  readonly status: number;
  readonly answer: Answer;
  /** Beside those that every operation may have. */
  readonly errors?: Readonly<Record<number, string>>;
  /** Those of `errors` that come with the body of `answer`, not with an `ApiError`. */
  readonly answersToo?: readonly number[];
}

export type Answer =
  | { readonly kind: 'json'; readonly schema: Schema }
  | { readonly kind: 'other'; readonly type: string; readonly what: string }
  | { readonly kind: 'nothing' };

const json = (name: string): Answer => ({ kind: 'json', schema: ref(name) });
const other = (type: string, what: string): Answer => ({ kind: 'other', type, what });
const nothing: Answer = { kind: 'nothing' };
const NO_ROOM = { 507: 'The disk is full, and even deleting made no room: what is left, and what to do.' };

const integer: Schema = { type: 'integer' };

export const QUERY = {
  name: { schema: text(), what: 'The name of the file: a label, never a path.' },
  vantage: { schema: text(), what: '`host`, `host.in` or `host.out`; without it, it is inferred.' },
  offset: { schema: integer, what: 'Rows to skip; of a delivery, the bytes that came before.' },
  limit: { schema: integer, what: 'At most so many.' },
  sort: {
    schema: oneOf([
      ...['stall', 'start', 'outcome', 'cause', 'client', 'server', 'confidence', 'retransmits', 'bytes'],
    ]),
    what: 'Without it, the worst stall comes first.',
  },
  order: { schema: oneOf(['asc', 'desc']), what: 'Of `sort`, or of time.' },
  q: { schema: text(), what: 'A filter, such as `outcome:hung stall:>2s -port:443 10.0.0.7`.' },
  redact: {
    schema: oneOf(['1']),
    what: 'Without addresses, names and payload: what stands for what is in docs/redaction.md.',
  },
  frames: {
    schema: oneOf(['evidence', 'all']),
    what: 'Those that the report cites and those around stalls (without it), or every frame.',
  },
  from: { schema: integer, what: 'Nanoseconds since the origin of the timeline, included.' },
  to: { schema: integer, what: 'Likewise, included.' },
  least: { schema: integer, what: 'The least `Mark` of interest.' },
  revision: { schema: integer, what: "The incident's; with it, the answer may be kept for ever." },
} as const satisfies Record<string, { schema: Schema; what: string }>;

export const PATH_PARAMETERS: Record<string, string> = {
  incident: '`IncidentSummary.id`',
  file: '`StoredFile.id`',
  flow: '`Flow.id`',
  pin: '`Pin.id`',
  delivery: '`Delivery.id`',
  lane: '`v<vantage>` for all flows, `v<vantage>.<flow id>.c` or `.s` for what one side of a flow sent.',
  resolution: 'Buckets of 2^resolution ns.',
  index: 'The tile covers [index * 512 * 2^resolution, (index + 1) * 512 * 2^resolution) ns.',
  capture: '`Capture.id`',
  frame: 'As Wireshark numbers it.',
};

const INCIDENT = '/api/incidents/:incident';
const FILE = `${INCIDENT}/files/:file`;
const PIN = `${INCIDENT}/pins/:pin`;
const TABLE = ['sort', 'order', 'q'] as const;
const WINDOW = ['from', 'to', 'limit'] as const;

/** By method and path, as express has them. */
export const OPERATIONS: Record<string, Operation> = {
  'GET /api/incidents': { summary: 'Incidents, the newest first', status: 200, answer: json('IncidentList') },
  'POST /api/incidents': {
    summary: 'A new incident',
    body: { schema: object<{ title?: string }>({ title: optional(text()) }), required: false },
    status: 201,
    answer: json('IncidentSummary'),
  },
  [`GET ${INCIDENT}`]: {
    summary: 'One incident, with its report',
    status: 200,
    answer: json('IncidentDetail'),
  },
  [`PATCH ${INCIDENT}`]: {
    summary: 'Names it, or says how long it is kept',
    body: {
      schema: object<{ title?: string; keep?: string | true | null }>({
        title: optional(text()),
        keep: optional({ anyOf: [orNull(text('From now on, such as `30d`.')), { const: true }] }),
      }),
      required: true,
    },
    status: 200,
    answer: json('IncidentSummary'),
  },
  [`DELETE ${INCIDENT}`]: {
    summary: 'Deletes it, its files and results',
    status: 204,
    answer: nothing,
    errors: NO_ROOM,
  },
  [`POST ${INCIDENT}/analysis`]: {
    summary: 'Analyses the files that are there, again if need be',
    status: 202,
    answer: json('IncidentSummary'),
  },
  [`GET ${INCIDENT}/events`]: {
    summary: 'What happens to it, as server-sent events',
    status: 200,
    answer: other(
      'text/event-stream',
      '`state` with an IncidentSummary, at once and after every change; `progress` with a Progress.',
    ),
    errors: { 503: 'Too many pages listen already.' },
  },
  [`PUT ${INCIDENT}/files`]: {
    summary:
      'Uploads a capture (pcap, pcapng) or a journal (text), plain or compressed with gzip, zstd or lz4',
    query: ['name', 'vantage'],
    body: 'bytes',
    status: 201,
    answer: json('StoredFile'),
    errors: {
      408: 'It stood still for too long.',
      413: 'It is too large.',
      415: 'It is neither.',
      503: 'Too many uploads run already; `Retry-After` says when to try again.',
      507: 'The disk is full.',
    },
  },
  [`PATCH ${FILE}`]: {
    summary: 'Says where it was captured',
    body: { schema: object<{ vantage: string | null }>({ vantage: orNull(text()) }), required: true },
    status: 200,
    answer: json('StoredFile'),
  },
  [`DELETE ${FILE}`]: { summary: 'Deletes a file', status: 204, answer: nothing, errors: NO_ROOM },
  [`GET ${FILE}`]: {
    summary: 'The bytes of a file as they came',
    status: 200,
    answer: other('application/octet-stream', 'An attachment, with `Repr-Digest`.'),
  },
  [`GET ${INCIDENT}/flows`]: {
    summary: 'The flow table, page by page',
    query: ['offset', 'limit', ...TABLE],
    status: 200,
    answer: json('FlowPage'),
  },
  [`GET ${INCIDENT}/flows/:flow`]: {
    summary: 'One flow, with all that proves it',
    status: 200,
    answer: json('FlowDetail'),
  },
  [`GET ${INCIDENT}/flows/:flow/journeys`]: {
    summary: 'Its packets, followed from vantage to vantage',
    query: WINDOW,
    status: 200,
    answer: json('JourneyPage'),
  },
  [`GET ${INCIDENT}/lanes/:lane/tiles/:resolution/:index`]: {
    summary: 'A tile of the timeline',
    query: ['revision'],
    status: 200,
    answer: other(
      'application/octet-stream',
      'Columns of buckets; the format is in analyzer/timeline/tile.ts. `ETag` is the revision.',
    ),
    errors: { 304: 'It is still what `If-None-Match` names.' },
  },
  [`GET ${INCIDENT}/lanes/:lane/frames`]: {
    summary: 'Frames of a lane',
    query: [...WINDOW, 'least', 'order'],
    status: 200,
    answer: json('LanePage'),
  },
  [`GET ${INCIDENT}/frames/:capture/:frame`]: {
    summary: 'One frame decoded, and the same packet at the other vantages',
    status: 200,
    answer: json('FrameDetail'),
  },
  [`GET ${INCIDENT}/pins`]: { summary: 'Pins', status: 200, answer: json('PinList') },
  [`POST ${INCIDENT}/pins`]: {
    summary: 'Pins something to the postmortem',
    body: { schema: ref('NewPin'), required: true },
    status: 201,
    answer: json('Pin'),
  },
  [`PATCH ${PIN}`]: {
    summary: 'Changes its note or time',
    body: {
      schema: object<{ note?: string; at?: string | null }>({
        note: optional(text()),
        at: optional(orNull(text())),
      }),
      required: true,
    },
    status: 200,
    answer: json('Pin'),
  },
  [`DELETE ${PIN}`]: { summary: 'Deletes a pin', status: 204, answer: nothing },
  [`GET ${INCIDENT}/export/report.json`]: {
    summary: 'The whole report',
    query: ['redact'],
    status: 200,
    answer: json('Report'),
  },
  [`GET ${INCIDENT}/export/flows.csv`]: {
    summary: 'The flow table as CSV',
    query: [...TABLE, 'redact'],
    status: 200,
    answer: other('text/csv', 'With a head; no cell is a formula.'),
  },
  [`GET ${INCIDENT}/export/flows.jsonl`]: {
    summary: 'A Flow a line',
    query: [...TABLE, 'redact'],
    status: 200,
    answer: other('application/x-ndjson', 'Flows as in the report.'),
  },
  [`GET ${INCIDENT}/export/incident.md`]: {
    summary: 'The incident as Markdown, for a postmortem',
    query: ['redact'],
    status: 200,
    answer: other('text/markdown', 'With pins and notes.'),
  },
  [`GET ${INCIDENT}/export/incident.html`]: {
    summary: 'The same postmortem as one HTML file, with graphs; it asks for nothing else',
    query: ['redact'],
    status: 200,
    answer: other('text/html', 'To be saved: it is sent as an attachment.'),
  },
  [`GET ${INCIDENT}/export/annotated.pcapng`]: {
    summary:
      'The captures in one file for Wireshark, on one clock, with what the report says of a frame as its comment',
    query: ['frames', 'redact'],
    status: 200,
    answer: other('application/octet-stream', 'A pcapng file, sent as an attachment.'),
    errors: { 409: 'New results come faster than it can be gathered.' },
  },
  'POST /api/deliveries': {
    summary: 'Begins the delivery of a file in pieces; the same file again is the same delivery',
    body: { schema: ref('NewDelivery'), required: true },
    status: 200,
    answer: json('Delivery'),
    errors: { 413: 'It is too large.', 507: 'The disk is full.' },
  },
  'GET /api/deliveries/:delivery': {
    summary: 'How far a delivery came',
    status: 200,
    answer: json('Delivery'),
  },
  'PATCH /api/deliveries/:delivery': {
    summary: 'The next bytes, as they are or with `Content-Encoding: gzip`; on the disk with the answer',
    query: ['offset'],
    body: 'bytes',
    status: 200,
    answer: json('Delivery'),
    errors: {
      408: 'It stood still for too long.',
      409: 'It stands at another offset; at 0 where all came, and were not the bytes of its hash.',
      413: 'More than a piece may have, or the file.',
      415: 'It is neither a capture nor a journal, and forgotten; or the encoding is another.',
      503: 'Too many uploads run already; `Retry-After` says when to try again.',
      507: 'The disk is full.',
    },
    answersToo: [409],
  },
  'POST /api/clock': {
    summary: "What the server's clock says, for an exchange as NTP's",
    status: 200,
    answer: json('ClockAnswer'),
  },
  'GET /api/openapi.json': {
    summary: 'This document',
    status: 200,
    answer: { kind: 'json', schema: { type: 'object' } },
  },
  'GET /metrics': {
    summary: 'Metrics for Prometheus',
    status: 200,
    answer: other('text/plain', 'Version 0.0.4.'),
  },
  'GET /healthz': {
    summary: 'Whether it works; needs no token',
    status: 200,
    answer: json('Health'),
    errors: { 503: 'Something fails; the checks say what.' },
    answersToo: [503],
  },
};
