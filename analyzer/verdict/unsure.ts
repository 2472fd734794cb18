/**
 * Connections that look unaffected only because the view began too late, or
 * was taken where the trouble does not show: met in mid-stream by a node, or
 * left idle while its client opened another one instead.
 * The trap: most such connections are fine. What speaks against it is in the
 * segments: a timestamp that the peer had sent long before, an RST.
 */
import { type Nanos, seconds as secondsOf } from '../../packet/time.ts';
import type { CrossVantage } from '../failover/crossing.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { CAUSE_IDS, type CauseId, type Outcome } from '../report/report.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { FlowView, JoinedLeg } from '../vantage/join.ts';
import type { Case } from './case.ts';
import type { Verdict } from './decide.ts';
import { inferred, observed, type VerdictClaim } from './rule.ts';
import { splitBy } from './split-by.ts';
import { bytes, endName, seconds } from './words.ts';

export interface Unsure {
  readonly outcome: Outcome;
  readonly cause?: CauseId | null;
  readonly candidates: readonly CauseId[];
  readonly claims: readonly VerdictClaim[];
}

/** A timestamp that is echoed this much later was not echoed at once. */
const STALE: Nanos = secondsOf(1);
/** The usual granularity of timestamp clocks (RFC 7323, 5.4), where the capture is too short to measure it. */
const TICKS = 1000;

/** More than a few attempts and their answer: it was alive here. */
const FEW_FRAMES = 8;

/**
 * For a flow without a stall; null where nothing speaks against its being unaffected. `near` is the end whose own
 * view it surely is.
 */
export function unsureOf(c: Case, isReplaced: boolean, near = c.near): Unsure | null {
  if (near === c.flow.client || c.outcome !== 'unaffected' || c.stalls.some((s) => s.innocent === null))
    return null;
  const { sides } = c.watch.connection;
  const opened = sides[c.flow.client].syn !== NO_FRAME;
  if (isReplaced) return replaced(c);
  if (near !== null) return null;
  if (opened) return midUpload(c);
  return resetAtOnce(c) ?? metLate(c);
}

/**
 * The SYN that this view has was not the first: another place on the way had
 * seen one long before. It waited as if no server had been there.
 */
export function answeredLate(
  { watch }: Case,
  legs: readonly JoinedLeg[],
  vantages: readonly CrossVantage[],
): Unsure | null {
  const views = legs.find((l) => l.views.some((v) => v.watch === watch))?.views ?? [];
  const own = views.find((v) => v.watch === watch);
  const opened = own === undefined ? null : openingOf(own, vantages);
  if (opened === null) return null;
  for (const view of views) {
    const other = openingOf(view, vantages);
    if (other === null || opened.time - other.time < STALE + opened.error + other.error) continue;
    const lag = seconds(opened.time - other.time);
    return {
      outcome: 'connect-delayed',
      candidates: ['syn-backoff', 'stale-path', 'loss', 'not-yet-synced', 'node-capacity', 'policy-mismatch'],
      claims: [
        observed(`another capture has the SYN of this connection ${lag} before it came here`, [other.frame]),
      ],
    };
  }
  return null;
}

/** When a view has the first SYN, by the reference's clock; null where it has none, or nobody knows the clock. */
function openingOf(
  { vantage, watch }: FlowView,
  vantages: readonly CrossVantage[],
): { time: Nanos; error: Nanos; frame: FrameId } | null {
  const { flow, sides } = watch.connection;
  const { clock, shift } = vantages[vantage] as CrossVantage;
  const error = clock.errorAt(flow.firstTime + shift);
  if (sides[flow.client].syn !== flow.firstFrame || error === null) return null;
  return { time: clock.toReference(flow.firstTime + shift), error, frame: flow.firstFrame };
}

/** An RST is all that came back, or all that was to be heard: the connection was dead when this view began. */
function resetAtOnce(c: Case): Unsure | null {
  const close = c.watch.close;
  if (close === null || close.how !== 'RST' || c.flow.frames > FEW_FRAMES) return null;
  const who = endName(c.flow, close.by);
  const claims = [
    observed(`RST in the ${who}'s name, and nothing after it`, [close.event.id], { from: who, what: 'rst' }),
  ];
  const client = close.by === c.flow.client;
  return {
    outcome: client ? (sent(c, c.flow.server) ? 'undecided' : 'gave-up') : 'reset',
    candidates: client
      ? [
          'nat-mapping-lost',
          'terminated-proxy',
          'no-state-reject',
          'split-brain',
          'keepalive-expired',
          'client-timeout',
          'delayed-victim',
          'state-not-committed',
          'torn-down-by-old-node',
          'stale-failback',
          'policy-mismatch',
        ]
      : [
          'no-state-reject',
          'terminated-proxy',
          'peer-gave-up',
          'nat-mapping-lost',
          'delayed-victim',
          'split-brain',
          'torn-down-by-old-node',
          'state-not-committed',
          'stale-failback',
          'policy-mismatch',
        ],
    claims,
  };
}

const sent = (c: Case, end: EndIndex): boolean => c.watch.connection.sides[end].seen;

/** What may have become of a connection before this view began, or after it ended. */
const SOMEWHERE_ELSE: readonly CauseId[] = [
  'rto-backoff',
  'outage',
  'midstream-pickup',
  'peer-gave-up',
  'out-of-window',
  'client-timeout',
  'no-state-drop',
  'stale-failback',
  'one-way-path',
  'split-brain',
  'application-idle',
];

/** A request that large is no longer sent in one write. */
const LONG_UPLOAD = 65_536;

/** The client was sending, nobody closed, and nothing more came here: between the ends it may go on elsewhere. */
function midUpload(c: Case): Unsure | null {
  const { connection, exchange, close } = c.watch;
  const own = connection.sides[c.flow.client];
  const isOver = close !== null || connection.sides.some((s) => s.fin !== NO_FRAME);
  if (isOver || exchange.turn !== c.flow.client || exchange.turnBytes(own.inOrder) < LONG_UPLOAD) return null;
  const claims = [
    observed('the client was sending, and this is its last segment here', [own.lastFrame], {
      from: 'client',
      what: 'segment',
    }),
  ];
  return { outcome: 'undecided', candidates: SOMEWHERE_ELSE, claims };
}

/** Its first segments answer something that the peer had sent more than a second before, or nobody can tell. */
function metLate(c: Case): Unsure | null {
  const { sides } = c.watch.connection;
  const [a, b] = sides;
  const lag = a.seen && b.seen ? staleness(c) : null;
  if (lag !== null && lag < STALE && Math.min(a.segments, b.segments) > 1) return null;
  const claims: VerdictClaim[] = [
    inferred('this view began in the middle of the connection: what came before is not in it'),
  ];
  if (lag !== null && lag >= STALE) {
    claims.push(
      inferred(
        `its first segment echoes a timestamp that the peer had sent ${seconds(lag)} before the peer's next segment here: about so long nothing got through`,
        [c.flow.firstFrame],
      ),
    );
  }
  return { outcome: 'undecided', candidates: SOMEWHERE_ELSE, claims };
}

/** How old the first echoed timestamp was, by the clock of whoever had sent it. */
function staleness(c: Case): Nanos | null {
  const { sides } = c.watch.connection;
  const first = sides[0].firstTime <= sides[1].firstTime ? sides[0] : sides[1];
  const other = first === sides[0] ? sides[1] : sides[0];
  if (first.firstTsEcr < 0 || other.tsVal < 0) return null;
  const rate = other.tickRate > 0 ? other.tickRate : TICKS;
  const ticks = (other.firstTsVal - first.firstTsEcr) | 0;
  return ticks < 0 ? null : (ticks / rate) * 1e9;
}

/** Its client opened another connection to the same service and left this one open. */
function replaced(c: Case): Unsure {
  return {
    outcome: 'undecided',
    candidates: [
      'delayed-victim',
      'keepalive-expired',
      'client-timeout',
      'no-state-drop',
      'nat-mapping-lost',
      'no-state-reject',
      'terminated-proxy',
      'cloud-flow-pinned',
      'application-idle',
    ],
    claims: [
      inferred(
        'the connection was left idle and never closed, and its client opened another one to the same service instead: whether it still could use this one does not show here',
        [c.flow.lastFrame],
      ),
    ],
  };
}

export const unsureVerdict = (c: Case, unsure: Unsure, before: Verdict): Verdict => ({
  ...before,
  cause: unsure.cause ?? null,
  candidates: unsure.candidates,
  confidence: unsure.cause == null ? 'low' : 'high',
  claims: unsure.claims,
  ruledOut: CAUSE_IDS.filter((id) => id !== unsure.cause && !unsure.candidates.includes(id)).map((cause) => ({
    cause,
    because: 'nothing in this view speaks for it',
  })),
  splitBy: unsure.cause == null ? splitBy(c, unsure.candidates) : [],
});

/**
 * A proxy that closes or resets both legs of its own accord: toward the client before the
 * server had closed, and toward the server before the client had.
 */
export function closedByProxy(
  c: Case,
  inner: SilenceWatch,
  outer: SilenceWatch,
  soon: boolean,
): Unsure | null {
  if (c.outcome !== 'unaffected') return null;
  const toClient = closedFirst(inner, 'server');
  const toServer = closedFirst(outer, 'client');
  if (toClient === null || toServer === null) return null;
  const { promised, turn, complete } = c.watch.exchange;
  if (turn !== c.flow.server || complete) return null;
  const isReset = toClient.what === 'rst';
  // Where the length is not in the capture, a takeover right after it says that it was no end of a conversation.
  const isShort = promised === null || isReset ? soon : ((promised.end - toClient.seq) | 0) > 0;
  if (!isShort) return null;
  const did = (what: 'fin' | 'rst'): string => (what === 'rst' ? 'reset the connection' : 'closed');
  return {
    outcome: isReset ? 'reset' : 'cut-short',
    cause: soon ? 'torn-down-by-old-node' : null,
    candidates: soon ? [] : ['torn-down-by-old-node', 'terminated-proxy', 'node-capacity', 'policy-mismatch'],
    claims: [
      observed(
        `the proxy ${did(toClient.what)} toward the client in the middle of a body`,
        [toClient.frame],
        {
          from: 'server',
          what: toClient.what,
        },
      ),
      observed(
        toServer.what === 'rst'
          ? 'and it reset the one to the server, which had not closed'
          : 'and toward the server, which had not closed',
        [toServer.frame],
        { from: 'client', what: toServer.what },
      ),
    ],
  };
}

interface Closing {
  readonly what: 'fin' | 'rst';
  readonly frame: FrameId;
  /** Of a FIN. */
  readonly seq: number;
}

/** By an RST or a FIN in that end's name, before the other end's; null where it was not. */
function closedFirst({ connection, close }: SilenceWatch, by: 'client' | 'server'): Closing | null {
  const { flow, sides } = connection;
  const [own, other] = [sides[flow[by]], sides[otherEnd(flow[by])]];
  if (own.fin !== NO_FRAME) {
    const isFirst = other.fin === NO_FRAME || own.finTime < other.finTime;
    return isFirst ? { what: 'fin', frame: own.fin, seq: own.finSeq } : null;
  }
  if (close === null || close.how !== 'RST' || close.by !== flow[by] || other.fin !== NO_FRAME) return null;
  return { what: 'rst', frame: close.event.id, seq: 0 };
}

/**
 * In the server's name it was closed before the end of the body, without any silence before it, and a path was lost
 * right after: the server itself, or a node that closes what it holds as it goes.
 */
export function closedShort(c: Case): Unsure | null {
  const { exchange, connection } = c.watch;
  const { promised, turn } = exchange;
  const [client, server] = [connection.sides[c.flow.client], connection.sides[c.flow.server]];
  if (c.outcome !== 'unaffected' || promised === null || turn !== c.flow.server) return null;
  if (server.fin === NO_FRAME || (client.fin !== NO_FRAME && client.finTime < server.finTime)) return null;
  const short = (promised.end - server.finSeq) | 0;
  if (short <= 0) return null;
  return {
    outcome: 'cut-short',
    candidates: ['torn-down-by-old-node', 'peer-gave-up', 'terminated-proxy'],
    claims: [
      observed(
        `FIN in the server's name, ${bytes(short)} before the end of the body that was promised`,
        [server.fin],
        { from: 'server', what: 'fin' },
      ),
    ],
  };
}
