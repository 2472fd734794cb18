/** The timeline's types (`analyzer/timeline/timeline.ts`) as schemas. */
import {
  type DecodedLayer,
  type Journey,
  type JourneyStop,
  type LaneFrame,
  MARK_NAMES,
  reportSchemas,
  type TimelineHead,
  type TimelineVantage,
} from '../../analyzer/index.ts';

import {
  boolean,
  integer,
  list,
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

const { end } = reportSchemas;
const relative = number('Nanoseconds since the origin of the timeline.');

type Item<T> = NonNullable<T> extends readonly (infer I)[] ? I : never;

export const TIMELINE_SCHEMAS: Record<string, Schema> = {
  TimelineHead: object<TimelineHead>({
    origin: nanos,
    from: relative,
    to: relative,
    frames: integer(),
    vantages: list(ref('TimelineVantage')),
  }),
  TimelineVantage: object<TimelineVantage>({
    index: integer(),
    vantage: ref('Vantage'),
    captures: list(text()),
    frames: integer(),
    from: relative,
    until: relative,
    gaps: optional(list(object<Item<TimelineVantage['gaps']>>({ from: relative, to: relative }))),
    dropped: orNull(integer()),
    lossy: boolean,
    clockError: orNull(number('Nanoseconds.')),
  }),
  Journey: object<Journey>({
    from: end,
    time: relative,
    seq: number(),
    ack: number(),
    length: integer(),
    flags: text(),
    label: text(),
    skippedBefore: optional({ const: true }),
    leg: optional(integer()),
    stops: list(ref('JourneyStop')),
  }),
  JourneyStop: object<JourneyStop>({
    vantage: integer(),
    seen: oneOf(['seen', 'missing', 'unknown']),
    part: optional({ const: true }),
    frame: optional(ref('FrameRef')),
    time: optional(relative),
  }),
  LaneFrame: object<LaneFrame>({
    frame: ref('FrameRef'),
    time: relative,
    from: end,
    seq: orNull(number()),
    ack: orNull(number()),
    length: integer(),
    window: number(),
    flags: text(),
    mark: { type: 'integer', minimum: 0, maximum: MARK_NAMES.length - 1 },
    flow: orNull(text()),
  }),
  DecodedLayer: object<DecodedLayer>({
    name: text(),
    fields: list(object<DecodedLayer['fields'][number]>({ name: text(), value: text() })),
  }),
};
