/**
 * A flow that still waits as the captures end: what is stuck, when its sender tries next, when it stops to, and until when
 * waiting makes sense.
 * The trap: that the sender goes on trying is no reason to wait. Where the node keeps what comes, every further try is in vain.
 */
import type { Nanos } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { CauseId } from '../report/report.ts';
import { ANSWER_WAIT } from '../stall/stall.ts';
import type { Case } from '../verdict/case.ts';
import type { Verdict } from '../verdict/decide.ts';
import { endName } from '../verdict/words.ts';
import { givesUpAfter, triesAfter } from './sender-model.ts';
import { type Tries, waitsBefore } from './tries.ts';

/** Times by the view's clock. */
export interface StuckFacts {
  readonly by: EndIndex;
  readonly bytes: number | null;
  readonly nextRetry: Nanos | null;
  readonly givesUp: Nanos | null;
  readonly waitUntil: Nanos | null;
  readonly why: string;
}

/** With these the path is gone or goes elsewhere: once that is mended, the next try gets through. */
export const MAY_COME_BACK: readonly CauseId[] = [
  'path-not-restored',
  'stale-path',
  'one-way-path',
  'cloud-flow-pinned',
];

/** Null where nothing waits. */
export function stuckOf(c: Case, verdict: Verdict, tries: Tries | null): StuckFacts | null {
  const stall = c.main?.stall;
  if (stall === undefined || stall.end !== null || c.main?.innocent !== null) return null;
  const isOpen = c.outcome === 'hung' || c.outcome === 'undecided' || c.outcome === 'not-connected';
  if (!isOpen) return null;
  const waits = tries === null ? null : waitsBefore(tries, Number.POSITIVE_INFINITY);
  const next = tries === null || waits === null ? null : nextOf(tries, c.coveredUntil);
  const givesUp = tries === null || waits === null ? null : tries.since + givesUpAfter(waits);
  // Who opens a connection tries again, whoever owes it an answer.
  const by = tries?.by ?? (stall.what === 'handshake' ? c.flow.client : stall.owedBy);
  const seen = stall.stuck !== null && stall.stuck > 0 ? stall.stuck : stall.bytes;
  const bytes = seen ?? tries?.unacknowledged ?? null;
  const facts = { by, bytes, nextRetry: next, givesUp };
  const sender = endName(c.flow, by);
  if (givesUp !== null && givesUp <= c.coveredUntil)
    return {
      ...facts,
      nextRetry: null,
      waitUntil: null,
      why: `the ${sender} has stopped to try: nothing can come any more`,
    };
  if (verdict.cause !== null && !MAY_COME_BACK.includes(verdict.cause) && c.outcome === 'hung')
    return { ...facts, waitUntil: null, why: vain(c, verdict.cause, tries) };
  if (next === null) return { ...facts, waitUntil: null, why: untold(c, sender, tries) };
  if (verdict.cause !== null)
    return {
      ...facts,
      waitUntil: givesUp,
      why: `as soon as the path is mended, the next try of the ${sender} gets through`,
    };
  return {
    ...facts,
    waitUntil: next + ANSWER_WAIT,
    why: `the ${sender} tries again then: if the path is back and nothing comes, it was not its timer`,
  };
}

/** The try after the end of the captures. */
function nextOf(tries: Tries, covered: Nanos): Nanos | null {
  const waits = waitsBefore(tries, Number.POSITIVE_INFINITY);
  // One wait alone may be a probe's, or have begun earlier than it seems.
  if (waits === null || waits.seen.length < 2) return null;
  const next = triesAfter(waits).find(
    ({ at, rung }) => rung > tries.all.length && tries.since + at > covered,
  );
  return next === undefined ? null : tries.since + next.at;
}

function vain(c: Case, cause: CauseId, tries: Tries | null): string {
  const waiting = endName(c.flow, (c.main as NonNullable<Case['main']>).stall.waiting);
  if (tries === null) return `waiting does not help (${cause}): the ${waiting} will not hear of it by itself`;
  return `waiting does not help (${cause}): further tries end as those before`;
}

function untold(c: Case, sender: string, tries: Tries | null): string {
  const isOpening = c.main?.stall.what === 'handshake';
  if (tries !== null || isOpening) return `the ${sender} has tried too few times to tell when it tries next`;
  const near = c.near === null ? null : endName(c.flow, c.near);
  return near === sender
    ? `the ${sender} sends nothing: nothing will come of waiting unless the other end speaks`
    : `when the ${sender} tries next is not in these captures: capture at the ${sender} to find out`;
}
