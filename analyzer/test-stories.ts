/**
 * Tests only: a download that a takeover interrupts, told segment by segment,
 * and the verdict on it from the captures of its way.
 * A carries it until 1.1 s. From then on everything goes through B, which is
 * in the path as soon as anything comes to it.
 */
import type { CauseId, Flow, Report } from './report/report.ts';
import { HTTP_GET } from './test-frames.ts';
import {
  PLACES,
  type Place,
  type ReportOptions,
  reportOn,
  type Step,
  type TakeOptions,
  Trip,
  type TripOptions,
  taken,
  takenOnAny,
} from './test-path.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
/** What the client has sent, and what the server has sent and the client heard, from the SYN on. */
export const ASKED = 1 + HTTP_GET.length;
export const HEARD = 1 + HEAD.length;

/** The first 1,000 bytes of the body, which the server sends until somebody acknowledges them. */
export const BODY: Step = { seq: HEARD, payload: 1000 };
/** A keepalive of the client. */
export const PROBE: Step = { seq: ASKED - 1 };
/** The server's answer to it, which shows that it has sent 1,000 bytes more. */
export const ANSWER: Step = { seq: HEARD + 1000 };

/** The connection on port 40000: asked, promised 9,000 bytes, and no byte of them came. */
export function download(options: TripOptions = {}): Trip {
  const t = new Trip(options).handshake(0).client(1, { payload: HTTP_GET }).server(1.001);
  return t.server(1.1, { payload: HEAD }).client(1.101).through('b');
}

/** The server tries in vain from 1.2 s on: nobody is in the path. */
export function lost(options: TripOptions = {}): Trip {
  const t = download(options);
  for (const at of [1.2, 1.5, 2.1, 3.3]) t.server(at, { ...BODY, to: 'server' });
  return t;
}

/** The rungs that follow come to B, and reach this place. */
export function rungs(t: Trip, to: Place, times: readonly number[] = [5.7, 10.5, 20.1]): Trip {
  for (const at of times) t.server(at, { ...BODY, to });
  return t;
}

/** The download goes on at a time, and comes to its end. */
export const goesOn = (t: Trip, at: number): Trip =>
  t
    .server(at, BODY)
    .client(at + 0.01)
    .server(at + 0.02, { payload: 8000 })
    .client(at + 0.03);

export interface OtherOptions extends TripOptions {
  readonly port: number;
  readonly at?: number;
  /** Of the server. Default 80. */
  readonly service?: number;
}

const other = ({ port, service = 80, ...options }: OtherOptions): Trip =>
  new Trip({
    client: `10.1.0.10 ${port}`,
    server: `10.2.0.10 ${service}`,
    isn: [port * 9999, port * 7777],
    ...options,
  });

/** A connection that was opened through B. */
export function opened(options: OtherOptions): Trip {
  const { at = 5 } = options;
  const t = other(options)
    .through('b')
    .handshake(at)
    .client(at + 0.1, { payload: HTTP_GET });
  return t.server(at + 0.2, { payload: WHOLE }).client(at + 0.3);
}

/** A connection whose SYNs come to B, and no further than to this place; the answer, if it is the server, not back. */
export function refused(options: OtherOptions, to: Place = 'b.in'): Trip {
  const { at = 5 } = options;
  const t = other(options).through('b');
  for (const after of [0, 1, 3, 7]) {
    t.client(at + after, { seq: 0, flags: 'SYN', to });
    if (to === 'server') t.server(at + after + 0.001, { seq: 0, ack: 1, flags: 'SYN ACK', to: 'b.out' });
  }
  return t;
}

/** An old connection like the download, which B carries on or keeps. */
export function old(options: OtherOptions, fate: 'carried' | 'kept'): Trip {
  const { at = 0 } = options;
  const t = other(options).handshake(at).client(1, { payload: HTTP_GET }).server(1.001);
  t.server(1.1, { payload: HEAD })
    .client(1.101)
    .through('b')
    .server(1.2, { ...BODY, to: 'server' });
  return fate === 'carried' ? goesOn(t, 5.6) : rungs(t, 'b.out');
}

export interface VerdictOptions extends ReportOptions {
  readonly places?: readonly Place[];
  readonly take?: TakeOptions;
}

export function reportOf(trips: readonly Trip[], options: VerdictOptions = {}): Report {
  const { places = PLACES, take = {}, ...rest } = options;
  return reportOn(taken(trips, places, take), { until: 40, ...rest });
}

const ofPort = ({ flows }: Report, port = 40_000): Flow => {
  const found = flows.find((f) => f.client.port === port);
  if (found === undefined) throw new Error(`no flow of port ${port}`);
  return found;
};

/** The download's flow, from the six captures or those that are named. */
export const verdictOn = (trips: readonly Trip[], options: VerdictOptions = {}): Flow =>
  ofPort(reportOf(trips, options));

/** `hung no-state-drop`, or `hung ?`; the same from six captures and from one a node, or both. */
export function said(trips: readonly Trip[], options: ReportOptions = {}): string {
  const words = ({ outcome, cause }: Flow): string => `${outcome} ${cause ?? '?'}`;
  const six = words(ofPort(reportOn(taken(trips), { until: 40, ...options })));
  const any = words(ofPort(reportOn(takenOnAny(trips), { until: 40, ...options })));
  return six === any ? six : `${six}, with one capture a node ${any}`;
}

/** Why a cause is out; null where it is not. */
export const outBecause = (flow: Flow, cause: CauseId): string | null =>
  flow.ruledOut.find((r) => r.cause === cause)?.because ?? null;
