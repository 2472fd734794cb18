/**
 * The HTTP API as types: what `server/` answers and `ui/` asks for. Types, and the words that they are made of.
 * JSON unless said otherwise; errors are `ApiError` with a fitting status. Every path begins with `/api`.
 *
 *   GET    /incidents                                   { incidents: IncidentSummary[] }, newest first
 *   POST   /incidents            { title? }             201 IncidentSummary
 *   GET    /incidents/:id                               IncidentDetail
 *   PATCH  /incidents/:id        { title?, keep? }      IncidentSummary (`30d`, from now on; true or null: for ever)
 *   DELETE /incidents/:id                               204
 *   PUT    /incidents/:id/files?name=&vantage=          raw bytes of one capture or journal; 201 StoredFile
 *   PATCH  /incidents/:id/files/:file  { vantage }      StoredFile (`host` or `host.in`; null: infer it)
 *   DELETE /incidents/:id/files/:file                   204
 *   GET    /incidents/:id/files/:file                   the bytes as they came
 *   POST   /incidents/:id/analysis                      202; runs (again) with the files that are there
 *   GET    /incidents/:id/events                        SSE: `progress` Progress, `state` IncidentSummary
 *   GET    /incidents/:id/flows?offset=&limit=&sort=&order=&q=   FlowPage
 *   GET    /incidents/:id/flows/:flow                   FlowDetail
 *   GET    /incidents/:id/flows/:flow/journeys?from=&to=&limit=  JourneyPage
 *   GET    /incidents/:id/lanes/:lane/tiles/:resolution/:index?revision=   bytes of a `Tile` (analyzer/timeline/tile.ts)
 *   GET    /incidents/:id/lanes/:lane/frames?from=&to=&limit=&least=&order=   LanePage
 *   GET    /incidents/:id/frames/:capture/:frame        FrameDetail
 *   GET    /incidents/:id/pins                          { pins: Pin[] }
 *   POST   /incidents/:id/pins   NewPin                 201 Pin
 *   PATCH  /incidents/:id/pins/:pin  { note?, at? }     Pin
 *   DELETE /incidents/:id/pins/:pin                     204
 *   GET    /incidents/:id/export/report.json | flows.csv | flows.jsonl | incident.md | incident.html
 *   POST   /deliveries           NewDelivery            200 Delivery: begun, under way or done; the same one for the same file
 *   GET    /deliveries/:id                              Delivery
 *   PATCH  /deliveries/:id?offset=                      raw bytes, also gzip; Delivery, on the disk; 409 Delivery where it stands elsewhere
 *   POST   /clock                                       ClockAnswer
 *   GET    /openapi.json, /metrics and /healthz (these two without /api)
 */
import type {
  CauseId,
  Confidence,
  DecodedLayer,
  Flow,
  FrameRef,
  Journey,
  LaneFrame,
  NanosString,
  Outcome,
  Report,
  TimelineHead,
} from '../analyzer/index.ts';

export interface ApiError {
  error: { code: string; message: string; hint?: string };
}

/**
 * `empty`: no file yet; `uploaded`: files that no analysis has read as they are now; `ready`: there is a report of them;
 * `failed`: the last analysis did not end in one. A report of the files before may be there in every state.
 */
export type IncidentState = 'empty' | 'uploaded' | 'queued' | 'analysing' | 'ready' | 'failed';

export interface IncidentSummary {
  id: string;
  title: string;
  state: IncidentState;
  created: NanosString;
  /** When it is deleted by itself; null: kept until somebody deletes it. */
  expires: NanosString | null;
  files: number;
  /** Stored bytes of its files. */
  size: number;
  headline: string | null;
  flows: number | null;
  /** Seconds. */
  worstStall: number | null;
  /** Of a failed analysis. */
  error: string | null;
  /** Grows with every result: part of every tile's address in caches. */
  revision: number;
}

export interface StoredFile {
  id: string;
  name: string;
  kind: 'capture' | 'journal';
  size: number;
  sha256: string;
  /** As the user said; null: inferred. */
  vantage: string | null;
}

/** The report without its flows, which are asked for page by page. */
export type ReportHead = Omit<Report, 'flows'>;

export interface IncidentDetail extends IncidentSummary {
  storedFiles: StoredFile[];
  report: ReportHead | null;
  timeline: TimelineHead | null;
  /** Median, 95th percentile and maximum of the worst stalls of affected flows, and what they were made of; seconds. */
  stalls: { p50: number; p95: number; max: number; outage: number; backoff: number; other: number } | null;
}

export interface Progress {
  phase: 'reading' | 'judging' | 'drawing' | 'storing';
  file: string | null;
  /** Of the phase; null where it is not known. */
  done: number | null;
  total: number | null;
  frames: number;
}

/** What the flow table shows of a flow. */
export interface FlowRow {
  /** Position in the report's `flows`. */
  index: number;
  id: string;
  protocol: Flow['protocol'];
  client: string;
  server: string;
  outcome: Outcome;
  cause: CauseId | null;
  candidates: CauseId[];
  confidence: Confidence;
  start: NanosString;
  end: NanosString;
  /** Of the worst stall. */
  stallStart: NanosString | null;
  stallEnd: NanosString | null;
  stall: number | null;
  outage: number | null;
  backoff: number | null;
  /** Retransmissions of both sides, as the lanes show them, at the vantage that saw the most. */
  retransmits: number;
  bytesToClient: number;
  bytesToServer: number;
  seenAt: string[];
}

/** Keys of `sort`. */
export const FLOW_SORTS = [
  'stall',
  'start',
  'outcome',
  'cause',
  'client',
  'server',
  'confidence',
  'retransmits',
  'bytes',
] as const;
export type FlowSort = (typeof FLOW_SORTS)[number];

export interface FlowPage {
  total: number;
  offset: number;
  rows: FlowRow[];
  /** Counts of the whole filtered set. */
  facets: { outcome: Record<string, number>; cause: Record<string, number> };
}

export interface FlowDetail {
  index: number;
  flow: Flow;
  /** Lanes where it is seen, in the order of the path: `v0.<id>.c`. */
  lanes: { lane: string; vantage: number; from: 'client' | 'server'; frames: number }[];
  /** Number of journeys that are kept; 0: the packets of this flow were not followed from vantage to vantage. */
  journeys: number;
}

export interface JourneyPage {
  journeys: Journey[];
  total: number;
  truncated: boolean;
}

export interface LanePage {
  frames: LaneFrame[];
  truncated: boolean;
}

/** One frame, and the same packet at the other vantages. The one asked for stands first. */
export interface FrameDetail {
  sightings: { frame: FrameRef; vantage: number; time: NanosString; layers: DecodedLayer[] }[];
}

export interface Pin {
  id: string;
  created: NanosString;
  /** What it is on: a deep link's selection, such as `frame:c1:4120`, `flow:f0123456789`, `claim:f0123456789:3`, `range:<ns>:<ns>`. */
  target: string;
  /** What the timeline of a postmortem shows; null: no time. */
  at: NanosString | null;
  title: string;
  note: string;
}

/** A file that a collector delivers in pieces. */
export interface NewDelivery {
  /** Who delivers: the same file by the same name and hash is taken once. */
  collector: string;
  name: string;
  /** Bytes of the file as it is. */
  size: number;
  sha256: string;
  kind: 'capture' | 'journal';
  vantage: string | null;
  incident: IncidentWish;
}

/** Of which incident a file is to be: by its time, or by a title; by both: one of that title for each hour. */
export interface IncidentWish {
  title?: string;
  window?: { from: NanosString; to: NanosString };
  /** What happened when, for the title of a new one. */
  at?: NanosString;
  why?: string;
}

export interface Delivery {
  id: string;
  size: number;
  /** Bytes that are on the server's disk. */
  offset: number;
  /** It is a file of its incident. */
  done: boolean;
  /** Null: there is none yet, or it was deleted since. */
  incident: string | null;
}

/** By the server's clock, for an exchange as NTP's (RFC 5905, 8). */
export interface ClockAnswer {
  /** Who answers; stays over restarts. */
  peer: string;
  received: NanosString;
  sent: NanosString;
}

export type NewPin = Omit<Pin, 'id' | 'created'>;
