/**
 * One stall against the timers of the table: which would have ended it, when, and which value rides it through. Pure: what is
 * known of the stall in, a row a timer out.
 * The trap: a timer counts only at the end that runs it, and only while that end does what the timer measures. A read timeout
 * says nothing to an end that waits for room to write, and no kernel probes while it has something unacknowledged.
 */
import type { End, TimerFate, TimerReplay } from '../../report/report.ts';
import { withMargin } from './advise.ts';
import type { Client, Setting, Timer } from './client.ts';
import { CONNECTING_ENDS } from './wait.ts';

/** All times in s since the stall began. */
export interface StallSeen {
  /** The connection was being opened. */
  readonly isOpening: boolean;
  /** When it went on; null where it did not. */
  readonly wentOn: number | null;
  /** When the path was back; null where that is not known. */
  readonly back: number | null;
  /** Until when something is known to have been sent in vain; 0 where nothing is. */
  readonly lostUntil: number;
  /** How long it was watched. */
  readonly lasts: number;
  /** Nothing comes of waiting, however long: the cause is known, and it is none that mends itself. */
  readonly isVain: boolean;
  /** The ends whose programs wait for something to read. */
  readonly reads: readonly End[];
  /** The end with bytes that nobody acknowledged; null where none is known to have any. */
  readonly writes: End | null;
  /** What a probe meets, sent when the path is back; null where that is not known. */
  readonly probeMeets: 'peer' | 'reset' | 'nobody' | null;
  /** s that the request had taken when the stall began; null where it is not known. */
  readonly elapsed: number | null;
  /** A timeout that is to fail, and no sooner than one must. */
  readonly patience: number;
}

/** s. Timers that are looked at every second fire so much late; what is written waits before the silence begins, so much early. */
const LATE = 1;
const EARLY = 1;

/** In the order of `clients`; timers that this stall does not touch are left out. */
export function replayTimers(clients: readonly Client[], stall: StallSeen): TimerReplay[] {
  const rows: TimerReplay[] = [];
  for (const { id, timers } of clients) {
    for (const timer of timers) {
      const end = isShown(timer) ? endOf(timer, stall) : null;
      if (end === null) continue;
      const row: TimerReplay = { client: id, timer: timer.name, end, delivered: fateOf(timer, timer, stall) };
      // One that is off has a value too, for those who turn it on.
      const isEnough = row.delivered.outcome === 'resumes' && timer.firesAfter !== null;
      const set = isEnough ? null : settingFor(timer, stall);
      if (set !== null) row.set = set;
      rows.push(row);
    }
  }
  return rows;
}

/** Limits of a whole request that nobody set say nothing of a stall. */
const isShown = ({ bounds, firesAfter }: Timer): boolean => bounds || firesAfter !== null;

/** The end at which it runs in this stall; null: at none. */
function endOf(timer: Timer, { isOpening, reads, writes, elapsed }: StallSeen): End | null {
  const ends: readonly End[] = timer.end === 'either' ? ['client', 'server'] : [timer.end ?? 'client'];
  const isIts = (end: End): boolean => {
    switch (timer.measures) {
      case 'connect':
        return isOpening && end === 'client';
      case 'idle':
        return !isOpening && (reads.includes(end) || (timer.alsoSends === true && writes === end));
      case 'send':
      case 'unacknowledged':
        return !isOpening && writes === end;
      case 'keepalive':
        return !isOpening && reads.includes(end) && writes !== end;
      case 'total':
        return !isOpening && elapsed !== null && reads.includes(end);
    }
  };
  return ends.find(isIts) ?? null;
}

type Value = Pick<Setting, 'firesAfter' | 'firstProbe' | 'lastProbe'>;

function fateOf(timer: Timer, value: Value, stall: StallSeen): TimerFate {
  switch (timer.measures) {
    case 'keepalive':
      return probed(value, stall);
    case 'connect':
      return ended(connectEnds(value.firesAfter, stall), stall);
    case 'total':
      return ended(
        value.firesAfter === null ? null : Math.max(0, value.firesAfter - (stall.elapsed ?? 0)),
        stall,
      );
    case 'idle':
      return ended(value.firesAfter, stall);
    case 'send':
    case 'unacknowledged':
      return ended(value.firesAfter, stall, EARLY);
  }
}

/** The kernel gives up before a timer that is longer; that it did not is seen where the connection was opened after all. */
const connectEnds = (firesAfter: number | null, { wentOn }: StallSeen): number | null =>
  wentOn === null ? Math.min(firesAfter ?? CONNECTING_ENDS.to, CONNECTING_ENDS.to) : firesAfter;

/** By a timer that fires at `at` or a little later, and `early` s before it at the earliest. */
function ended(at: number | null, { wentOn, back, lasts, isVain }: StallSeen, early = 0): TimerFate {
  if (wentOn !== null) {
    if (at === null || at - early > wentOn) return { outcome: 'resumes', after: round(wentOn) };
    const about = back !== null && at - early >= back ? { aboutToGoOn: true } : {};
    return { outcome: at + LATE < wentOn ? 'fails' : 'may-fail', after: round(at), ...about };
  }
  if (at === null) return { outcome: 'waits' };
  return { outcome: isVain || at + LATE <= lasts ? 'fails' : 'may-fail', after: round(at) };
}

/** By probes: the peer's kernel answers them as soon as the path is back, and then the connection stays. */
function probed({ firesAfter, firstProbe, lastProbe }: Value, stall: StallSeen): TimerFate {
  const { wentOn, back, lostUntil, probeMeets } = stall;
  if (firesAfter === null || firstProbe === undefined || lastProbe === undefined)
    return ended(firesAfter, stall);
  if (wentOn !== null) {
    // What ended the stall showed the path at the latest.
    if (lastProbe >= (back ?? wentOn)) return { outcome: 'resumes', after: round(wentOn) };
    const fate = ended(firesAfter, stall);
    return lastProbe <= lostUntil || fate.outcome === 'resumes' ? fate : { ...fate, outcome: 'may-fail' };
  }
  if (probeMeets === 'nobody') return ended(firesAfter, stall);
  // Answered, reset or neither: all three, and each at another time.
  if (probeMeets !== 'reset' || back === null) return { outcome: 'may-fail' };
  // The first of them after the path was back; without one it gives up.
  const every = firesAfter - lastProbe;
  const meets = firstProbe + Math.max(0, Math.ceil((back - firstProbe) / every)) * every;
  return ended(meets <= lastProbe ? meets : firesAfter, stall);
}

/** s. Nobody waits longer for a stall, and one that seems to last for years is of a capture whose times are odd. */
const LONGEST_SET = 86_400;

/** A value that rides it through, or fails no sooner than it must; null where the timer has none, or none would do. */
function settingFor(timer: Timer, stall: StallSeen): { text: string; fate: TimerFate } | null {
  // How long the request takes beside the stall is not known: a limit of the whole is not for this.
  if (timer.set === null || timer.measures === 'total') return null;
  if ((stall.wentOn ?? stall.patience) > LONGEST_SET) return null;
  if (stall.wentOn === null) {
    const isLate = timer.firesAfter === null || timer.firesAfter > stall.patience;
    return isLate ? written(timer, timer.set(stall.patience), stall) : null;
  }
  // Probes are answered from when the path is back on, so the last one counts.
  const enough = withMargin(stall.wentOn);
  for (let wanted = enough; wanted <= 4 * enough; wanted += 5) {
    const found = written(timer, timer.set(wanted), stall);
    if (found.fate.outcome === 'resumes') return found;
  }
  return null;
}

const written = (timer: Timer, value: Setting, stall: StallSeen): { text: string; fate: TimerFate } => ({
  text: value.text,
  fate: fateOf(timer, value, stall),
});

/** To the ms. */
const round = (s: number): number => Math.round(s * 1000) / 1000;
