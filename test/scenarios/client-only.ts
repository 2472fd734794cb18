/**
 * What the client's capture alone must decide, and the table that says what it
 * does decide. Where the file holds no frame of the flow after its last data,
 * nothing but `undecided` is honest; with `--until` the same file is a hang.
 */
import type { Flow, Report } from '../../analyzer/index.ts';
import { diagnose, flowOf, type Scenario } from './scenario.ts';

/** Only so many candidates are read by anybody. */
export const CANDIDATES_READ = 12;

/**
 * Scenarios whose cause a *1cap* line of the catalogue decides for the client's
 * capture, with that line. All others leave several causes, and say which:
 * `x-rtomax3-d30`, for one, goes on at a time that is no rung, so that the outage
 * alone may explain it.
 */
export const DECIDED_BY_CLIENT: Readonly<Record<string, string>> = {
  'c-reject':
    'no-state-reject: the RST has another TTL than the data, and answers a keepalive after a silence',
  'i-arp-garp': 'rto-backoff: same tuple, same sequence space, the gap ends on a rung, no answered keepalive',
  'k-sendtimeout': 'peer-gave-up: FIN with a hole before it after the stall',
  'l-wget-retry':
    "client-timeout: the client closed, and a new connection's SYN was still unanswered after that",
  'mixed-24': 'rto-backoff: other connections prove the path back before this one went on',
  'mtu-1280': 'pmtu-black-hole: keepalives answered with bytes outstanding for more than twice the outage',
  'nat-synced': 'rto-backoff: as i-arp-garp',
  'r-syn-12': 'syn-backoff: the ladder of SYNs is complete',
  'rto-30': 'rto-backoff: as i-arp-garp',
  'rto-7': 'rto-backoff: as i-arp-garp',
  'up-synced': "rto-backoff: the client's own ladder is in the capture",
};

export interface Row {
  readonly scenario: string;
  readonly truth: string;
  readonly outcome: string;
  readonly cause: string;
  /** Position of the true cause among the candidates, 1-based; 0 where it is decided or not among them. */
  readonly rank: number;
  readonly verdict: 'right' | 'open' | 'wrong';
}

/** Diagnoses a scenario from its client's capture. */
export const diagnoseClient = (scenario: Scenario): Report => diagnose(scenario, ['client.pcap.gz']);

/** Frames of the flow after its last data: without any, the file shows no stall. */
export function rowOf(scenario: Scenario, report: Report): Row {
  const { truth } = scenario;
  const flow = flowOf(report, truth);
  if (flow === undefined) throw new Error(`${scenario.name}: the flow is not in the report`);
  const rank = flow.candidates.findIndex((c) => truth.cause.includes(c)) + 1;
  return {
    scenario: scenario.name,
    truth: `${truth.outcome.join('|')} ${truth.cause.map((c) => c ?? '-').join('|')}`,
    outcome: flow.outcome,
    cause: flow.cause ?? (rank > 0 ? `? (true one is ${rank} of ${flow.candidates.length})` : '-'),
    rank,
    verdict: judge(scenario, flow, rank),
  };
}

function judge(scenario: Scenario, flow: Flow, rank: number): Row['verdict'] {
  const { truth } = scenario;
  const right = truth.outcome.includes(flow.outcome);
  const hidden = flow.outcome === 'undecided' && showsNoStall(flow);
  if (!right && !hidden) return 'wrong';
  if (flow.cause !== null) return truth.cause.includes(flow.cause) ? 'right' : 'wrong';
  if (truth.cause.includes(null)) return 'right';
  return rank >= 1 && rank <= CANDIDATES_READ ? 'open' : 'wrong';
}

/** The capture ends within a second of the flow's last progress. */
const showsNoStall = (flow: Flow): boolean => flow.stalls.every((s) => s.end !== null);

/** The table as text: a golden file, and what `npm run scenarios` prints. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['scenario', 'truth', 'outcome', 'cause', 'verdict'];
  const lines = rows.map((r) => [r.scenario, r.truth, r.outcome, r.cause, r.verdict]);
  const widths = head.map((h, i) => Math.max(h.length, ...lines.map((l) => (l[i] as string).length)));
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd();
  return `${[format(head), ...lines.map(format)].join('\n')}\n`;
}
