/**
 * Does what the machine asks for, with the forwarder, the mover and the heartbeats, and answers each step once.
 * The trap: a step that never ends would leave the machine waiting for ever, so every step has a limit;
 * what a step says after that is not heard.
 */
import type { NodeConfig } from '../config.ts';
import { TakeoverMachine } from '../core/machine.ts';
import type { Action, Claim, Command, Event, MachineOptions, Role, Timer } from '../core/words.ts';
import type { Forwarder, NodeContext, Tuple } from './forwarder.ts';
import type { Mover } from './mover.ts';

export interface DriverParts {
  readonly forwarder: Forwarder;
  readonly mover: Mover;
  /** To the peer. */
  readonly link: {
    send(kind: 'heartbeat' | 'release-asked', claim: Claim): void;
    readonly counters: { readonly received: number };
  };
  readonly resetConnections: (context: NodeContext, tuples: readonly Tuple[]) => Promise<unknown>;
  /** Whether both adapters are in this node. */
  readonly hasAdapters: () => boolean;
}

/** What happens, as it happens. `took` in seconds. */
export type Progress =
  | { readonly kind: 'role'; readonly from: Role | null; readonly to: Role }
  | { readonly kind: 'begun'; readonly step: Action | 'ask-release' }
  | { readonly kind: 'done'; readonly step: Action; readonly took: number }
  | { readonly kind: 'failed'; readonly step: Action; readonly took: number; readonly why: string }
  | { readonly kind: 'note'; readonly text: string };

/** ms; conntrackd takes 20 s for half a million entries. */
const STEP_LIMIT = 30_000;
/** ms; whoever ends a process waits 10 s for it. */
const STOP_LIMIT = 5000;
/**
 * ms after a node became active at which it counts again, so that its journal says what was dropped, and that nothing
 * else was done. Not for ever: to count is to read the whole table.
 */
const COUNTS_AFTER: readonly number[] = [2000, 5000, 10_000, 20_000, 30_000, 60_000];
/** ms between looks at whether the adapters are still here. */
const LOOK_EVERY = 250;
/** ms between lines of a journal in which nothing else happens: what is not in it did not happen up to the last. */
const SIGN_OF_LIFE_EVERY = 5000;

export class Driver {
  readonly machine: TakeoverMachine;
  private readonly context: NodeContext;
  private readonly parts: DriverParts;
  private readonly timers = new Map<Timer, NodeJS.Timeout>();
  private readonly observers = new Set<(progress: Progress) => void>();
  private readonly look: NodeJS.Timeout | undefined;
  private readonly signOfLife: NodeJS.Timeout;
  private abort = new AbortController();
  private forwarding = false;
  private onStopped: (() => void) | null = null;
  private counting: Promise<void> = Promise.resolve();
  private counts: NodeJS.Timeout[] = [];
  /** As they were written last. */
  private readonly counted = new Map<string, number>();

  constructor(context: NodeContext, parts: DriverParts) {
    this.context = context;
    this.parts = parts;
    this.machine = new TakeoverMachine(machineOptions(context.config));
    this.signOfLife = setInterval(() => {
      const value = parts.link.counters.received;
      context.journal.write({ event: 'counter', name: 'heartbeats-received', value });
    }, SIGN_OF_LIFE_EVERY);
    if (context.config.move.by === 'adapter') {
      this.look = setInterval(() => {
        if (this.machine.role !== 'standby' && !parts.hasAdapters()) this.feed({ kind: 'adapters-gone' });
      }, LOOK_EVERY);
    }
  }

  get claim(): Claim {
    return this.machine.claim;
  }

  feed(event: Event): void {
    if (event.kind === 'stopping' || event.kind === 'release') this.abort.abort();
    for (const command of this.machine.handle(event)) this.obey(command);
  }

  /** Calls for everything that happens from now on. @returns what takes it back */
  observe(observer: (progress: Progress) => void): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /** Gives the role up if it has it, within 5 s, and asks for nothing more. */
  async stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.onStopped = resolve;
    });
    this.feed({ kind: 'stopping' });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      limit = setTimeout(() => {
        this.note(`${this.machine.doing ?? 'a step'} did not end in time; ending all the same`);
        resolve();
      }, STOP_LIMIT);
    });
    await Promise.race([stopped, late]);
    clearTimeout(limit);
    clearInterval(this.look);
    clearInterval(this.signOfLife);
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.dropCounts();
    await this.count();
  }

  private obey(command: Command): void {
    switch (command.kind) {
      case 'do':
        void this.perform(command.action);
        break;
      case 'set-timer':
        this.setTimer(command.timer, command.after);
        break;
      case 'clear-timer':
        clearTimeout(this.timers.get(command.timer));
        this.timers.delete(command.timer);
        break;
      case 'send-heartbeat':
        this.parts.link.send('heartbeat', command);
        break;
      case 'ask-release':
        this.parts.link.send('release-asked', { role: this.machine.role, term: command.term });
        this.tell({ kind: 'begun', step: 'ask-release' });
        break;
      case 'role':
        this.context.journal.write({ event: 'role', from: command.from, to: command.to });
        this.tell(command);
        this.dropCounts();
        if (command.to === 'active' || command.from === 'releasing') void this.count();
        if (command.to === 'active')
          this.counts = COUNTS_AFTER.map((after) => setTimeout(() => void this.count(), after));
        break;
      case 'note':
        this.note(command.text);
        break;
      case 'stopped':
        this.onStopped?.();
        break;
    }
  }

  private setTimer(timer: Timer, after: number): void {
    clearTimeout(this.timers.get(timer));
    const due = () => {
      this.timers.delete(timer);
      this.feed({ kind: 'timer', timer });
    };
    this.timers.set(timer, setTimeout(due, after));
  }

  private async perform(action: Action): Promise<void> {
    this.tell({ kind: 'begun', step: action });
    this.abort = new AbortController();
    const begun = performance.now();
    const took = () => (performance.now() - begun) / 1000;
    try {
      await within(this.limitOf(action), this.act(action, this.abort.signal));
      this.tell({ kind: 'done', step: action, took: took() });
      this.feed({ kind: 'done', action });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.tell({ kind: 'failed', step: action, took: took(), why });
      this.feed({ kind: 'failed', action, why });
    }
  }

  private limitOf(action: Action): number {
    const { move } = this.context.config;
    const delay = action === 'attach-adapters' && move.by === 'adapter' ? move.attachDelay + move.settle : 0;
    return STEP_LIMIT + delay;
  }

  private async act(action: Action, signal: AbortSignal): Promise<void> {
    const { forwarder, mover } = this.parts;
    switch (action) {
      case 'detach-adapters':
        return mover.detach();
      case 'attach-adapters':
        return mover.attach(signal);
      case 'raise-addresses':
        return mover.raise();
      case 'lower-addresses':
        return mover.lower();
      case 'announce':
        return mover.announce();
      case 'commit-state':
        this.context.journal.write({ event: 'state-committed', ...(await forwarder.commitState()) });
        return;
      case 'flush-state':
        await forwarder.flushState();
        this.note('its own connections are forgotten: the peer has them');
        return;
      case 'start-forwarding':
        await forwarder.startForwarding();
        return this.setForwarding(true);
      case 'stop-forwarding':
        await forwarder.stopForwarding();
        return this.setForwarding(false);
      case 'reset-lost-connections':
        return this.resetLost();
    }
  }

  private setForwarding(on: boolean): void {
    if (this.forwarding !== on)
      this.context.journal.write({ event: on ? 'forwarding-on' : 'forwarding-off' });
    this.forwarding = on;
  }

  private async resetLost(): Promise<void> {
    const lost = await this.parts.forwarder.lostConnections();
    this.note(`connections that are known and cannot go on: ${lost.length}`);
    if (lost.length > 0) await this.parts.resetConnections(this.context, lost);
  }

  private dropCounts(): void {
    for (const timer of this.counts.splice(0)) clearTimeout(timer);
  }

  /** What the forwarder counts, into the journal, where it has changed. One after the other; never throws. */
  private count(): Promise<void> {
    this.counting = this.counting.then(async () => {
      try {
        const { connections, known, counters } = await within(STOP_LIMIT, this.parts.forwarder.status());
        for (const [name, value] of Object.entries({ connections, known, ...counters })) {
          if (this.counted.get(name) === value) continue;
          this.counted.set(name, value);
          this.context.journal.write({ event: 'counter', name, value });
        }
      } catch (error) {
        this.note(`counters cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    return this.counting;
  }

  note(text: string): void {
    this.context.journal.write({ event: 'note', text });
    this.tell({ kind: 'note', text });
  }

  private tell(progress: Progress): void {
    for (const observer of [...this.observers]) observer(progress);
  }
}

/** A takeover by one node is the other's loss: of two claims of one term, that of the name that comes first counts. */
export const machineOptions = (config: NodeConfig): MachineOptions => ({
  start: config.start,
  moveBy: config.move.by,
  heartbeatEvery: config.heartbeat.every,
  deadAfter: config.heartbeat.deadAfter,
  takeOver: config.heartbeat.takeOver,
  failFast: config.failFast,
  peerWinsTies: config.peer < config.node,
  commit: config.faults.commit,
  flush: config.faults.flush,
  splitBrain: config.faults.splitBrain,
});

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`it did not end within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}
