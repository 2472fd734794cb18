/**
 * All that this stage says of one flow: how its sender tried, what a stuck one waits for, what was asked, and what another
 * outage or setting would have done.
 * The trap: predictions of a flow that went on rest on the tries before the path was back, and on nothing that came after.
 */
import { type Nanos, toSeconds } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { RequestSeen } from '../report/report.ts';
import type { JudgedFlow } from '../verdict/judge.ts';
import { replayFlow } from './flow-advice.ts';
import { type FlowReplay, NOTHING as NOT_REPLAYED } from './replayed.ts';
import { requestOf } from './request.ts';
import { resumingTry, type Try } from './sender-model.ts';
import { type StuckFacts, stuckOf } from './stuck.ts';
import { type Tries, triesOf, waitsBefore } from './tries.ts';

export interface FlowAdvice {
  readonly sender: SenderFacts | null;
  readonly stuck: StuckFacts | null;
  readonly request: RequestSeen | null;
  readonly replay: FlowReplay;
}

export interface SenderFacts {
  readonly by: EndIndex;
  readonly syn: boolean;
  /** ns; those that began before the path was back. */
  readonly waits: readonly Nanos[];
  readonly frames: readonly FrameId[];
  /** ns since the first wait began. */
  readonly resumed: { readonly predicted: Try; readonly seen: Try } | null;
}

const NOTHING: FlowAdvice = { sender: null, stuck: null, request: null, replay: NOT_REPLAYED };

/** Pure: the same judged flow gives the same. Nothing but the request for a flow that nothing stalled. */
export function adviseFlow({ case: c, verdict, watch }: JudgedFlow): FlowAdvice {
  const request = requestOf(watch);
  if (c.main === null || c.main.innocent !== null || c.outcome === 'unaffected')
    return { ...NOTHING, request };
  const tries = triesOf(c, c.main);
  return {
    sender: tries === null ? null : senderOf(tries),
    stuck: stuckOf(c, verdict, tries),
    request,
    replay: replayFlow(c, verdict.cause, tries),
  };
}

function senderOf(tries: Tries): SenderFacts | null {
  const { through } = tries;
  const back = tries.back ?? through?.time ?? Number.POSITIVE_INFINITY;
  const waits = waitsBefore(tries, back);
  if (waits === null) return null;
  const predicted = through === null ? null : resumingTry(waits, back - tries.since);
  return {
    by: tries.by,
    syn: tries.syn,
    waits: waits.seen,
    frames: tries.all.slice(0, waits.seen.length).map(({ id }) => id),
    resumed:
      through === null || predicted === null
        ? null
        : { predicted, seen: { rung: tries.all.indexOf(through) + 1, at: through.time - tries.since } },
  };
}

/** For JSON: s, to the microsecond. */
export const secondsOf = (t: Nanos): number => Math.round(toSeconds(t) * 1e6) / 1e6;
