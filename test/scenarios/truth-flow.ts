/**
 * The connection that the truth speaks of, in every capture and every report:
 * behind a proxy it has other ports and other sequence numbers, so its second
 * leg is known by its time.
 * The trap: what is here must not lean on the analysis; it is the measure.
 */
import type { Flow, Report } from '../../analyzer/index.ts';
import { recordsOf } from './capture-cache.ts';
import { Flag, fromClient, fromServer, type Ports, type RawSegment, readSegment } from './raw-segment.ts';
import type { Scenario } from './scenario.ts';
import { hostOf } from './views.ts';

/** A proxy opens its second leg within so many ns of the first. */
const LEG_OPENS_WITHIN = 100_000_000n;

const legs = new WeakMap<Scenario, readonly Ports[]>();

/** The ports of the flow at the client, and at the server where they differ. Address translation keeps them in all fixtures. */
export function legsOf(scenario: Scenario): readonly Ports[] {
  let known = legs.get(scenario);
  if (known === undefined) {
    const first = scenario.truth.flow;
    const second = secondLeg(scenario, first);
    known = second === null ? [first] : [first, second];
    legs.set(scenario, known);
  }
  return known;
}

function secondLeg(scenario: Scenario, first: Ports): Ports | null {
  const server = segmentsIn(scenario, 'server.pcap.gz');
  if (server.some((s) => belongs(s, first))) return null;
  const isSyn = ({ flags }: RawSegment): boolean => (flags & (Flag.Syn | Flag.Ack)) === Flag.Syn;
  const opened = segmentsIn(scenario, 'client.pcap.gz').find((s) => isSyn(s) && fromClient(s, first));
  if (opened === undefined) throw new Error(`${scenario.name}: the client's SYN is not captured`);
  const near = server.find((s) => {
    const after = s.record.time - opened.record.time;
    return isSyn(s) && s.destinationPort === first.serverPort && after >= 0n && after < LEG_OPENS_WITHIN;
  });
  return near === undefined ? null : { clientPort: near.sourcePort, serverPort: near.destinationPort };
}

const belongs = (s: RawSegment, ports: Ports): boolean => fromClient(s, ports) || fromServer(s, ports);

const segmentsIn = (scenario: Scenario, file: string): RawSegment[] => {
  const pcap = recordsOf(scenario, file);
  return pcap.records
    .map((record) => readSegment(record, pcap.linkType))
    .filter((s): s is RawSegment => s !== null);
};

/** The segments of the flow in one capture, whichever leg of it is seen there. */
export function flowIn(scenario: Scenario, file: string): RawSegment[] {
  const ports = legsOf(scenario);
  return segmentsIn(scenario, file).filter((s) => ports.some((leg) => belongs(s, leg)));
}

/** Segments of the flow in any of these captures. */
export const flowInAny = (scenario: Scenario, files: readonly string[]): RawSegment[] =>
  files.flatMap((file) => flowIn(scenario, file));

/**
 * The flow in a report, the client's leg first. More than one where a proxy's
 * legs were not joined; none where the report does not speak of it.
 */
export function findFlows(report: Report, scenario: Scenario): Flow[] {
  const tuples = legsOf(scenario);
  const has = (flow: Flow, { clientPort, serverPort }: Ports): boolean =>
    [flow, ...(flow.legs ?? [])].some((l) => l.client.port === clientPort && l.server.port === serverPort) ||
    (flow.server.port === serverPort && (flow.translated ?? []).some((t) => t.port === clientPort));
  return tuples.flatMap((ports, i) =>
    report.flows.filter((f) => has(f, ports) && !tuples.slice(0, i).some((earlier) => has(f, earlier))),
  );
}

/** What the frames of some captures show of how the flow ended. */
export interface Endings {
  /** Frames of the flow. */
  readonly frames: number;
  /** The segment by which the client closed, or was reset, is among them. */
  readonly closing: boolean;
  /** An RST, by whomever. */
  readonly rst: boolean;
  /** A FIN or an RST. */
  readonly close: boolean;
  /** From SYN to close, without a second in which nothing came. */
  readonly calm: boolean;
}

/** Reads them from the raw frames. */
export function endingsIn(scenario: Scenario, files: readonly string[]): Endings {
  const shown = flowInAny(scenario, files);
  const closing = closingSegment(scenario);
  return {
    frames: shown.length,
    closing: shown.some((s) => s.seq === closing?.seq && (s.flags & closing.flags & CLOSE) !== 0),
    rst: shown.some((s) => (s.flags & Flag.Rst) !== 0),
    close: shown.some((s) => (s.flags & CLOSE) !== 0),
    calm: isCalm(shown),
  };
}

function isCalm(shown: readonly RawSegment[]): boolean {
  const times = shown.map((s) => s.record.time).sort((a, b) => Number(a - b));
  const hasPause = times.some((t, i) => i > 0 && t - (times[i - 1] as bigint) >= SECOND);
  const has = (flags: number): boolean => shown.some((s) => (s.flags & flags) !== 0);
  return has(Flag.Syn) && has(CLOSE) && !hasPause;
}

const SECOND = 1_000_000_000n;

const CLOSE = Flag.Fin | Flag.Rst;

/** The first FIN or RST that the client sent, or RST that it received. */
function closingSegment(scenario: Scenario): RawSegment | undefined {
  const file = scenario.captures.find((f) => hostOf(f) === 'client');
  return (file === undefined ? [] : flowIn(scenario, file)).find((s) => {
    const close = fromClient(s, scenario.truth.flow) ? CLOSE : Flag.Rst;
    return (s.flags & close) !== 0;
  });
}
