/**
 * The report's types (`report.ts`) as schemas: the compiler compares each with its type. The OpenAPI document and the
 * published JSON Schema are made of them.
 */
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
} from './json-schema.ts';
import {
  type Advice,
  CAUSE_IDS,
  type Capture,
  type Claim,
  type Clock,
  type Endpoint,
  type Failover,
  type Flow,
  type FrameRef,
  type Gap,
  type LadderRow,
  OUTCOMES,
  type Report,
  type RequestSeen,
  type RungTime,
  type SenderTries,
  type Stall,
  type Stuck,
  type TimerFate,
  type TimerReplay,
  type Vantage,
} from './report.ts';

export const end = oneOf(['client', 'server']);
export const outcome = oneOf(OUTCOMES, 'What became of the flow.');
export const cause = oneOf(CAUSE_IDS, 'See docs/causes.');
export const confidence = oneOf(['high', 'medium', 'low']);
export const protocol = oneOf(['tcp', 'udp']);
const pathKind = oneOf(['forwarded', 'translated', 'sequence-shifted', 'terminated', 'unknown']);

type Of<T> = NonNullable<T>;
type Item<T> = NonNullable<T> extends readonly (infer I)[] ? I : never;

/** The fields of a report but for its flows. */
export const REPORT_HEAD = {
  schemaVersion: { const: 1 } as Schema,
  tool: object<Report['tool']>({ name: text(), version: text() }),
  headline: text('One or two sentences that stand alone.'),
  captures: list(ref('Capture'), 'In the order in which they were given.'),
  clocks: list(ref('Clock'), 'How the clock of each capture stands to that of the reference.'),
  failovers: list(ref('Failover')),
  path: object<Report['path']>({ kind: pathKind, claims: list(ref('Claim')) }),
  causes: list(
    object<Report['causes'][number]>({
      id: cause,
      flows: list(text()),
      worstStall: orNull(number('Seconds.')),
    }),
  ),
  summary: object<Report['summary']>({ flows: integer(), byOutcome: map(integer(), outcome) }),
  advice: list(ref('Advice')),
  problems: list(
    object<Report['problems'][number]>({
      code: text(),
      message: text(),
      at: object<Report['problems'][number]['at']>({
        capture: text(),
        offset: optional(integer()),
        frame: optional(integer()),
      }),
    }),
  ),
};

export const REPORT_SCHEMAS: Record<string, Schema> = {
  Report: object<Report>({ ...REPORT_HEAD, flows: list(ref('Flow')) }),
  FrameRef: object<FrameRef>({
    capture: text('`Capture.id`.'),
    frame: integer(1, 'As Wireshark numbers it.'),
  }),
  Vantage: object<Vantage>({
    host: text(),
    side: optional(oneOf(['in', 'out'])),
    role: oneOf(['client', 'node', 'server', 'unknown']),
    inferred: boolean,
  }),
  Capture: object<Capture>({
    id: text(),
    file: text(),
    sha256: optional(text()),
    format: text(),
    linkTypes: list(text()),
    vantage: ref('Vantage'),
    frames: integer(),
    firstTime: orNull(nanos),
    lastTime: orNull(nanos),
    coveredUntil: orNull(nanos),
    snaplen: orNull(integer()),
    dropped: orNull(integer()),
    truncated: boolean,
    interfaces: list(
      object<Capture['interfaces'][number]>({
        name: orNull(text()),
        linkType: text(),
        snaplen: integer(),
        dropped: orNull(integer()),
      }),
    ),
    gaps: optional(
      list(
        object<Gap>({
          interface: orNull(text()),
          from: nanos,
          to: orNull(nanos),
          why: text(),
          packets: optional(integer()),
        }),
      ),
    ),
    collector: optional(
      object<NonNullable<Capture['collector']>>({
        host: text(),
        engine: text(),
        stamps: oneOf(['kernel', 'userland']),
        number: integer(),
      }),
    ),
  }),
  Clock: object<Clock>({
    capture: text(),
    reference: text(),
    offset: number('Seconds: the capture minus the reference.'),
    skewPpm: number(),
    error: orNull(number('Seconds.')),
    pairs: integer(),
    at: optional(nanos),
    from: optional(nanos),
    until: optional(nanos),
    skewErrorPpm: optional(number()),
    by: optional(oneOf(['packets', 'exchange', 'hosts'])),
  }),
  Failover: object<Failover>({
    id: text(),
    pathLost: nanos,
    pathRestored: orNull(nanos),
    restoredBy: oneOf(['seen', 'bound']),
    outage: orNull(number('Seconds.')),
    lostWithin: optional(number('Seconds.')),
    restoredWithin: optional(number('Seconds.')),
    directions: optional(
      list(
        object<Item<Failover['directions']>>({ toward: end, lost: orNull(nanos), restored: orNull(nanos) }),
      ),
    ),
    from: optional(text()),
    to: optional(text()),
    marks: list(ref('Claim')),
    contrast: optional(
      list(
        object<Item<Failover['contrast']>>({
          trait: oneOf(['age', 'port', 'owed', 'idle']),
          affected: text(),
          others: text(),
          counts: object<Item<Failover['contrast']>['counts']>({ affected: integer(), others: integer() }),
        }),
      ),
    ),
  }),
  Endpoint: object<Endpoint>({ address: text(), port: integer() }),
  Flow: object<Flow>({
    id: text(),
    protocol,
    client: ref('Endpoint'),
    server: ref('Endpoint'),
    translated: optional(list(ref('Endpoint'))),
    legs: optional(
      list(
        object<Item<Flow['legs']>>({
          client: ref('Endpoint'),
          server: ref('Endpoint'),
          seenAt: list(text()),
        }),
      ),
    ),
    start: nanos,
    end: nanos,
    bytesToClient: integer(),
    bytesToServer: integer(),
    seenAt: list(text(), 'Ids of captures.'),
    path: pathKind,
    outcome,
    cause: orNull(cause),
    candidates: list(cause, 'Causes that the captures cannot tell apart; then `cause` is null.'),
    contributing: list(cause),
    confidence,
    endedBy: optional(
      object<Of<Flow['endedBy']>>({
        who: oneOf(['client', 'server', 'old-node', 'new-node', 'unknown']),
        how: oneOf(['FIN', 'RST', 'ICMP']),
        frame: ref('FrameRef'),
      }),
    ),
    replacedBy: optional(text()),
    stalls: list(ref('Stall')),
    claims: list(ref('Claim'), 'The evidence.'),
    ruledOut: list(object<Flow['ruledOut'][number]>({ cause, because: text() })),
    splitBy: list(text(), 'What would tell the candidates apart.'),
    advice: list(ref('Advice')),
    streams: optional(map(integer())),
    sender: optional(ref('SenderTries')),
    stuck: optional(ref('Stuck')),
    request: optional(ref('RequestSeen')),
    timers: optional(
      list(ref('TimerReplay'), 'Of a flow that stands for its group, or was asked for (`--flow`).'),
    ),
    ladder: optional(list(ref('LadderRow'))),
  }),
  SenderTries: object<SenderTries>({
    by: end,
    syn: boolean,
    waits: list(number('Seconds.')),
    frames: list(ref('FrameRef')),
    resumed: optional(
      object<Of<SenderTries['resumed']>>({ predicted: ref('RungTime'), seen: ref('RungTime') }),
    ),
  }),
  TimerReplay: object<TimerReplay>({
    client: text('As `diagnose advise --client` takes it.'),
    timer: text('As the client calls it.'),
    end,
    delivered: ref('TimerFate'),
    set: optional(
      object<Of<TimerReplay['set']>>({ text: text('As one writes it.'), fate: ref('TimerFate') }),
    ),
  }),
  TimerFate: object<TimerFate>({
    outcome: oneOf(['resumes', 'fails', 'may-fail', 'waits']),
    after: optional(number('Seconds since the stall began.')),
    aboutToGoOn: optional(boolean),
  }),
  RungTime: object<RungTime>({ rung: integer(), after: number('Seconds.') }),
  Stuck: object<Stuck>({
    by: end,
    bytes: orNull(integer()),
    nextRetry: orNull(nanos),
    givesUp: orNull(nanos),
    waitUntil: orNull(nanos),
    why: text(),
  }),
  RequestSeen: object<RequestSeen>({ method: text(), answered: boolean, idempotent: boolean }),
  LadderRow: object<LadderRow>({
    frame: ref('FrameRef'),
    time: nanos,
    from: end,
    flags: text(),
    seq: number(),
    ack: number(),
    length: integer(),
    window: integer(),
    label: text(),
  }),
  Stall: object<Stall>({
    start: nanos,
    end: orNull(nanos),
    duration: number('Seconds.'),
    waiting: end,
    owedBy: end,
    cause: orNull(cause),
    outage: orNull(number('Seconds.')),
    backoff: orNull(number('Seconds.')),
    recovery: orNull(number('Seconds.')),
    outageWithin: optional(number('Seconds.')),
    rung: orNull(integer()),
    nextRetry: orNull(nanos),
    censored: boolean,
    frames: object<Stall['frames']>({ last: ref('FrameRef'), first: optional(ref('FrameRef')) }),
  }),
  Claim: object<Claim>({
    kind: oneOf(['observed', 'inferred', 'absent']),
    text: text(),
    frames: list(ref('FrameRef')),
    shows: optional(
      object<Of<Claim['shows']>>({
        from: oneOf(['client', 'server', 'network', 'other-flow']),
        what: oneOf([
          ...['data', 'retransmission', 'probe', 'ack', 'zero-window', 'window-update', 'syn', 'syn-ack'],
          ...['fin', 'rst', 'arp', 'vrrp', 'icmp', 'segment'],
        ]),
      }),
    ),
    journal: optional(list(object<Item<Claim['journal']>>({ file: text(), line: integer(1) }))),
    coverage: optional(object<Of<Claim['coverage']>>({ from: nanos, to: nanos, why: text() })),
  }),
  Advice: object<Advice>({
    text: text(),
    change: optional(
      object<Of<Advice['change']>>({
        who: oneOf(['client', 'server', 'gateway']),
        setting: text(),
        value: text(),
      }),
    ),
    effect: object<Advice['effect']>({ resumesAfter: optional(number()), failsAfter: optional(number()) }),
    safeToRetry: optional(oneOf(['yes', 'no', 'unknown'])),
  }),
};
