/**
 * UDP flows that stood still, as the report shows them. All vantages are judged
 * together. DNS and QUIC only: they alone repeat what is not answered, so that a
 * silence can be told from having nothing to say.
 * Flows without trouble are left out: a resolver opens one for every name, and a
 * report of ten thousand names that were found at once is read by nobody.
 * The trap: the questions for A and AAAA leave from one port, and share a fate.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import { udpFlowId } from '../flow/flow-id.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Claim, Flow, LadderRow, Outcome, Stall } from '../report/report.ts';
import { inferred, type VerdictClaim } from './rule.ts';
import type { UdpCase, UdpClock, UdpView } from './udp/udp-case.ts';
import { judgeUdpCauses, type UdpVerdict } from './udp/udp-causes.ts';
import { dnsCases } from './udp/udp-dns.ts';
import { outsideUdpGaps } from './udp/udp-in-gap.ts';
import { quicCases } from './udp/udp-quic.ts';
import { endWords } from './udp/udp-sight.ts';

export type { UdpView } from './udp/udp-case.ts';

/** One flow of the report, and the rows that `--flow` shows of it. */
export interface UdpFlowReport {
  readonly flow: Flow;
  readonly ladder: readonly LadderRow[];
}

/** Questions of one port further apart are different flows: ports are used again. */
const SAME_FLOW: Nanos = seconds(30);

/** Every UDP flow with trouble, oldest first; the first view of several that see it best tells it. */
export function judgeUdp(views: readonly UdpView[]): UdpFlowReport[] {
  const cases = [...shareFate(dnsCases(views)), ...quicCases(views).map((c) => ({ main: c, others: [] }))];
  cases.sort((a, b) => startOf(a.main) - startOf(b.main) || (nameOf(a.main) < nameOf(b.main) ? -1 : 1));
  const seen = new Map<string, number>();
  const fewer = new FewerViews(views);
  return cases.map(({ main, others }) => {
    const name = nameOf(main);
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return toReport(main, others, fewer, udpFlowId(main.ends.client, main.ends.server, nth));
  });
}

const startOf = (c: UdpCase): Nanos => c.view.toReference(c.start);
const nameOf = ({ ends }: UdpCase): string => `${endWords(ends.client)} ${endWords(ends.server)}`;

interface Fate {
  readonly main: UdpCase;
  readonly others: readonly UdpCase[];
}

const WORST_FIRST: readonly Outcome[] = ['hung', 'gave-up', 'undecided', 'resumed'];

/** Questions from one port to one server at one time: one flow, told by the one that fared worst. */
function shareFate(cases: readonly UdpCase[]): Fate[] {
  const byEnds = new Map<string, UdpCase[]>();
  for (const c of cases) {
    const known = byEnds.get(nameOf(c));
    if (known === undefined) byEnds.set(nameOf(c), [c]);
    else known.push(c);
  }
  return [...byEnds.values()].flatMap((own) => {
    const groups: UdpCase[][] = [];
    let until = Number.NEGATIVE_INFINITY;
    for (const c of own.sort((a, b) => startOf(a) - startOf(b))) {
      if (startOf(c) > until) groups.push([]);
      groups.at(-1)?.push(c);
      until = Math.max(until, c.view.toReference(c.lastTime) + SAME_FLOW);
    }
    return groups.map((group): Fate => {
      const [main, ...others] = group.sort(byBadness);
      return { main: main as UdpCase, others };
    });
  });
}

const byBadness = (a: UdpCase, b: UdpCase): number =>
  WORST_FIRST.indexOf(a.outcome) - WORST_FIRST.indexOf(b.outcome) || b.until - b.start - (a.until - a.start);

/** The cases as some of the views have them, each set of views once. */
class FewerViews {
  readonly all: readonly UdpView[];
  private readonly known = new Map<string, ReadonlyMap<number, UdpCase>>();

  constructor(all: readonly UdpView[]) {
    this.all = all;
  }

  /** The same flow in the same view; null where it is no case without the others. */
  without(blind: readonly UdpView[], { view, startFrame }: UdpCase): UdpCase | null {
    const seeing = this.all.filter((v) => !blind.includes(v));
    const key = seeing.map((v) => this.all.indexOf(v)).join();
    const cases =
      this.known.get(key) ??
      new Map([...dnsCases(seeing), ...quicCases(seeing)].map((c) => [c.startFrame, c]));
    this.known.set(key, cases);
    const found = cases.get(startFrame);
    return found?.view === view ? found : null;
  }
}

function toReport(c: UdpCase, others: readonly UdpCase[], fewer: FewerViews, id: string): UdpFlowReport {
  const { clock, captureIds } = c.view;
  const { outcome, verdict } = outsideUdpGaps(c, fewer.all, judgeUdpCauses(c), (blind) =>
    fewer.without(blind, c),
  );
  const all = [c, ...others];
  const flow: Flow = {
    id,
    protocol: 'udp',
    client: { ...c.ends.client },
    server: { ...c.ends.server },
    ...(c.translated.length === 0 ? {} : { translated: c.translated.map((t) => ({ ...t })) }),
    start: clock.time(least(all.map((o) => o.firstTime))),
    end: clock.time(greatest(all.map((o) => o.lastTime))),
    bytesToClient: all.reduce((sum, o) => sum + o.bytesToClient, 0),
    bytesToServer: all.reduce((sum, o) => sum + o.bytesToServer, 0),
    seenAt: [...new Set([...captureIds, ...all.flatMap((o) => o.seenAt)])].sort(byNumber),
    path: c.translated.length === 0 ? 'unknown' : 'translated',
    outcome,
    cause: verdict.cause,
    candidates: [...verdict.candidates],
    contributing: [...verdict.contributing],
    confidence: verdict.confidence,
    stalls: [toStall(c, verdict)],
    claims: [...c.story, ...othersClaim(others), ...verdict.claims].map((claim) => toClaim(claim, clock)),
    ruledOut: [...verdict.ruledOut],
    splitBy: splitBy(c, verdict),
    advice: [],
  };
  return { flow, ladder: c.ladder };
}

/** Not `Math.min(...times)`: a call takes no 100,000 arguments. */
const least = (times: readonly Nanos[]): Nanos => times.reduce((a, b) => Math.min(a, b));
const greatest = (times: readonly Nanos[]): Nanos => times.reduce((a, b) => Math.max(a, b));

const byNumber = (a: string, b: string): number => Number(a.slice(1)) - Number(b.slice(1));

const CITED = 10;

function othersClaim(others: readonly UdpCase[]): VerdictClaim[] {
  if (others.length === 0) return [];
  const many = others.length === 1 ? '1 more question' : `${others.length} more questions`;
  const frames = others.slice(0, CITED).map((o) => o.startFrame);
  return [inferred(`${many} from the same port had no answer in time either`, frames)];
}

function toStall(c: UdpCase, verdict: UdpVerdict): Stall {
  const { clock } = c.view;
  const next = c.nextTry !== null && c.nextTry > c.until ? c.nextTry : null;
  const wentOn = c.outcome === 'resumed' || c.outcome === 'connect-delayed';
  return {
    start: clock.time(c.start),
    end: c.end === null ? null : clock.time(c.end),
    duration: Math.round(c.until - c.start) / 1e9,
    waiting: c.waiting,
    owedBy: c.waiting === 'client' ? 'server' : 'client',
    cause: verdict.cause,
    outage: null,
    backoff: null,
    recovery: null,
    rung: null,
    nextRetry: c.end !== null || next === null ? null : clock.time(next),
    censored: c.end === null && (next !== null || c.outcome === 'undecided'),
    frames: {
      last: clock.frame(c.startFrame),
      ...(wentOn && c.endFrame !== NO_FRAME ? { first: clock.frame(c.endFrame) } : {}),
    },
  };
}

function toClaim({ kind, text, frames, shows, coverage }: VerdictClaim, clock: UdpClock): Claim {
  return {
    kind,
    text,
    frames: frames.filter((f) => f !== NO_FRAME).map((f) => clock.frame(f)),
    ...(shows === undefined ? {} : { shows }),
    ...(coverage === undefined
      ? {}
      : { coverage: { from: clock.time(coverage.from), to: clock.time(coverage.to), why: coverage.why } }),
  };
}

/** What to capture or look up next: catalogue, section 4. */
function splitBy(c: UdpCase, { cause }: UdpVerdict): string[] {
  if (cause !== null) return [];
  const here = c.view.role === 'server' ? 'server' : 'client';
  const far = here === 'server' ? 'client' : 'server';
  if (c.stopped !== null) return ['state:node-b', 'journal:node-b', 'node-b.out'];
  const names = ['node-b.out', 'node-a.out', 'node-b.in', 'state:node-b'];
  if (c.kind === 'quic') names.splice(3, 0, far);
  return c.end === null ? [...names.slice(0, 4), `longer:${here}`] : names;
}
