/**
 * A flow that went on, or would have: its stall replayed on the tries of its own sender with another outage and other settings.
 * The trap: only what the frames bear out is said. Where the sender's tries are not in the captures, or nothing shows when the
 * path was back, there is nothing to replay, and what is left is how long one had to wait.
 */
import { seconds as nanosOf, toSeconds } from '../../packet/time.ts';
import { otherEnd } from '../flow/flow.ts';
import type { CauseId, End, TimerReplay } from '../report/report.ts';
import type { Case } from '../verdict/case.ts';
import { endName } from '../verdict/words.ts';
import { timersOf } from './flow-timers.ts';
import { asWritten, endedTooSoon } from './named-clients.ts';
import { outageOf } from './outage.ts';
import { type Experiment, type FlowReplay, NOTHING, type Replayed, round, say } from './replayed.ts';
import { givesUpAfter, resumingTry, type SenderSettings, type Try, type Waits } from './sender-model.ts';
import { type Tries, waitsBefore } from './tries.ts';

/** `tcp_rto_max_ms` that is tried: well above any round trip, and a tenth of it is not felt. */
const CAP = 5;
/** A gain of less is not worth a setting, in s. */
const LEAST_GAIN = 1;
/** nginx: `send_timeout` as delivered, in s. */
const SEND_TIMEOUT = 60;
/** Timeouts that people set, in s. */
const COMMON = [5, 10, 15, 20, 30, 60, 90, 120, 300];

/** A flow that went on. Times in s since the stall began. */
export function wentOn(c: Case, cause: CauseId | null, tries: Tries | null): FlowReplay {
  const { stall } = c.main as NonNullable<Case['main']>;
  if (stall.end === null || stall.endedBy !== 'progress') return NOTHING;
  const own = toSeconds(stall.end - stall.start);
  const tried = tries?.back == null ? null : toSeconds(tries.back - stall.start);
  const shown = outageOf(c);
  const back = tried ?? (shown !== null && shown <= own ? shown : null);
  const replayTimers = () => timersOf(c, cause, tries, { wentOn: own, back, patience: own });
  const timers = replayTimers();
  const replayed = tries === null ? [] : new Resumed(c, tries, timers).all();
  const isTold = replayed.some(({ experiment }) => experiment === 'timeout');
  const clients = [
    ...(isTold || own < LEAST_WORTH ? [] : [mustOutlast(c, own, timers)]),
    ...clientsOf(own, timers),
  ];
  const at = replayed.findIndex(({ experiment }) => ORDINARY.includes(experiment));
  const advice =
    at < 0 ? [...replayed, ...clients] : [...replayed.slice(0, at), ...clients, ...replayed.slice(at)];
  return { advice, timers: replayTimers };
}

/** s. Nobody sets a timeout that a shorter stall would touch. */
const LEAST_WORTH = 3;
/** These say less than what a client does by itself. */
const ORDINARY: readonly Experiment[] = ['shorter', 'longer'];

/** Where the path's return was not seen. */
function mustOutlast(c: Case, own: number, timers: readonly TimerReplay[]): Replayed {
  const waiting = endName(c.flow, (c.main as NonNullable<Case['main']>).stall.waiting);
  return {
    experiment: 'timeout',
    gain: 0,
    advice: {
      text: `a timeout of the ${waiting} must be longer than ${say(own)}${asExample(waiting, timers)}`,
      change: { who: waiting, setting: timeoutOf(c), value: `more than ${say(own)}` },
      effect: { resumesAfter: round(own) },
    },
  };
}

const timeoutOf = ({ main }: Case): string =>
  main?.stall.what === 'handshake' ? 'connect timeout' : 'read timeout';

/** Of the clients: where the server is the one that waits, they are no example. */
const asExample = (waiting: End, timers: readonly TimerReplay[]): string => {
  const written = waiting === 'client' ? asWritten(timers) : '';
  return written === '' ? '' : ` (${written})`;
};

function clientsOf(own: number, timers: readonly TimerReplay[]): Replayed[] {
  const ended = endedTooSoon(timers);
  if (ended === null) return [];
  const text = `clients that give up before ${say(own)}, as they are delivered: ${ended}`;
  // Of many flows the one that stood still longest tells most.
  return [{ experiment: 'clients', gain: own, advice: { text, effect: {} } }];
}

/** A flow whose sender's tries are seen, replayed. Times in s since the stall began. */
class Resumed {
  private readonly c: Case;
  private readonly timers: readonly TimerReplay[];
  private readonly waits: Waits | null;
  private readonly sender: End;
  /** When the path was back, and the first wait began. */
  private readonly back: number;
  private readonly offset: number;
  private readonly own: number;

  constructor(c: Case, tries: Tries, timers: readonly TimerReplay[]) {
    this.timers = timers;
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
          text: `a timeout of the ${waiting} must be longer than ${say(this.own)}${asExample(waiting, this.timers)}, though the path was back after ${say(this.back)}${fatal}`,
          change: { who: waiting, setting: timeoutOf(this.c), value: `more than ${say(this.own)}` },
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

/** An end that closed before its peer's next try: when that would have come through. */
export function patience(c: Case, cause: CauseId | null, tries: Tries): FlowReplay {
  const { main, cross, flow } = c;
  const restored = cross?.hops.takeover?.restored ?? null;
  if (main === null || cross === null || restored === null) return NOTHING;
  const { stall } = main;
  const waits = waitsBefore(tries, stall.end ?? Number.POSITIVE_INFINITY);
  const back = cross.fromReference(restored);
  const found = waits === null ? null : resumingTry(waits, back - tries.since);
  if (found === null || stall.end === null) return NOTHING;
  const after = toSeconds(found.at + tries.since - stall.start);
  const gave = toSeconds(stall.end - stall.start);
  if (after <= gave) return NOTHING;
  const sender = endName(flow, tries.by);
  const closer = endName(flow, stall.ending?.sender ?? otherEnd(tries.by));
  const replay = { wentOn: after, back: toSeconds(back - stall.start), patience: after };
  return {
    timers: () => timersOf(c, cause, tries, replay),
    advice: [
      {
        experiment: 'timeout',
        gain: 0,
        advice: {
          text: `had the ${closer} waited longer than ${say(after)} instead of ${say(gave)}, the ${sender}'s next try would have come after the path was back`,
          change: { who: closer, setting: 'timeout', value: `more than ${say(after)}` },
          effect: { resumesAfter: round(after) },
        },
      },
    ],
  };
}

/** An end that had closed when what was under way came through after all: its bytes are missing only because it closed. */
export function gaveUpTooSoon(c: Case, cause: CauseId | null, tries: Tries | null): FlowReplay {
  const { stall } = c.main as NonNullable<Case['main']>;
  if (stall.end === null || stall.endedBy !== 'progress') return NOTHING;
  const own = toSeconds(stall.end - stall.start);
  const closer = endName(c.flow, stall.owedBy);
  return {
    timers: () => timersOf(c, cause, tries, { wentOn: own, back: null, patience: own }),
    advice: [
      {
        experiment: 'timeout',
        gain: 0,
        advice: {
          text: `had the ${closer} not given up before ${say(own)} (nginx: send_timeout), this connection would have gone on then`,
          change: { who: closer, setting: 'send_timeout', value: `more than ${say(own)}` },
          effect: { resumesAfter: round(own) },
        },
      },
    ],
  };
}
