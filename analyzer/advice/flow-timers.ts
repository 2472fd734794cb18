/**
 * The stall of a judged flow as the timers of clients and servers would have met it: who read, who wrote, when the path was
 * back, whether anything came of waiting. And the rows of the table, for the flow's report.
 * The trap: whether a program reads or writes is not on the wire. It is said only where what is owed leaves no other choice.
 */
import { type Nanos, toSeconds } from '../../packet/time.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { CauseId, End, TimerReplay } from '../report/report.ts';
import type { Case } from '../verdict/case.ts';
import { endName } from '../verdict/words.ts';
import { replayTimers, type StallSeen } from './clients/replay.ts';
import { CLIENTS } from './clients/table.ts';
import { MAY_COME_BACK } from './stuck.ts';
import type { Tries } from './tries.ts';

/** What the replay of the flow itself found. All in s since the stall began. */
export interface Replay {
  /** When it went on, or would have; null where it did not. */
  readonly wentOn: number | null;
  /** When the path was back; null where that is not known. */
  readonly back: number | null;
  /** A timeout that is to fail, and no sooner than one must. */
  readonly patience: number;
}

/** Where these let a probe meet somebody who does not know the connection, it is reset, and not answered by nobody. */
export const ANSWERED_BY_RESET: readonly CauseId[] = ['terminated-proxy', 'no-state-reject'];
/** With these nothing answers a probe. */
export const ANSWERED_BY_NOBODY: readonly CauseId[] = ['no-state-drop', 'path-not-restored'];

/** Rows for the timers that this stall touches; none where it is not known who waited for what. */
export function timersOf(c: Case, cause: CauseId | null, tries: Tries | null, replay: Replay): TimerReplay[] {
  const seen = stallSeen(c, cause, tries, replay);
  return seen === null ? [] : replayTimers(CLIENTS, seen);
}

function stallSeen(c: Case, cause: CauseId | null, tries: Tries | null, replay: Replay): StallSeen | null {
  const stall = c.main?.stall;
  const who = whoWaits(c, tries);
  if (stall === undefined || who === null) return null;
  return {
    reads: who.reads,
    writes: who.writes,
    wentOn: replay.wentOn,
    back: replay.back,
    patience: replay.patience,
    isOpening: stall.what === 'handshake',
    lostUntil: lostUntil(stall.start, replay.back, tries),
    lasts: toSeconds(stall.duration),
    isVain:
      (c.outcome === 'hung' || c.outcome === 'gave-up') && cause !== null && !MAY_COME_BACK.includes(cause),
    probeMeets: meets(cause),
    elapsed: elapsedOf(c),
  };
}

function meets(cause: CauseId | null): StallSeen['probeMeets'] {
  if (cause === null) return null;
  if (ANSWERED_BY_RESET.includes(cause)) return 'reset';
  return ANSWERED_BY_NOBODY.includes(cause) ? 'nobody' : null;
}

/** Who leaves a first window (RFC 6928) unfilled has no more to write, and reads. */
const FIRST_WINDOW = 14_600;

function whoWaits(c: Case, tries: Tries | null): Pick<StallSeen, 'reads' | 'writes'> | null {
  const { flow, main } = c;
  if (main === null) return null;
  const { what, owedBy, bytes } = main.stall;
  const { client, server } = flow;
  const name = (end: EndIndex): End => endName(flow, end);
  switch (what) {
    case 'handshake':
      return { reads: [], writes: null };
    case 'answer':
      return { reads: [name(client)], writes: tries === null ? null : name(tries.by) };
    case 'promised':
    case 'mid-answer':
      return { reads: [name(otherOf(flow, owedBy))], writes: name(owedBy) };
    case 'unacknowledged': {
      if (owedBy === server) return { reads: ['client'], writes: 'server' };
      const isUpload = bytes === null || bytes >= FIRST_WINDOW;
      return { reads: isUpload ? ['server'] : ['client'], writes: 'client' };
    }
    default:
      return null;
  }
}

const otherOf = ({ client, server }: Flow, end: EndIndex): EndIndex => (end === client ? server : client);

function lostUntil(start: Nanos, back: number | null, tries: Tries | null): number {
  const vain = (tries?.all ?? [])
    .map(({ time }) => toSeconds(time - start))
    .filter((at) => back !== null && at < back);
  return Math.max(0, ...vain);
}

/** s since the request was sent: known where it is the connection's only one, or was the last that moved. */
function elapsedOf({ flow, main, watch }: Case): number | null {
  if (main === null) return null;
  if (main.stall.what === 'answer') return 0;
  const { sides } = watch.connection;
  const isOnly = watch.exchange.requests <= 1 && sides[flow.client].syn !== NO_FRAME;
  return isOnly ? toSeconds(main.stall.start - flow.firstTime) : null;
}
