/**
 * The diagnosis of a synthesised capture, as short as a test wants it.
 */
import { type CaptureInput, createAnalysis, type Flow, type Report } from '../../analyzer/index.ts';
import { epoch, type Network, type SynthFrame } from './network.ts';

export interface DiagnosisOptions {
  until?: number;
  file?: string;
  arrange?: (frames: SynthFrame[]) => SynthFrame[];
  vantage?: CaptureInput['vantage'];
}

export function diagnose(network: Network, options: DiagnosisOptions = {}): Report {
  const analysis = createAnalysis({
    tool: { name: 'stallscope', version: '0.0.0' },
    ...(options.until === undefined ? {} : { until: epoch(options.until) }),
  });
  const { vantage, file = 'client.pcap' } = options;
  const feed = analysis.addCapture({ file, ...(vantage === undefined ? {} : { vantage }) });
  feed.push(network.bytes(options.arrange));
  feed.end();
  return analysis.finish();
}

/** `resumed by rto-backoff`, `hung, cause open`, `unaffected`; and `with a failover` where one is claimed. */
export function inWords(report: Report, port?: number): string {
  const flow = port === undefined ? (report.flows[0] as Flow) : flowOn(report, port);
  const cause = flow.cause !== null ? ` by ${flow.cause}` : flow.candidates.length > 0 ? ', cause open' : '';
  return `${flow.outcome}${cause}${report.failovers.length > 0 ? ', with a failover' : ''}`;
}

/** The flow of a client port. */
export function flowOn(report: Report, port: number): Flow {
  const flow = report.flows.find((f) => f.client.port === port);
  if (flow === undefined) throw new Error(`no flow of port ${port}`);
  return flow;
}

/** `3.00 s application-idle`, one a stall; `-` where no cause is named. */
export const stallsOf = (flow: Flow): string[] =>
  flow.stalls.map((s) => `${s.duration.toFixed(1)} s ${s.cause ?? '-'}`);
