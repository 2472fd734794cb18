/**
 * One judged flow as the report shows it.
 */

import { type Nanos, seconds } from '../../packet/time.ts';
import { type FlowAdvice, secondsOf } from '../advice/advise-flow.ts';
import type { Try } from '../advice/sender-model.ts';
import type { Flow as TcpFlow } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { lastBefore } from '../stall/stall.ts';
import { stallParts } from '../verdict/backoff.ts';
import type { Case, JudgedStall } from '../verdict/case.ts';
import { both, type NodeWay } from '../verdict/hops.ts';
import type { JudgedFlow } from '../verdict/judge.ts';
import { narrate } from '../verdict/narrative.ts';
import type { VerdictClaim } from '../verdict/rule.ts';
import { rungOfStall } from '../verdict/rung.ts';
import { endName } from '../verdict/words.ts';
import { durationOf, type ReportClock } from './clock.ts';
import type { FlowName } from './flow-names.ts';
import type { Claim, Flow, Outcome, PathKind, Stall } from './report.ts';

export interface FlowContext {
  readonly name: FlowName;
  readonly clock: ReportClock;
  /** Id of the flow that took over from this one, where one did. */
  readonly replacedBy: string | undefined;
  readonly kind: PathKind;
}

export function toFlowReport(judged: JudgedFlow, context: FlowContext, advice: FlowAdvice): Flow {
  const { watch, case: c, verdict } = judged;
  const { flow, sides } = watch.connection;
  const { clock } = context;
  const claims = [...narrate(c), ...innocentClaims(c.stalls), ...verdict.claims, ...clientClaim(flow)];
  const report: Flow = {
    id: context.name.id,
    protocol: 'tcp',
    client: context.name.client,
    server: context.name.server,
    ...(context.name.translated.length === 0 ? {} : { translated: context.name.translated }),
    ...(context.name.legs.length === 0 ? {} : { legs: context.name.legs }),
    start: context.name.start,
    end: context.name.end,
    bytesToClient: sides[flow.server].bytes,
    bytesToServer: sides[flow.client].bytes,
    seenAt: context.name.seenAt,
    path: context.kind,
    outcome: c.outcome,
    cause: verdict.cause,
    candidates: [...verdict.candidates],
    contributing: [...verdict.contributing],
    confidence:
      flow.clientReason === 'guess' && verdict.confidence === 'high' ? 'medium' : verdict.confidence,
    stalls: c.stalls.filter((s) => s.stall.duration >= 1e9).map((s) => toStall(s, judged, clock)),
    claims: claims.map((claim) => toClaim(claim, clock)),
    ruledOut: [...verdict.ruledOut],
    splitBy: [...verdict.splitBy],
    advice: advice.replay.advice.map((one) => one.advice),
  };
  Object.assign(report, adviceParts(advice, judged, clock));
  if (Object.keys(context.name.streams).length > 0) report.streams = context.name.streams;
  const endedBy = toEndedBy(judged, clock);
  if (endedBy !== undefined) report.endedBy = endedBy;
  if (context.replacedBy !== undefined) report.replacedBy = context.replacedBy;
  return report;
}

/** What is only there where it is known. */
function adviceParts(
  { sender, stuck, request }: FlowAdvice,
  { case: c }: JudgedFlow,
  clock: ReportClock,
): Pick<Flow, 'sender' | 'stuck' | 'request'> {
  const time = (t: Nanos | null) => (t === null ? null : clock.time(t));
  const rung = ({ rung: number, at }: Try) => ({ rung: number, after: secondsOf(at) });
  return {
    ...(sender === null
      ? {}
      : {
          sender: {
            by: endName(c.flow, sender.by),
            syn: sender.syn,
            waits: sender.waits.map(secondsOf),
            frames: sender.frames.map((f) => clock.frame(f)),
            ...(sender.resumed === null
              ? {}
              : { resumed: { predicted: rung(sender.resumed.predicted), seen: rung(sender.resumed.seen) } }),
          },
        }),
    ...(stuck === null
      ? {}
      : {
          stuck: {
            by: endName(c.flow, stuck.by),
            bytes: stuck.bytes,
            nextRetry: time(stuck.nextRetry),
            givesUp: time(stuck.givesUp),
            waitUntil: time(stuck.waitUntil),
            why: stuck.why,
          },
        }),
    ...(request === null ? {} : { request }),
  };
}

export function toClaim(claim: VerdictClaim, clock: ReportClock): Claim {
  const { coverage, journal, shows } = claim;
  return {
    kind: claim.kind,
    text: claim.text,
    frames: claim.frames.filter((f) => f !== NO_FRAME).map((f) => clock.frame(f)),
    ...(shows === undefined ? {} : { shows }),
    // Only the place: an event that is cited holds more than the contract has, and times that JSON has not.
    ...(journal === undefined ? {} : { journal: journal.map(({ file, line }) => ({ file, line })) }),
    ...(coverage === undefined
      ? {}
      : { coverage: { from: clock.time(coverage.from), to: clock.time(coverage.to), why: coverage.why } }),
  };
}

function toStall(judgedStall: JudgedStall, judged: JudgedFlow, clock: ReportClock): Stall {
  const { stall, innocent } = judgedStall;
  const { case: c, verdict } = judged;
  const flow = c.flow;
  const parts = innocent === null ? stallParts(judgedStall) : null;
  const isMain = c.main === judgedStall;
  const first = stall.endedBy === 'progress' ? stall.ending : null;
  const next = stall.end === null ? (stall.ladder?.next ?? null) : null;
  const last = lastBefore(stall, stall.owedBy);
  return {
    start: clock.time(stall.start),
    end: stall.end === null ? null : clock.time(stall.end),
    duration: durationOf(stall.duration),
    waiting: endName(flow, stall.waiting),
    owedBy: endName(flow, stall.owedBy),
    cause: innocent?.cause ?? (isMain ? verdict.cause : null),
    outage: parts === null ? null : round(parts.outage),
    backoff: parts === null ? null : round(parts.backoff),
    recovery:
      parts === null
        ? null
        : // Not below 0, also where a clock that jumped by centuries leaves less than exact numbers.
          Math.max(0, round(durationOf(stall.duration) - round(parts.outage) - round(parts.backoff))),
    ...(parts === null || parts.within < LEAST_WITHIN ? {} : { outageWithin: round(parts.within) }),
    rung: rungOfStall(stall, judged.watch, c.near),
    nextRetry: next === null ? null : clock.time(next),
    censored: stall.end === null && (next === null || next > c.coveredUntil),
    frames: {
      last: clock.frame(last === NO_FRAME ? stall.startFrame : last),
      ...(first === null ? {} : { first: clock.frame(first.id) }),
    },
  };
}

/** Seconds: less is what a path takes. */
const LEAST_WITHIN = 0.001;

const round = (s: number): number => Math.round(s * 1e6) / 1e6;

function innocentClaims(stalls: readonly JudgedStall[]): VerdictClaim[] {
  return stalls
    .filter((s) => s.innocent !== null)
    .slice(0, 6)
    .map((s) => {
      const innocent = s.innocent as NonNullable<JudgedStall['innocent']>;
      return {
        kind: 'inferred',
        text: `a stall of ${(s.stall.duration / 1e9).toFixed(2)} s is not the failover's (${innocent.cause}): ${innocent.because}`,
        frames: innocent.frames,
      };
    });
}

function clientClaim(flow: TcpFlow): VerdictClaim[] {
  if (flow.clientReason !== 'guess' && flow.clientReason !== 'peers') return [];
  const why =
    flow.clientReason === 'guess'
      ? 'only because its port is the higher one'
      : 'because the other end serves several peers';
  return [
    { kind: 'inferred', text: `which end is the client is not in the capture; taken ${why}`, frames: [] },
  ];
}

function toEndedBy(judged: JudgedFlow, clock: ReportClock): Flow['endedBy'] {
  const { watch, case: c, verdict } = judged;
  const { flow, sides } = watch.connection;
  const close = watch.close;
  if (close !== null) {
    // A node may have made an RST in the far end's name; which of the two, only a known cause tells.
    const open =
      close.how === 'RST' && close.by !== c.near && c.outcome === 'reset' && verdict.cause === null;
    const node = nodeThatMade(c, close.event.id);
    const who = node ?? (c.facts.foreignReset || open ? 'unknown' : endName(flow, close.by));
    return { who, how: close.how, frame: clock.frame(close.event.id) };
  }
  const [a, b] = sides;
  const ends = [a.fin === NO_FRAME ? null : 0, b.fin === NO_FRAME ? null : 1].filter(
    (e): e is 0 | 1 => e !== null,
  );
  if (ends.length === 0) return undefined;
  const first = ends.reduce((x, y) => (sides[y].finTime < sides[x].finTime ? y : x));
  return { who: endName(flow, first), how: 'FIN', frame: clock.frame(sides[first].fin) };
}

/** The node that made a frame in an end's name, where the other captures show it. */
function nodeThatMade({ cross }: Case, frame: FrameId): 'new-node' | 'old-node' | null {
  if (cross === null) return null;
  for (const { newNode, oldNode } of [cross.hops, ...(cross.otherLeg === null ? [] : [cross.otherLeg])]) {
    const made = (node: NodeWay | null): boolean =>
      node !== null && both(node.made).some((p) => p.seen.some((s) => s.row.id === frame));
    if (made(newNode)) return 'new-node';
    if (made(oldNode)) return 'old-node';
  }
  return null;
}

/** Connections by who opened them to which service, oldest first: who may have taken over from whom. */
export class Replacements {
  private readonly byService = new Map<string, JudgedFlow[]>();

  constructor(all: readonly JudgedFlow[]) {
    if (!all.some(({ case: { outcome } }) => isReplaceable(outcome))) return;
    for (const judged of all) {
      if (judged.case.flow.clientReason !== 'syn') continue;
      const key = serviceKey(judged.case.flow);
      const known = this.byService.get(key);
      if (known === undefined) this.byService.set(key, [judged]);
      else known.push(judged);
    }
    for (const known of this.byService.values()) {
      known.sort((a, b) => a.case.flow.firstTime - b.case.flow.firstTime);
    }
  }

  /** The first connection that the same client opened to the same service after this one had failed. */
  of(judged: JudgedFlow): JudgedFlow | undefined {
    const { outcome, flow } = judged.case;
    if (!isReplaceable(outcome)) return undefined;
    const closed = judged.watch.close?.event.time ?? flow.lastTime;
    const opened = this.byService.get(serviceKey(flow)) ?? [];
    let at = firstFrom(opened, closed - BEFORE_CLOSE);
    if (opened[at]?.case.flow === flow) at += 1;
    const next = opened[at];
    return next !== undefined && next.case.flow.firstTime - closed <= SOON ? next : undefined;
  }
}

/** Only a connection that failed has one that takes over from it. */
const isReplaceable = (outcome: Outcome): boolean =>
  outcome === 'gave-up' || outcome === 'reset' || outcome === 'cut-short';

/** Index of the first flow that began at `time` or later; they are sorted, and one client may have opened thousands. */
function firstFrom(flows: readonly JudgedFlow[], time: Nanos): number {
  let low = 0;
  let high = flows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((flows[middle] as JudgedFlow).case.flow.firstTime < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const serviceKey = (flow: TcpFlow): string =>
  `${flow.addressOf(flow.client)} ${flow.addressOf(flow.server)} ${flow.port[flow.server]}`;

/** Retries of clients come within two minutes; some open the new connection just before they close the old one. */
const SOON: Nanos = seconds(120);
const BEFORE_CLOSE: Nanos = seconds(1);
