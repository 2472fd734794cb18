/**
 * What was asked for, and whether a client may ask again on a new connection without doing something twice.
 * The trap: what is encrypted is not known, and an answer that did not come does not mean that the request did not arrive.
 */

import { NO_FRAME } from '../flow/frame-id.ts';
import type { RequestSeen } from '../report/report.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { Case } from '../verdict/case.ts';

/** Safe or idempotent methods (RFC 9110, 9.2.1 and 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** The newest request; null where none can be read. */
export function requestOf({ exchange, connection }: SilenceWatch): RequestSeen | null {
  const { request, turn } = exchange;
  if (request === null) return null;
  return {
    method: request.method,
    answered: turn === connection.flow.server,
    idempotent: IDEMPOTENT.has(request.method),
  };
}

export type Retry = 'yes' | 'no' | 'unknown';

/** Whether it may be tried again on a new connection, as far as that is visible. */
export function safeToRetry({ watch, main, flow }: Case): Retry {
  const { sides } = watch.connection;
  // Nothing was asked yet: the connection never opened.
  if (main?.stall.what === 'handshake' && sides[flow.client].syn !== NO_FRAME) return 'yes';
  const request = requestOf(watch);
  if (request === null) return 'unknown';
  return request.idempotent ? 'yes' : 'no';
}
