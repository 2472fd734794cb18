/**
 * What another outage or another setting would have done to one flow: its stall replayed on the tries of its own sender.
 * The trap: only what the frames bear out is said. Where the sender's tries are not in the captures, or nothing shows when the
 * path was back, there is nothing to replay, and no advice that needs it.
 */
import { seconds as nanosOf, toSeconds } from '../../packet/time.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import type { Advice, CauseId, End } from '../report/report.ts';
import type { Case } from '../verdict/case.ts';
import { endName } from '../verdict/words.ts';
import { rideThroughSeconds } from './clients/advise.ts';
import { waitFor } from './clients/wait.ts';
import { type Retry, safeToRetry } from './request.ts';
import { givesUpAfter, resumingTry, type SenderSettings, type Try, type Waits } from './sender-model.ts';
import { type Tries, waitsBefore } from './tries.ts';

/** Which experiment a piece of advice comes from: those of many flows are told together. */
export type Experiment =
  | 'shorter'
  | 'longer'
  | 'cap'
  | 'timeout'
  | 'send-timeout'
  | 'fail'
  | 'keepalive'
  | 'user-timeout'
  | 'connect';

export interface Replayed {
  readonly experiment: Experiment;
  readonly advice: Advice;
  /** Seconds that it would have been faster, or would have known sooner; below 0: slower. */
  readonly gain: number;
}

/** `tcp_rto_max_ms` that is tried: well above any round trip, and a tenth of it is not felt. */
const CAP = 5;
/** A gain of less is not worth a setting, in s. */
const LEAST_GAIN = 1;
/** nginx: `send_timeout` as delivered, in s. */
const SEND_TIMEOUT = 60;
/** curl --keepalive-time: the first probe after so many s, the next ones at the same distance, this many before it gives up. */
const KEEPALIVE = { seconds: 5, count: 9 };
/** Timeouts that people set, in s. */
const COMMON = [5, 10, 15, 20, 30, 60, 90, 120, 300];
/** Where these let a probe meet somebody who does not know the connection, it is reset, and not answered by nobody. */
const ANSWERED_BY_RESET: readonly CauseId[] = ['terminated-proxy', 'no-state-reject'];
/** With these a longer wait would have helped: the sender's next try got through, or would have. */
const WOULD_GO_ON: readonly CauseId[] = ['client-timeout', 'keepalive-expired', 'peer-gave-up'];

/** The most telling first; nothing for a flow without a stall of the failover. */
export function replayFlow(c: Case, cause: CauseId | null, tries: Tries | null): Replayed[] {
  const stall = c.main?.stall;
  if (stall === undefined || c.main === null || c.main.innocent !== null) return [];
  if (c.outcome === 'resumed' || c.outcome === 'connect-delayed')
    return tries === null ? [] : new Resumed(c, tries).all();
  if (c.outcome === 'hung' || c.outcome === 'not-connected') return failing(c, cause, tries);
  if (c.outcome === 'gave-up' && cause !== null && WOULD_GO_ON.includes(cause) && tries !== null)
    return patience(c, tries);
  return [];
}

/** `6.21 s`; two digits are what a rung is worth. */
const say = (s: number): string => `${s < 10 ? s.toFixed(2) : s.toFixed(1)} s`;
const round = (s: number): number => Math.round(s * 1000) / 1000;

/** A flow that went on, replayed. Times in s since the stall began. */
class Resumed {
  private readonly c: Case;
  private readonly waits: Waits | null;
  private readonly sender: End;
  /** When the path was back, and the first wait began. */
  private readonly back: number;
  private readonly offset: number;
  private readonly own: number;

  constructor(c: Case, tries: Tries) {
    const stall = (c.main as NonNullable<Case['main']>).stall;
    this.c = c;
    this.offset = toSeconds(tries.since - stall.start);
    this.back = tries.back === null ? Number.NaN : toSeconds(tries.back - stall.start);
    this.waits = waitsBefore(tries, (stall.end ?? Number.POSITIVE_INFINITY) + 1);
    this.sender = endName(c.flow, tries.by);
    this.own = tries.through === null ? Number.NaN : toSeconds(tries.through.time - stall.start);
  }

  all(): Replayed[] {
    if (Number.isNaN(this.back) || Number.isNaN(this.own)) return [];
    return [
      ...this.capped(),
      ...this.timeouts(),
      ...this.sendTimeout(),
      ...this.outageBy(-1),
      ...this.outageBy(1),
    ];
  }

  /** Had the path been back at this moment; s since the stall began. Null: the sender had given up. */
  private replay(back: number, settings: SenderSettings = {}): Try | null {
    if (this.waits === null) return null;
    return resumingTry(this.waits, Math.max(0, nanosOf(back - this.offset)), settings);
  }

  private at = ({ at }: Try): number => toSeconds(at) + this.offset;

  private outageBy(shift: number): Replayed[] {
    const back = this.back + shift;
    if (back <= 0) return [];
    const found = this.replay(back);
    const how = shift < 0 ? 'earlier' : 'later';
    if (found === null) return [];
    const after = this.at(found);
    const isSame = Math.abs(after - this.own) < 0.12 * this.own;
    const text = isSame
      ? `the path back 1 s ${how} would have changed nothing: the ${this.sender} tries next after ${say(this.own)} anyhow`
      : `the path back 1 s ${how}: this connection would have gone on after ${say(after)}, not ${say(this.own)}`;
    return [
      {
        experiment: shift < 0 ? 'shorter' : 'longer',
        gain: isSame ? 0 : this.own - after,
        advice: {
          text,
          change: { who: 'gateway', setting: 'outage', value: `1 s ${shift < 0 ? 'shorter' : 'longer'}` },
          effect: { resumesAfter: round(isSame ? this.own : after) },
        },
      },
    ];
  }

  private capped(): Replayed[] {
    if (this.waits === null || this.waits.syn) return [];
    const settings = { cap: nanosOf(CAP) };
    const found = this.replay(this.back, settings);
    if (found === null) return [];
    const after = this.at(found);
    if (this.own - after < LEAST_GAIN) return [];
    const until = toSeconds(givesUpAfter(this.waits, settings));
    return [
      {
        experiment: 'cap',
        gain: this.own - after,
        advice: {
          text: `tcp_rto_max_ms of ${CAP * 1000} on the ${this.sender}: this connection would have gone on after ${say(after)}, not ${say(this.own)} (and would be given up after ${say(until)} without an answer, unless tcp_retries2 is raised)`,
          change: { who: this.sender, setting: 'tcp_rto_max_ms', value: `${CAP * 1000}` },
          effect: { resumesAfter: round(after) },
        },
      },
    ];
  }

  /** What an application's timeout must not be shorter than; and which would have ended it in the back-off. */
  private timeouts(): Replayed[] {
    if (this.own - this.back < LEAST_GAIN) return [];
    const waiting = endName(this.c.flow, (this.c.main as NonNullable<Case['main']>).stall.waiting);
    const ends = COMMON.find((s) => s > this.back && s < this.own);
    const fatal =
      ends === undefined
        ? ''
        : `; one of ${ends} s would have ended it ${say(this.own - ends)} before it went on`;
    return [
      {
        experiment: 'timeout',
        gain: 0,
        advice: {
          text: `a timeout of the ${waiting} must be longer than ${say(this.own)}, though the path was back after ${say(this.back)}${fatal}`,
          change: { who: waiting, setting: 'read timeout', value: `more than ${say(this.own)}` },
          effect: { resumesAfter: round(this.own) },
        },
      },
    ];
  }

  /** A server that writes gives up too. */
  private sendTimeout(): Replayed[] {
    const stall = (this.c.main as NonNullable<Case['main']>).stall;
    const isServers = this.sender === 'server' && stall.owedBy === this.c.flow.server;
    if (!isServers || this.own <= SEND_TIMEOUT) return [];
    return [
      {
        experiment: 'send-timeout',
        gain: 0,
        advice: {
          text: `a server that gives up a write after ${SEND_TIMEOUT} s (nginx: send_timeout) would have ended it ${say(this.own - SEND_TIMEOUT)} before it went on`,
          change: { who: 'server', setting: 'send_timeout', value: `more than ${say(this.own)}` },
          effect: { resumesAfter: round(this.own) },
        },
      },
    ];
  }
}

/** What would have told the end that waits, and when. */
function failing(c: Case, cause: CauseId | null, tries: Tries | null): Replayed[] {
  const stall = (c.main as NonNullable<Case['main']>).stall;
  const retry = safeToRetry(c);
  const outage = outageOf(c);
  const lasts = toSeconds(stall.duration);
  const waiting = stall.waiting;
  const end = endName(c.flow, waiting);
  const value = patienceFor(outage);
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
  if (stall.what === 'handshake')
    return ending(
      'connect',
      value,
      `a connect timeout of ${value} s: the ${end} would have failed after ${value} s${longerThan(outage)}`,
      {
        who: end,
        setting: 'connect timeout',
        value: `${value} s`,
      },
    );
  return [
    ...ending(
      'fail',
      value,
      `a read timeout of ${value} s: the ${end} would have failed after ${value} s, and could try again${longerThan(outage)}`,
      {
        who: end,
        setting: 'read timeout',
        value: `${value} s`,
      },
    ),
    ...(hasNothingToSend(tries, waiting)
      ? keepalive(c, cause, outage, ending)
      : userTimeout(c, tries, value, ending)),
  ];
}

type Ending = (experiment: Experiment, after: number, text: string, change: Advice['change']) => Replayed[];

const withRetry = (advice: Advice, retry: Retry): Advice => ({ ...advice, safeToRetry: retry });

const longerThan = (outage: number | null): string =>
  outage === null ? '' : ` (long enough for what goes on after an outage of ${say(outage)})`;

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
  if (cause !== 'no-state-drop' && cause !== 'path-not-restored') return [];
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

/** An end that closed before its peer's next try: when that would have come through. */
function patience(c: Case, tries: Tries): Replayed[] {
  const { main, cross, flow } = c;
  const restored = cross?.hops.takeover?.restored ?? null;
  if (main === null || cross === null || restored === null) return [];
  const { stall } = main;
  const waits = waitsBefore(tries, stall.end ?? Number.POSITIVE_INFINITY);
  const back = cross.fromReference(restored);
  const found = waits === null ? null : resumingTry(waits, back - tries.since);
  if (found === null || stall.end === null) return [];
  const after = toSeconds(found.at + tries.since - stall.start);
  const gave = toSeconds(stall.end - stall.start);
  if (after <= gave) return [];
  const sender = endName(flow, tries.by);
  const closer = endName(flow, stall.ending?.sender ?? otherEnd(tries.by));
  return [
    {
      experiment: 'timeout',
      gain: 0,
      advice: {
        text: `had the ${closer} waited longer than ${say(after)} instead of ${say(gave)}, the ${sender}'s next try would have come after the path was back`,
        change: { who: closer, setting: 'timeout', value: `more than ${say(after)}` },
        effect: { resumesAfter: round(after) },
      },
    },
  ];
}

/** s from the stall's beginning until the path was back; null where that is not known. */
function outageOf({ main, cross }: Case): number | null {
  if (main === null) return null;
  const { back } = main.path;
  const restored = cross?.hops.takeover?.restored ?? null;
  const at =
    back !== null && back.by !== 'own-data'
      ? back.time
      : restored === null
        ? null
        : (cross as NonNullable<Case['cross']>).fromReference(restored);
  const outage = at === null ? null : toSeconds(at - main.stall.start);
  return outage === null || outage <= 0 ? null : outage;
}
