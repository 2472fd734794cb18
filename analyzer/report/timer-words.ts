/** What a timer would have done to a stall, in the words that every face uses; and the rows of its table. */
import type { TimerFate, TimerReplay } from './report.ts';

/** Heads of the table that `timerRow` fills. */
export const TIMER_HEAD = ['client', 'timer', 'as delivered', 'to set', 'then'] as const;

/** `goes on after 54.0 s`, `fails after 30 s, the path was back`. */
export function describeFate({ outcome, after, aboutToGoOn }: TimerFate): string {
  const when = after === undefined ? '' : ` after ${Number.isInteger(after) ? after : after.toFixed(1)} s`;
  switch (outcome) {
    case 'resumes':
      return `goes on${when}`;
    case 'fails':
      return `fails${when}${aboutToGoOn === true ? ', the path was back' : ''}`;
    case 'may-fail':
      return `may fail${when}`;
    case 'waits':
      return 'waits for ever';
  }
}

/** As many cells as `TIMER_HEAD`; the last two are empty where nothing is to be set. */
export function timerRow({ client, timer, end, delivered, set }: TimerReplay): string[] {
  const who = end === 'server' ? `${client} (server)` : client;
  return [
    who,
    timer,
    describeFate(delivered),
    ...(set === undefined ? ['', ''] : [set.text, describeFate(set.fate)]),
  ];
}
