/**
 * The report: the one document that every face of Stallscope prints.
 * Types only. This is a public contract, `schemaVersion` 1: it may grow, it
 * may not break. Times are decimal strings of ns since the epoch; durations
 * are numbers of seconds; a value that is not known is null, never invented.
 */

export type NanosString = string;

export interface FrameRef {
  /** `Capture.id`. */
  capture: string;
  /** 1-based frame number, as Wireshark shows it. */
  frame: number;
}

export interface Report {
  schemaVersion: 1;
  tool: { name: string; version: string };
  /** One or two sentences that stand alone. */
  headline: string;
  captures: Capture[];
  clocks: Clock[];
  failovers: Failover[];
  path: Path;
  flows: Flow[];
  causes: { id: CauseId; flows: string[]; worstStall: number | null }[];
  summary: { flows: number; byOutcome: Partial<Record<Outcome, number>> };
  advice: Advice[];
  problems: ReportProblem[];
}

export type Role = 'client' | 'node' | 'server' | 'unknown';

export interface Vantage {
  host: string;
  side?: 'in' | 'out';
  role: Role;
  inferred: boolean;
}

export interface Capture {
  id: string;
  file: string;
  sha256?: string;
  format: string;
  linkTypes: string[];
  vantage: Vantage;
  frames: number;
  firstTime: NanosString | null;
  lastTime: NanosString | null;
  coveredUntil: NanosString | null;
  snaplen: number | null;
  dropped: number | null;
  truncated: boolean;
  interfaces: { name: string | null; linkType: string; snaplen: number; dropped: number | null }[];
  /** When it did not run, or lost packets, by its collector's word or by a file that is missing before it; only where it has any. Grown beyond the first contract. */
  gaps?: Gap[];
  /** What wrote it, where a collector did. Grown beyond the first contract. */
  collector?: { host: string; engine: string; stamps: 'kernel' | 'userland'; number: number };
}

/** A time of which absence means nothing. */
export interface Gap {
  /** Null where it is of all interfaces. */
  interface: string | null;
  from: NanosString;
  /** Null where it goes on to the end of the captures. */
  to: NanosString | null;
  why: string;
  /** So many packets were lost; absent where nothing was captured at all. */
  packets?: number;
}

export interface Clock {
  capture: string;
  reference: string;
  offset: number;
  skewPpm: number;
  error: number | null;
  pairs: number;
  /** Time of the capture's own clock at which `offset` holds, as ns since the epoch. Grown beyond the first contract. */
  at?: NanosString;
  /** `error` holds between these, by the capture's own clock; outside it grows by `skewErrorPpm`. Grown beyond the first contract. */
  from?: NanosString;
  until?: NanosString;
  skewErrorPpm?: number;
  /** What it follows from: packets that both captures hold; both hosts' exchanges with one server; or only that both said to be synchronised. `packets` where absent. Grown beyond the first contract. */
  by?: 'packets' | 'exchange' | 'hosts';
}

export interface Failover {
  id: string;
  pathLost: NanosString;
  pathRestored: NanosString | null;
  restoredBy: 'seen' | 'bound';
  outage: number | null;
  /** Seconds: the path was lost at `pathLost` or up to so much later. Grown beyond the first contract. */
  lostWithin?: number;
  /** Seconds: the path was back at `pathRestored` or up to so much earlier. Grown beyond the first contract. */
  restoredWithin?: number;
  /** By what the nodes passed on, in each direction. Grown beyond the first contract. */
  directions?: { toward: End; lost: NanosString | null; restored: NanosString | null }[];
  from?: string;
  to?: string;
  marks: Claim[];
  /**
   * What tells the flows that it left hanging or ended from those that went on, of those that were there: traits, in
   * words, that part them without exception. Grown beyond the first contract.
   */
  contrast?: {
    trait: 'age' | 'port' | 'owed' | 'idle';
    affected: string;
    others: string;
    counts: { affected: number; others: number };
  }[];
}

export type PathKind = 'forwarded' | 'translated' | 'sequence-shifted' | 'terminated' | 'unknown';

export interface Path {
  kind: PathKind;
  claims: Claim[];
}

export const OUTCOMES = [
  'unaffected',
  'resumed',
  'hung',
  'reset',
  'gave-up',
  'cut-short',
  'connect-delayed',
  'not-connected',
  'undecided',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Every cause of the catalogue, failover causes first, "not the failover" last. */
export const CAUSE_IDS = [
  'rto-backoff',
  'outage',
  'no-state-drop',
  'no-state-reject',
  'out-of-window',
  'nat-mapping-lost',
  'terminated-proxy',
  'not-yet-synced',
  'state-not-committed',
  'stale-path',
  'one-way-path',
  'peer-gave-up',
  'client-timeout',
  'keepalive-expired',
  'pmtu-black-hole',
  'split-brain',
  'snat-port-clash',
  'cloud-flow-pinned',
  'syn-backoff',
  'delayed-victim',
  'udp-mapping',
  'stale-failback',
  'midstream-pickup',
  'sequence-offset-lost',
  'policy-mismatch',
  'node-capacity',
  'torn-down-by-old-node',
  'reverse-path-check',
  'offload-blind-spot',
  'tuple-reuse',
  'path-not-restored',
  'zero-window',
  'application-idle',
  'loss',
  'capture-gap',
] as const;
export type CauseId = (typeof CAUSE_IDS)[number];

/** Causes of stalls that are not the failover's. */
export const NOT_THE_FAILOVER: readonly CauseId[] = [
  'zero-window',
  'application-idle',
  'loss',
  'capture-gap',
];

export type Confidence = 'high' | 'medium' | 'low';
export type End = 'client' | 'server';

export interface Endpoint {
  address: string;
  port: number;
}

export interface Flow {
  id: string;
  protocol: 'tcp' | 'udp';
  client: Endpoint;
  server: Endpoint;
  translated?: Endpoint[];
  legs?: { client: Endpoint; server: Endpoint; seenAt: string[] }[];
  start: NanosString;
  end: NanosString;
  bytesToClient: number;
  bytesToServer: number;
  seenAt: string[];
  path: PathKind;
  outcome: Outcome;
  cause: CauseId | null;
  candidates: CauseId[];
  contributing: CauseId[];
  confidence: Confidence;
  endedBy?: {
    who: End | 'old-node' | 'new-node' | 'unknown';
    how: 'FIN' | 'RST' | 'ICMP';
    frame: FrameRef;
  };
  replacedBy?: string;
  stalls: Stall[];
  claims: Claim[];
  ruledOut: { cause: CauseId; because: string }[];
  splitBy: string[];
  advice: Advice[];
  /** tcp.stream of tshark, by capture id: what `-v` and filters print. Grown beyond the first contract. */
  streams?: Record<string, number>;
  /** How the sender of the stall that the outcome rests on tried again, where its tries are in a capture. Grown beyond the first contract. */
  sender?: SenderTries;
  /** What a flow that still waits as the captures end is waiting for. Grown beyond the first contract. */
  stuck?: Stuck;
  /** The newest request, where it can be read (HTTP/1 that is not encrypted). Grown beyond the first contract. */
  request?: RequestSeen;
  /**
   * What the timers of common clients and servers would have done to the stall that the outcome rests on. Only of a flow that stands for
   * its group (its longest stall), or was asked for (`--flow`). Grown beyond the first contract.
   */
  timers?: TimerReplay[];
  /** The flow's frames around its stalls, oldest first; only for a flow that was asked for (`--flow`). Grown beyond the first contract. */
  ladder?: LadderRow[];
}

/** The tries of an end that had no answer. */
export interface SenderTries {
  by: End;
  /** It repeats a SYN. */
  syn: boolean;
  /** Seconds before each try: from the last answer to the first, then from try to try. Those before the path was back. */
  waits: number[];
  /** Those tries. */
  frames: FrameRef[];
  /** What follows from these waits alone once the path is back, and what came: which try, and seconds since the first wait began. */
  resumed?: { predicted: RungTime; seen: RungTime };
}

/** One timer, replayed on one stall. */
export interface TimerReplay {
  /** As `diagnose advise --client` takes it. */
  client: string;
  /** As the client calls it. */
  timer: string;
  end: End;
  /** As it is delivered. */
  delivered: TimerFate;
  /** Another value of it, as one writes it: long enough to ride the stall through; where nothing went on, to fail no sooner than one must. */
  set?: { text: string; fate: TimerFate };
}

export interface TimerFate {
  /**
   * `resumes`: the flow goes on before it fires. `fails`: it fires first. `may-fail`: which of the two comes first cannot be told.
   * `waits`: it never fires, and nothing was seen to go on.
   */
  outcome: 'resumes' | 'fails' | 'may-fail' | 'waits';
  /** Seconds since the stall began until the flow goes on, or the timer fires. Absent for `waits`, and where that cannot be told either. */
  after?: number;
  /** It fires though the path is back: it ends what was about to go on. */
  aboutToGoOn?: boolean;
}

export interface RungTime {
  /** 1 is the first try. */
  rung: number;
  /** Seconds. */
  after: number;
}

export interface Stuck {
  /** Who has something to send that is not acknowledged, or owes it. */
  by: End;
  /** Bytes that are known to be stuck; null where nobody can tell how many. */
  bytes: number | null;
  /** When its sender tries next; null where that is not known. */
  nextRetry: NanosString | null;
  /** When its sender gives up for good (Linux); null where that is not known, or it has nothing to send. */
  givesUp: NanosString | null;
  /** Waiting longer than this makes no sense: null where it makes none at all, or nothing tells. */
  waitUntil: NanosString | null;
  /** In a sentence. */
  why: string;
}

/** What can be read of the newest request. */
export interface RequestSeen {
  method: string;
  /** The response had begun. */
  answered: boolean;
  /** By its method it may be sent again without doing more than once (RFC 9110, 9.2.2). */
  idempotent: boolean;
}

/** One frame of a flow's ladder. */
export interface LadderRow {
  frame: FrameRef;
  time: NanosString;
  from: End;
  /** Such as `SYN`, `PSH ACK`, `RST`. */
  flags: string;
  /** Relative to the first sequence number seen of that side. */
  seq: number;
  ack: number;
  length: number;
  window: number;
  /** What it is, in words: `last data before the stall`, `retransmission 3 (rung 3.3 s)`, `keepalive probe, unanswered`, … */
  label: string;
}

export interface Stall {
  start: NanosString;
  end: NanosString | null;
  /** Seconds; to the end of the coverage where it has not ended. */
  duration: number;
  waiting: End;
  owedBy: End;
  cause: CauseId | null;
  /** To the first proof that the path was back. */
  outage: number | null;
  backoff: number | null;
  recovery: number | null;
  /** Seconds: `outage` may have been so much shorter, and `backoff` longer. Grown beyond the first contract. */
  outageWithin?: number;
  /** Index of the retransmission that ended it (1 is the first RTO), where the ladder shows it. */
  rung: number | null;
  nextRetry: NanosString | null;
  censored: boolean;
  frames: { last: FrameRef; first?: FrameRef };
}

/** What every frame cited by a claim shows, so that a machine can check it. Grown beyond the first contract. */
export interface Shows {
  /** Who sent the frames; `network` for ARP, VRRP and ICMP, `other-flow` for a frame of another connection. */
  from: End | 'network' | 'other-flow';
  what:
    | 'data'
    | 'retransmission'
    | 'probe'
    | 'ack'
    | 'zero-window'
    | 'window-update'
    | 'syn'
    | 'syn-ack'
    | 'fin'
    | 'rst'
    | 'arp'
    | 'vrrp'
    | 'icmp'
    | 'segment';
}

export interface Claim {
  kind: 'observed' | 'inferred' | 'absent';
  text: string;
  frames: FrameRef[];
  shows?: Shows;
  journal?: { file: string; line: number }[];
  coverage?: { from: NanosString; to: NanosString; why: string };
}

export interface Advice {
  text: string;
  change?: { who: End | 'gateway'; setting: string; value: string };
  effect: { resumesAfter?: number; failsAfter?: number };
  safeToRetry?: 'yes' | 'no' | 'unknown';
}

export interface ReportProblem {
  code: string;
  message: string;
  at: { capture: string; offset?: number; frame?: number };
}
