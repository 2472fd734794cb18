/**
 * A sender's tries, read from the frames before the path was back: how long it waited before each.
 * The trap: a tail-loss probe (RFC 8985, 7) may repeat the very bytes that the tries repeat, and is none of them; the wait
 * after it is then more than double.
 */
import { seqAdd, seqAtMost, seqLess } from '../../packet/seq.ts';
import { TcpFlag } from '../../packet/wire/frame.ts';
import type { LabSegment } from './segments.ts';

/** s. */
export interface Tries {
  /** From the last answer (of a SYN, from the first one) to each try in turn. */
  readonly waits: readonly number[];
  /** When the waiting began, since the epoch. */
  readonly since: number;
  readonly syn: boolean;
  /** The waiting began so long before the path was lost: a link is taken away a moment before the lab is told that it is. */
  readonly ahead: number;
}

/** Timers are rounded up by the kernel, by at most an eighth. */
const SLACK = 1.125;

/** Of a client or of a server; null where it tried nothing again. `segments`: all before the path was back, and none after. */
export function triesOf(
  segments: readonly LabSegment[],
  byClient: boolean,
  /** s since the epoch. */
  lost: number,
): Tries | null {
  const own = segments.filter((one) => one.fromClient === byClient);
  const answers = segments.filter((one) => one.fromClient !== byClient && (one.flags & TcpFlag.Ack) !== 0);
  const answer = answers.at(-1);
  if (answer === undefined) return synTries(own, lost);
  // The first byte that was never acknowledged.
  const again = own.filter(({ time, seq, length }) => time > answer.time && length > 0 && seq === answer.ack);
  const repeats = again.filter(({ time }, i) => i > 0 || wasSentBefore(own, answer.ack, time));
  return toTries(
    repeats.map(({ time }) => time),
    { since: answer.time, lost, syn: false },
  );
}

const wasSentBefore = (own: readonly LabSegment[], seq: number, time: number): boolean =>
  own.some(
    (one) =>
      one.time < time &&
      one.length > 0 &&
      seqAtMost(one.seq, seq) &&
      seqLess(seq, seqAdd(one.seq, one.length)),
  );

function synTries(own: readonly LabSegment[], lost: number): Tries | null {
  const [first, ...others] = own.filter(({ flags }) => (flags & TcpFlag.Syn) !== 0);
  return first === undefined
    ? null
    : toTries(
        others.map(({ time }) => time),
        { since: first.time, lost, syn: true },
      );
}

interface Waiting {
  readonly since: number;
  readonly lost: number;
  readonly syn: boolean;
}

function toTries(times: readonly number[], { since, lost, syn }: Waiting): Tries | null {
  if (times.length === 0) return null;
  const waits = times.map((time, i) => time - (times[i - 1] ?? since));
  const [first, second] = waits;
  const beginsWithProbe = !syn && first !== undefined && second !== undefined && second > 2 * SLACK * first;
  const own = beginsWithProbe ? [first + second, ...waits.slice(2)] : waits;
  return { waits: own, since, syn, ahead: lost - since };
}
