/**
 * Who owed whom what, at a moment when nothing moves. The order is that of
 * certainty: a handshake that was begun, bytes that were sent and not
 * acknowledged, a body whose length was promised, a request without an answer,
 * and last a silence in the middle of an answer of unknown length, which may
 * also be its end.
 * The trap: an acknowledged request and a finished answer look alike unless
 * somebody said how long the answer is.
 */
import { seqDistance } from '../../packet/seq.ts';
import { type EndIndex, type Flow, otherEnd } from '../flow/flow.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Connection } from '../tcp/connection.ts';
import type { Exchange } from '../tcp/exchange.ts';
import type { Side } from '../tcp/side.ts';

export type OwedWhat =
  | 'handshake'
  | 'unacknowledged'
  | 'promised'
  | 'answer'
  | 'mid-answer'
  /** Only one direction is in the capture: what the other owed cannot be told. */
  | 'unseen'
  | 'nothing';

export interface Owed {
  readonly what: OwedWhat;
  /** Who owes; the other end waits. */
  readonly by: EndIndex;
  /** How many bytes, where that is known. */
  readonly bytes: number | null;
}

/**
 * An answer of unknown length counts as unfinished from this size on, unless
 * the connection has had complete answers of such a size: an answer of a few
 * segments is usually over, and 64 KiB do not fit a first congestion window.
 */
const MID_ANSWER_BYTES = 65_536;

/** Slack for a head that was cut: the body ends at the promised place or up to a head's length later. */
const CUT_HEAD_SLACK = 16_384;

/** A first segment of this size was cut by the MSS and not by the end of the answer. */
const FULL_SEGMENT = 1000;

export function whatIsOwed(connection: Connection, exchange: Exchange): Owed {
  const { flow, sides } = connection;
  const client = flow.client;
  const server = flow.server;
  if (!sides[server].seen || !sides[client].seen) return oneDirection(connection);
  if (isChallenged(sides[client], sides[server])) return owed('handshake', server, null);
  for (const end of [server, client] as const) {
    if (sides[end].outstanding > 0) return unacknowledged(connection, exchange, end);
  }
  const answer = sides[server];
  const promised = exchange.promised;
  // Who has closed in order has sent all it will send.
  if (hasClosed(answer)) return owed('nothing', server, 0);
  if (promised !== null && exchange.turn === server) {
    const missing = seqDistance(promised.end, answer.inOrder);
    if (missing > 0) return owed('promised', server, missing);
    if (promised.exact || missing > -CUT_HEAD_SLACK) return owed('nothing', server, 0);
  }
  if (exchange.turn === client && expectsAnswer(flow, exchange) && sides[server].fin === NO_FRAME) {
    return owed('answer', server, null);
  }
  if (isMidAnswer(connection, exchange)) return owed('mid-answer', server, null);
  return owed('nothing', server, 0);
}

/** A SYN without an answer, or a capture that holds one direction only. */
function oneDirection(connection: Connection): Owed {
  const { flow, sides } = connection;
  const seen: EndIndex = sides[0].seen ? 0 : 1;
  const own = sides[seen];
  // More than SYNs: the handshake was done, so its answers passed where nobody captured.
  const opened = own.segments > own.synCount;
  if (!opened && seen === flow.client && own.syn !== NO_FRAME) return owed('handshake', flow.server, null);
  return owed(hasClosed(own) ? 'nothing' : 'unseen', otherEnd(seen), null);
}

/** The SYN was answered, but by an acknowledgement of an older connection of the tuple: the handshake is still owed. */
const isChallenged = (client: Side, server: Side): boolean =>
  client.syn !== NO_FRAME &&
  server.syn === NO_FRAME &&
  client.dataSegments === 0 &&
  server.dataSegments === 0;

/** Its FIN is in order: every byte before it is here. */
const hasClosed = (side: Side): boolean =>
  side.fin !== NO_FRAME && seqDistance(side.inOrder, side.finSeq) > 0;

/** A request that was not acknowledged is an answer owed; anything else not acknowledged is bytes owed by its sender. */
function unacknowledged(connection: Connection, exchange: Exchange, end: EndIndex): Owed {
  const bytes = connection.sides[end].outstanding;
  const { flow } = connection;
  const wholeTurn = exchange.turn === end && exchange.turnBytes(connection.sides[end].next) <= bytes;
  if (end === flow.client && wholeTurn && expectsAnswer(flow, exchange)) {
    return owed('answer', flow.server, null);
  }
  return owed('unacknowledged', end, bytes);
}

/** True where the client's newest turn is a request: HTTP or TLS, or a conversation in which the server has answered before. */
function expectsAnswer(flow: Flow, exchange: Exchange): boolean {
  if (exchange.upgraded || exchange.monologue) return false;
  return exchange.request !== null || exchange.tls || exchange.turns[flow.server] > 0;
}

function isMidAnswer(connection: Connection, exchange: Exchange): boolean {
  const { flow, sides } = connection;
  const server = flow.server;
  const own = sides[server];
  if (exchange.turn === client(flow) || own.fin !== NO_FRAME || sides[flow.client].fin !== NO_FRAME)
    return false;
  if (exchange.turn === null || exchange.upgraded || exchange.complete) return false;
  const bytes = exchange.turnBytes(own.inOrder);
  // A segment of full size that was not pushed has more of the same write behind it.
  const full =
    own.lastDataLength >= own.largestPayload && (own.dataSegments > 1 || own.lastDataLength >= FULL_SEGMENT);
  const unpushed = !own.lastDataPushed && full;
  if (unpushed && bytes > 0) return true;
  // One short, pushed segment, the first in this turn, at its very end: that is how a finished write looks.
  if (own.lastDataPushed && exchange.shortWrites === 1 && own.lastDataLength < own.largestPayload)
    return false;
  return bytes >= MID_ANSWER_BYTES && bytes > 2 * exchange.longestAnswer;
}

const client = (flow: Flow): EndIndex => otherEnd(flow.server);

const owed = (what: OwedWhat, by: EndIndex, bytes: number | null): Owed => ({ what, by, bytes });
