/** The API's own types (`server/api.ts`) as schemas. */
import { reportSchemas } from '../../analyzer/index.ts';
import type {
  ApiError,
  ClockAnswer,
  Delivery,
  FlowDetail,
  FlowPage,
  FlowRow,
  FrameDetail,
  IncidentDetail,
  IncidentSummary,
  IncidentWish,
  JourneyPage,
  LanePage,
  NewDelivery,
  NewPin,
  Pin,
  Progress,
  ReportHead,
  StoredFile,
} from '../api.ts';
import {
  boolean,
  integer,
  list,
  map,
  nanos,
  number,
  object,
  oneOf,
  optional,
  orNull,
  ref,
  type Schema,
  text,
} from './schema.ts';
import { TIMELINE_SCHEMAS } from './timeline-schemas.ts';

const { cause, confidence, end, outcome, protocol, REPORT_HEAD, REPORT_SCHEMAS } = reportSchemas;

const SUMMARY = {
  id: text(),
  title: text(),
  state: oneOf(['empty', 'uploaded', 'queued', 'analysing', 'ready', 'failed']),
  created: nanos,
  expires: orNull(nanos),
  files: integer(),
  size: integer(),
  headline: orNull(text()),
  flows: orNull(integer()),
  worstStall: orNull(number('Seconds.')),
  error: orNull(text('Of a failed analysis.')),
  revision: integer(),
};

const sha256: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

const NEW_PIN = {
  target: text("A link's selection, such as `frame:c1:4120`."),
  at: orNull(nanos),
  title: text(),
  note: text(),
};

export const SCHEMAS: Record<string, Schema> = {
  ...REPORT_SCHEMAS,
  ...TIMELINE_SCHEMAS,
  ReportHead: object<ReportHead>(REPORT_HEAD, 'The report without its flows.'),
  ApiError: object<ApiError>({
    error: object<ApiError['error']>({ code: text(), message: text(), hint: optional(text()) }),
  }),
  IncidentSummary: object<IncidentSummary>(SUMMARY),
  IncidentList: object<{ incidents: IncidentSummary[] }>({ incidents: list(ref('IncidentSummary')) }),
  IncidentDetail: object<IncidentDetail>({
    ...SUMMARY,
    storedFiles: list(ref('StoredFile')),
    report: orNull(ref('ReportHead')),
    timeline: orNull(ref('TimelineHead')),
    stalls: orNull(
      object<NonNullable<IncidentDetail['stalls']>>({
        p50: number('Seconds.'),
        p95: number(),
        max: number(),
        outage: number(),
        backoff: number(),
        other: number(),
      }),
    ),
  }),
  StoredFile: object<StoredFile>({
    id: text(),
    name: text(),
    kind: oneOf(['capture', 'journal']),
    size: integer(),
    sha256,
    vantage: orNull(text('`host`, `host.in` or `host.out`; null: inferred.')),
  }),
  Progress: object<Progress>({
    phase: oneOf(['reading', 'judging', 'drawing', 'storing']),
    file: orNull(text()),
    done: orNull(number('Of the phase.')),
    total: orNull(number()),
    frames: integer(),
  }),
  FlowRow: object<FlowRow>({
    index: integer(),
    id: text(),
    protocol,
    client: text(),
    server: text(),
    outcome,
    cause: orNull(cause),
    candidates: list(cause),
    confidence,
    start: nanos,
    end: nanos,
    stallStart: orNull(nanos),
    stallEnd: orNull(nanos),
    stall: orNull(number('Seconds.')),
    outage: orNull(number('Seconds.')),
    backoff: orNull(number('Seconds.')),
    retransmits: integer(),
    bytesToClient: integer(),
    bytesToServer: integer(),
    seenAt: list(text()),
  }),
  FlowPage: object<FlowPage>({
    total: integer(),
    offset: integer(),
    rows: list(ref('FlowRow')),
    facets: object<FlowPage['facets']>({ outcome: map(integer()), cause: map(integer()) }),
  }),
  FlowDetail: object<FlowDetail>({
    index: integer(),
    flow: ref('Flow'),
    lanes: list(
      object<FlowDetail['lanes'][number]>({ lane: text(), vantage: integer(), from: end, frames: integer() }),
    ),
    journeys: integer(),
  }),
  JourneyPage: object<JourneyPage>({
    journeys: list(ref('Journey')),
    total: integer(),
    truncated: { type: 'boolean' },
  }),
  LanePage: object<LanePage>({ frames: list(ref('LaneFrame')), truncated: { type: 'boolean' } }),
  FrameDetail: object<FrameDetail>({
    sightings: list(
      object<FrameDetail['sightings'][number]>({
        frame: ref('FrameRef'),
        vantage: integer(),
        time: nanos,
        layers: list(ref('DecodedLayer')),
      }),
    ),
  }),
  NewPin: object<NewPin>(NEW_PIN),
  Pin: object<Pin>({ ...NEW_PIN, id: text(), created: nanos }),
  PinList: object<{ pins: Pin[] }>({ pins: list(ref('Pin')) }),
  NewDelivery: object<NewDelivery>({
    collector: text('The same file by the same name and hash is taken once from each.'),
    name: text(),
    size: integer(1),
    sha256,
    kind: oneOf(['capture', 'journal']),
    vantage: orNull(text('`host`, `host.in` or `host.out`; null: inferred.')),
    incident: ref('IncidentWish'),
  }),
  IncidentWish: object<IncidentWish>(
    {
      title: optional(text()),
      window: optional(object<NonNullable<IncidentWish['window']>>({ from: nanos, to: nanos })),
      at: optional(nanos),
      why: optional(text('For the title of a new one.')),
    },
    'The incident of that time, or of that title; of both, one of that title for each hour.',
  ),
  Delivery: object<Delivery>({
    id: text(),
    size: integer(1),
    offset: integer(),
    done: boolean,
    incident: orNull(text('Null: there is none yet, or it was deleted.')),
  }),
  ClockAnswer: object<ClockAnswer>({ peer: text(), received: nanos, sent: nanos }),
  Health: object<{ status: string; checks: Record<string, string> }>({
    status: oneOf(['ok', 'failing']),
    checks: map(text('`ok`, or what is wrong.')),
  }),
};
