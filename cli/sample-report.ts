/**
 * Reports made by hand, for tests of everything that prints one. A report is
 * written as the flows it holds; what follows from them (summary, causes) is filled in.
 */
import type {
  Capture,
  Claim,
  Clock,
  Failover,
  Flow,
  FrameRef,
  LadderRow,
  Outcome,
  Report,
  Stall,
} from '../analyzer/index.ts';

/** Where all samples begin: 2026-11-22 11:07:02.601 UTC. */
export const T0 = 1_795_345_622_601_000_000n;

/** The report's time, so many seconds after T0. */
export const at = (seconds: number): string => String(T0 + BigInt(Math.round(seconds * 1e6)) * 1000n);

/** `frame('client', 12)` */
export const frame = (capture: string, number: number): FrameRef => ({ capture, frame: number });

export function sampleCapture(host: string, more: Partial<Capture> = {}): Capture {
  return {
    id: host,
    file: `${host}.pcap.gz`,
    format: 'pcap',
    linkTypes: ['ETHERNET'],
    vantage: {
      host,
      role: host.startsWith('node') ? 'node' : host === 'server' ? 'server' : 'client',
      inferred: true,
    },
    frames: 4320,
    firstTime: at(-5),
    lastTime: at(60),
    coveredUntil: at(60),
    snaplen: 128,
    dropped: null,
    truncated: false,
    interfaces: [],
    ...more,
  };
}

/** Against the client's clock; 10 ms ahead of it, to 0.2 ms. */
export function sampleClock(capture: string, more: Partial<Clock> = {}): Clock {
  return { capture, reference: 'client', offset: 0.01, skewPpm: 0, error: 0.0002, pairs: 812, ...more };
}

export function sampleFailover(outage: number | null, more: Partial<Failover> = {}): Failover {
  return {
    id: 'failover-1',
    pathLost: at(0),
    pathRestored: outage === null ? null : at(outage),
    restoredBy: 'bound',
    outage,
    marks: [],
    ...more,
  };
}

export function sampleStall(duration: number, more: Partial<Stall> = {}): Stall {
  return {
    start: at(0),
    end: at(duration),
    duration,
    waiting: 'client',
    owedBy: 'server',
    cause: null,
    outage: null,
    backoff: null,
    recovery: null,
    rung: null,
    nextRetry: null,
    censored: false,
    frames: { last: frame('client', 4120) },
    ...more,
  };
}

/** A flow number of client port 51544 and up; unaffected unless said otherwise. */
export function sampleFlow(number: number, more: Partial<Flow> = {}): Flow {
  return {
    id: `f${String(number).padStart(10, '0')}`,
    protocol: 'tcp',
    client: { address: '10.0.1.17', port: 51_543 + number },
    server: { address: '10.9.0.5', port: 443 },
    start: at(-5),
    end: at(60),
    bytesToClient: 1_234_567,
    bytesToServer: 78,
    seenAt: ['client'],
    path: 'unknown',
    outcome: 'unaffected',
    cause: null,
    candidates: [],
    contributing: [],
    confidence: 'high',
    stalls: [],
    claims: [],
    ruledOut: [],
    splitBy: [],
    advice: [],
    streams: { client: number },
    ...more,
  };
}

export const observed = (text: string, ...frames: FrameRef[]): Claim => ({ kind: 'observed', text, frames });
export const inferred = (text: string, ...frames: FrameRef[]): Claim => ({ kind: 'inferred', text, frames });
/** An absence, with the coverage that makes it mean something. */
export const absent = (text: string, from: number, to: number, why: string): Claim => ({
  kind: 'absent',
  text,
  frames: [],
  coverage: { from: at(from), to: at(to), why },
});

export function ladderRow(
  seconds: number,
  number: number,
  from: 'client' | 'server',
  more: Partial<LadderRow>,
): LadderRow {
  return {
    frame: frame('client', number),
    time: at(seconds),
    from,
    flags: 'ACK',
    seq: 1,
    ack: 1,
    length: 0,
    window: 64_240,
    label: '',
    ...more,
  };
}

export function sampleReport(headline: string, flows: Flow[], more: Partial<Report> = {}): Report {
  const byOutcome: Partial<Record<Outcome, number>> = {};
  for (const flow of flows) byOutcome[flow.outcome] = (byOutcome[flow.outcome] ?? 0) + 1;
  return {
    schemaVersion: 1,
    tool: { name: 'stallscope', version: '0.0.0' },
    headline,
    captures: [sampleCapture('client')],
    clocks: [],
    failovers: [],
    path: { kind: 'unknown', claims: [] },
    flows,
    causes: causesOf(flows),
    summary: { flows: flows.length, byOutcome },
    advice: [],
    problems: [],
    ...more,
  };
}

function causesOf(flows: Flow[]): Report['causes'] {
  const causes: Report['causes'] = [];
  for (const flow of flows) {
    if (flow.cause === null) continue;
    const known = causes.find(({ id }) => id === flow.cause);
    const entry = known ?? { id: flow.cause, flows: [], worstStall: null };
    if (!known) causes.push(entry);
    entry.flows.push(flow.id);
    for (const { duration } of flow.stalls) entry.worstStall = Math.max(entry.worstStall ?? 0, duration);
  }
  return causes;
}
