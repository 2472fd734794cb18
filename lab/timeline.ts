/**
 * The course of a run: traffic and steps, each at its moment, until there is nothing more to wait for.
 * The trap: when the path was lost and when it was back is part of the truth, so both are the times of what was
 * done (a command given, a node's answer), never of what a capture or a journal says.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNanos } from '../gateway/linux/journal-writer.ts';
import type { LabAction, Moment, Scenario } from './scenario.ts';
import { stepsOf } from './steps.ts';

/** After the last client has ended: what its last segments are answered by is seen. */
const TAIL_MS = 2000;

/** ns since the epoch. */
export interface Failover {
  readonly by: string;
  readonly lost: bigint;
  /** Null: it never was. */
  restored: bigint | null;
}

export interface Course {
  readonly begin: bigint;
  readonly end: bigint;
  readonly failovers: readonly Failover[];
  /** Everything that was done, in order. */
  readonly done: readonly { readonly at: bigint; readonly what: string }[];
}

/** What a run can do. */
export interface World {
  /** Resolves when the client has ended. */
  startClient(name: string): Promise<void>;
  /** Does it. Where it takes the path away it says so by the two functions, at the time. @throws GatewayError */
  act(action: LabAction, path: { lost(at?: bigint): void; restored(at?: bigint): void }): Promise<void>;
  say(what: string): void;
  /** Ends everything at once: an interrupt, a program that ended by itself. */
  readonly signal: AbortSignal;
}

interface Moments {
  readonly begin: Signal;
  readonly lost: Signal;
  readonly restored: Signal;
}

/** @throws what an action throws, and the reason of the signal */
export async function runTimeline(scenario: Scenario, world: World): Promise<Course> {
  const moments: Moments = { begin: new Signal(), lost: new Signal(), restored: new Signal() };
  const failovers: Failover[] = [];
  const done: { at: bigint; what: string }[] = [];
  const note = (what: string): void => {
    done.push({ at: nowNanos(), what });
    world.say(what);
  };
  const over = new AbortController();
  const signal = AbortSignal.any([world.signal, over.signal]);
  setMaxListeners(0, signal); // each step and client that waits is one
  const act = (action: LabAction): Promise<void> => {
    const what = describeAction(action);
    note(what);
    return world.act(action, {
      lost(at = nowNanos()) {
        failovers.push({ by: what, lost: at, restored: null });
        moments.lost.set();
      },
      restored(at = nowNanos()) {
        const failover = failovers.findLast(({ restored }) => restored === null);
        if (failover !== undefined) failover.restored = at;
        note('the path is back');
        moments.restored.set();
      },
    });
  };
  for (const action of scenario.setup) await act(action);
  const begin = nowNanos();
  moments.begin.set();
  const clients = scenario.traffic.map(async ({ name, start }) => {
    await reach(moments, start, signal);
    note(`${name} starts`);
    await world.startClient(name);
    if (!over.signal.aborted) note(`${name} has ended`);
  });
  const steps = stepsOf(scenario).map(async (step) => {
    await reach(moments, step.at, signal);
    await act(step.do);
  });
  try {
    await untilOver(scenario, { clients, steps, signal });
  } finally {
    over.abort(new Error('the run is over'));
  }
  return { begin, end: nowNanos(), failovers, done };
}

interface Going {
  readonly clients: readonly Promise<void>[];
  readonly steps: readonly Promise<void>[];
  readonly signal: AbortSignal;
}

/** All steps are done, and then either all clients have ended, or it was watched long enough. */
async function untilOver({ watch }: Scenario, { clients, steps, signal }: Going): Promise<void> {
  // The first that fails ends the run, whatever else is waited for.
  const failed = Promise.all([...clients, ...steps]).then(() => new Promise<never>(() => {}));
  const stepped = Promise.all(steps);
  const watched = stepped.then(() => sleep(watch, undefined, { signal }));
  const quiet = Promise.all([stepped, ...clients]).then(() => sleep(TAIL_MS, undefined, { signal }));
  for (const promise of [failed, watched, quiet]) promise.catch(() => {});
  await Promise.race([failed, watched, quiet]);
}

async function reach(moments: Moments, { of, after }: Moment, signal: AbortSignal): Promise<void> {
  const at = await Promise.race([moments[of].at, aborted(signal)]);
  await sleep(Math.max(0, after - (performance.now() - at)), undefined, { signal });
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** A moment that comes once; `at` resolves to it, in ms of `performance.now`. */
class Signal {
  readonly at: Promise<number>;
  #resolve: (at: number) => void = () => {};

  constructor() {
    this.at = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  set(): void {
    this.#resolve(performance.now());
  }
}

/** `node-b takes over` */
export function describeAction(action: LabAction): string {
  if ('takeOver' in action) return `${action.takeOver} takes over`;
  if ('release' in action) return `${action.release} gives the role up`;
  if ('powerOff' in action) return `${action.powerOff} loses its power`;
  if ('syncLink' in action) return `the link between the nodes goes ${action.syncLink}`;
  if ('loss' in action)
    return `${action.loss.percent} % of the packets toward the ${action.loss.toward} are lost`;
  if ('mtu' in action) return `MTU of ${action.mtu.host} ${action.mtu.interface} is ${action.mtu.bytes}`;
  if ('sysctl' in action) return `${action.sysctl.host}: ${action.sysctl.name} = ${action.sysctl.value}`;
  return `${action.exec.host}: ${action.exec.command.join(' ')}`;
}
