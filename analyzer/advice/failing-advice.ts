/**
 * A flow that did not go on: what would have told the end that waits, and when.
 * The trap: what fails too soon also ends what would have gone on; so nothing shorter is named than what lasts longer than the
 * back-off after this outage.
 */
import { toSeconds } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { Advice, CauseId, TimerReplay } from '../report/report.ts';
import type { Case } from '../verdict/case.ts';
import { endName } from '../verdict/words.ts';
import { rideThroughSeconds } from './clients/advise.ts';
import { waitFor } from './clients/wait.ts';
import { ANSWERED_BY_NOBODY, ANSWERED_BY_RESET, timersOf } from './flow-timers.ts';
import { asWritten, endedAnyhow } from './named-clients.ts';
import { outageOf } from './outage.ts';
import { type Experiment, type FlowReplay, type Replayed, round, say } from './replayed.ts';
import { type Retry, safeToRetry } from './request.ts';
import type { Tries } from './tries.ts';

/** curl --keepalive-time: the first probe after so many s, the next ones at the same distance, this many before it gives up. */
const KEEPALIVE = { seconds: 5, count: 9 };

/** What would have told the end that waits, and when. */
export function failing(c: Case, cause: CauseId | null, tries: Tries | null): FlowReplay {
  const stall = (c.main as NonNullable<Case['main']>).stall;
  const retry = safeToRetry(c);
  const outage = outageOf(c);
  const lasts = toSeconds(stall.duration);
  const waiting = stall.waiting;
  const end = endName(c.flow, waiting);
  const value = patienceFor(outage);
  const replayTimers = () => timersOf(c, cause, tries, { wentOn: null, back: outage, patience: value });
  const timers = replayTimers();
  const ending = (
    experiment: Experiment,
    after: number,
    text: string,
    change: Advice['change'],
  ): Replayed[] =>
    after >= lasts
      ? []
      : [
          {
            experiment,
            gain: lasts - after,
            advice: withRetry(
              { text, ...(change && { change }), effect: { failsAfter: round(after) } },
              retry,
            ),
          },
        ];
  const done = (own: Replayed[]): FlowReplay => {
    const [first, ...rest] = own;
    return { timers: replayTimers, advice: [...(first ? [first] : []), ...clientsOf(timers), ...rest] };
  };
  const written = asWritten(timers);
  const example = written === '' || end !== 'client' ? '' : ` (${written})`;
  if (stall.what === 'handshake')
    return done(
      ending(
        'connect',
        value,
        `a connect timeout of ${value} s${example}: the ${end} would have failed after ${value} s${longerThan(outage)}`,
        { who: end, setting: 'connect timeout', value: `${value} s` },
      ),
    );
  return done([
    ...ending(
      'fail',
      value,
      `a read timeout of ${value} s${example}: the ${end} would have failed after ${value} s, and could try again${longerThan(outage)}`,
      { who: end, setting: 'read timeout', value: `${value} s` },
    ),
    ...(hasNothingToSend(tries, waiting)
      ? keepalive(c, cause, outage, ending)
      : userTimeout(c, tries, value, ending)),
  ]);
}

function clientsOf(timers: readonly TimerReplay[]): Replayed[] {
  const ended = endedAnyhow(timers);
  if (ended === null) return [];
  const text = `clients that would have failed by themselves, as they are delivered: ${ended}`;
  return [{ experiment: 'clients', gain: 0, advice: { text, effect: {} } }];
}

type Ending = (experiment: Experiment, after: number, text: string, change: Advice['change']) => Replayed[];

const withRetry = (advice: Advice, retry: Retry): Advice => ({ ...advice, safeToRetry: retry });

const longerThan = (outage: number | null): string =>
  outage === null ? '' : ` (long enough for what goes on after an outage of up to ${say(outage)})`;

/** s: longer than the back-off after this outage; where none is known, after the 15 s that most failovers stay below. */
function patienceFor(outage: number | null): number {
  return rideThroughSeconds(waitFor(outage ?? USUAL_OUTAGE, null)) ?? LONGEST_WAIT;
}

const USUAL_OUTAGE = 15;
/** Where the sender gives up before. */
const LONGEST_WAIT = 900;

/** Keepalives are sent only by who has nothing unacknowledged. */
const hasNothingToSend = (tries: Tries | null, waiting: EndIndex): boolean =>
  tries === null || tries.by !== waiting;

function keepalive(c: Case, cause: CauseId | null, outage: number | null, ending: Ending): Replayed[] {
  const stall = (c.main as NonNullable<Case['main']>).stall;
  if (stall.probes.length > 0) return [];
  const end = endName(c.flow, stall.waiting);
  const { seconds, count } = KEEPALIVE;
  const change = { who: end, setting: 'keepalive', value: `${seconds} s` };
  if (cause !== null && ANSWERED_BY_RESET.includes(cause)) {
    if (outage === null) return [];
    const after = seconds * Math.max(1, Math.ceil(outage / seconds));
    return ending(
      'keepalive',
      after,
      `keepalives every ${seconds} s: the first one after the path was back would have been reset, after ${after} s`,
      change,
    );
  }
  if (cause === null || !ANSWERED_BY_NOBODY.includes(cause)) return [];
  const after = seconds * (count + 1);
  return ending(
    'keepalive',
    after,
    `keepalives every ${seconds} s, ${count} of them without an answer: the ${end} would have failed after ${after} s`,
    change,
  );
}

function userTimeout(c: Case, tries: Tries | null, value: number, ending: Ending): Replayed[] {
  if (tries === null) return [];
  const end = endName(c.flow, tries.by);
  return ending(
    'user-timeout',
    value,
    `TCP_USER_TIMEOUT of ${value} s on the ${end}: its kernel would have given up after ${value} s`,
    { who: end, setting: 'TCP_USER_TIMEOUT', value: `${value * 1000} ms` },
  );
}
