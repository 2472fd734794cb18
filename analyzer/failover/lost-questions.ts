/**
 * DNS questions that nobody answered, by server: a path that is down loses them as it loses SYNs, and whoever asks often
 * dates its return closely.
 * The trap: a server that is down answers nothing either, and UDP loses a question now and then. So only a row of them
 * counts, with answered ones before and after it, and none that goes on after the path is known to be back.
 */
import type { Nanos } from '../../packet/time.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { ANSWER_WAIT } from '../stall/stall.ts';
import type { DnsRecord } from '../stall/udp/dns-watch.ts';

export interface Question {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly answered: boolean;
}

/** Of each server, in the order of time. */
export type Questions = ReadonlyMap<string, readonly Question[]>;

export function questionsOf(records: Iterable<DnsRecord>): Questions {
  const byServer = new Map<string, Question[]>();
  for (const { exchange, ends } of records) {
    const { tries, firstAnswer, lastAnswer } = exchange;
    const known = byServer.get(ends.server.address) ?? [];
    byServer.set(ends.server.address, known);
    for (const { time, frame } of tries) {
      const isFor = (answer: { time: Nanos } | null): boolean =>
        answer !== null && answer.time >= time && answer.time - time < ANSWER_WAIT;
      known.push({ time, frame, answered: isFor(firstAnswer) || isFor(lastAnswer) });
    }
  }
  for (const questions of byServer.values()) questions.sort((a, b) => a.time - b.time);
  return byServer;
}

/** Fewer in a row may each have been lost on their own. */
const LEAST = 3;

/** The last of the row between `after` and `until`; null where there is none, or where it says nothing of the path. */
export function lastLostQuestion(
  questions: readonly Question[],
  after: Nanos,
  until: Nanos,
): { time: Nanos; frame: FrameId } | null {
  const first = firstAfter(questions, after);
  // The newest answers may have been lost on their way. Where earlier questions had none either, it is not of this loss.
  for (let i = first - 1; i >= 0 && !(questions[i] as Question).answered; i--) {
    if (after - (questions[i] as Question).time >= ANSWER_WAIT) return null;
  }
  let row = 0;
  let found: Question | null = null;
  for (let i = first; i < questions.length; i++) {
    const question = questions[i] as Question;
    if (question.answered) {
      if (row >= LEAST) found = questions[i - 1] as Question;
      row = 0;
      if (question.time > until) break;
    } else if (question.time > until) return null;
    else row += 1;
  }
  return found === null ? null : { time: found.time, frame: found.frame };
}

function firstAfter(questions: readonly Question[], time: Nanos): number {
  let low = 0;
  let high = questions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((questions[middle] as Question).time > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
