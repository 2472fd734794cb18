/**
 * For tests: two machines, the adapters that move between them, the words that they exchange, and a virtual clock. It
 * plays the kernel as far as the machine can tell: adapters are at one node or the other, and a crash leaves everything
 * as it was but the machine.
 * The trap: what the machine must never do is checked here, at each step that it asks for, so that every test has it.
 */
import { TakeoverMachine } from './machine.ts';
import { OPTIONS } from './playbook.ts';
import type { Action, Command, Event, MachineOptions, Timer } from './words.ts';

export type Name = 'a' | 'b';
export const peerOf = (name: Name): Name => (name === 'a' ? 'b' : 'a');

interface Node {
  /** Null: crashed. */
  machine: TakeoverMachine | null;
  /** Counts its starts: what an earlier process began is not told to the next. */
  boot: number;
  readonly timers: Map<Timer, number>;
  doing: Action | null;
  /** What was answered since the takeover began, well or not. */
  readonly taken: Set<Action>;
  addresses: boolean;
  forwarding: boolean;
  stopped: boolean;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly what: () => void;
}

/** ms. */
const STEP_TAKES = 40;
const WORD_TAKES = 1;
const LOOK_EVERY = 250;

export class Pair {
  now = 0;
  linkUp = true;
  /** Who has the adapters. */
  adapters: Name = 'a';
  /** Whether a step that is asked for fails, and a word to the peer is lost. */
  fails: (name: Name, action: Action) => boolean = () => false;
  loses: () => boolean = () => false;
  /** Called before each step of each node. */
  onStep: (name: Name, action: Action) => void = () => {};
  readonly nodes: Readonly<Record<Name, Node>> = { a: newNode(), b: newNode() };
  private readonly options: Partial<MachineOptions>;
  private readonly due: Due[] = [];
  private order = 0;

  constructor(options: Partial<MachineOptions> = {}) {
    this.options = options;
  }

  /** As the process does it: rules hold everything back, addresses are taken off, and then the machine begins. */
  start(name: Name): void {
    const node = this.nodes[name];
    Object.assign(node, {
      doing: null,
      addresses: false,
      forwarding: false,
      stopped: false,
      boot: node.boot + 1,
    });
    node.timers.clear();
    node.machine = new TakeoverMachine({
      ...OPTIONS,
      ...this.options,
      start: name === 'a' ? 'active' : 'standby',
      peerWinsTies: name === 'b',
    });
    this.feed(name, { kind: 'started' });
    this.look(name, node.boot);
  }

  /** The process is gone; the kernel keeps its addresses, its rules, its adapters. */
  crash(name: Name): void {
    const node = this.nodes[name];
    Object.assign(node, { machine: null, doing: null, boot: node.boot + 1 });
    node.timers.clear();
  }

  feed(name: Name, event: Event): void {
    const node = this.nodes[name];
    for (const command of node.machine?.handle(event) ?? []) this.obey(name, node, command);
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.nextDue();
      const timer = this.nextTimer();
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, timer?.at ?? Number.POSITIVE_INFINITY);
      if (at > end) break;
      this.now = at;
      if (next !== undefined && next.at === at) {
        this.due.splice(this.due.indexOf(next), 1);
        next.what();
      } else if (timer !== undefined) {
        this.nodes[timer.name].timers.delete(timer.timer);
        this.feed(timer.name, { kind: 'timer', timer: timer.timer });
      }
    }
    this.now = end;
  }

  /** Whether packets go through this node. */
  carries(name: Name): boolean {
    const { addresses, forwarding } = this.nodes[name];
    return this.adapters === name && addresses && forwarding;
  }

  private obey(name: Name, node: Node, command: Command): void {
    if (node.stopped) throw new Error(`${name} is stopped, and asks for ${command.kind}`);
    switch (command.kind) {
      case 'set-timer':
        node.timers.set(command.timer, this.now + command.after);
        break;
      case 'clear-timer':
        node.timers.delete(command.timer);
        break;
      case 'send-heartbeat':
        this.tell(peerOf(name), { kind: 'heartbeat', role: command.role, term: command.term });
        break;
      case 'ask-release':
        this.tell(peerOf(name), { kind: 'release-asked', term: command.term });
        break;
      case 'role':
        if (command.to === 'taking-over') node.taken.clear();
        break;
      case 'do':
        this.begin(name, node, command.action);
        break;
      case 'stopped':
        node.stopped = true;
        break;
      case 'note':
    }
  }

  private tell(to: Name, event: Event): void {
    if (!this.linkUp || this.loses()) return;
    this.after(WORD_TAKES, () => this.feed(to, event));
  }

  private begin(name: Name, node: Node, action: Action): void {
    if (node.doing !== null) throw new Error(`${name}: ${action} before ${node.doing} is answered`);
    const needs = NEEDED[action]?.find((needed) => !node.taken.has(needed));
    if (needs !== undefined && node.machine?.role !== 'releasing')
      throw new Error(`${name}: ${action} without ${needs}`);
    node.doing = action;
    this.onStep(name, action);
    const { boot } = node;
    this.after(STEP_TAKES, () => {
      if (node.boot !== boot) return;
      const why = this.fails(name, action) ? 'chance' : this.act(name, node, action);
      node.doing = null;
      node.taken.add(action);
      this.feed(name, why === null ? { kind: 'done', action } : { kind: 'failed', action, why });
    });
  }

  /** @returns why not */
  private act(name: Name, node: Node, action: Action): string | null {
    if (action === 'detach-adapters' && this.adapters !== name) {
      this.adapters = name;
      // The kernel takes addresses off an interface that changes its namespace.
      this.nodes[peerOf(name)].addresses = false;
      node.addresses = false;
    }
    const needsAdapters =
      action === 'attach-adapters' || action === 'raise-addresses' || action === 'announce';
    if (needsAdapters && this.adapters !== name) return 'the adapters are not here';
    if (action === 'raise-addresses') node.addresses = true;
    if (action === 'lower-addresses') node.addresses = false;
    if (action === 'start-forwarding') node.forwarding = true;
    if (action === 'stop-forwarding') node.forwarding = false;
    return null;
  }

  private look(name: Name, boot: number): void {
    this.after(LOOK_EVERY, () => {
      const node = this.nodes[name];
      if (node.boot !== boot || node.stopped) return;
      if (node.machine?.role !== 'standby' && this.adapters !== name)
        this.feed(name, { kind: 'adapters-gone' });
      this.look(name, boot);
    });
  }

  /** Has something done after so many ms. */
  after(ms: number, what: () => void): void {
    this.order += 1;
    this.due.push({ at: this.now + ms, order: this.order, what });
  }

  private nextDue(): Due | undefined {
    return this.due.reduce<Due | undefined>(
      (first, due) =>
        first === undefined || due.at < first.at || (due.at === first.at && due.order < first.order)
          ? due
          : first,
      undefined,
    );
  }

  private nextTimer(): { name: Name; timer: Timer; at: number } | undefined {
    return (['a', 'b'] as const)
      .flatMap((name) => [...this.nodes[name].timers].map(([timer, at]) => ({ name, timer, at })))
      .sort((x, y) => x.at - y.at)[0];
  }
}

/** What must have been answered in the same takeover. */
const NEEDED: Readonly<Partial<Record<Action, readonly Action[]>>> = {
  'attach-adapters': ['detach-adapters'],
  'commit-state': ['attach-adapters'],
  'raise-addresses': ['attach-adapters', 'commit-state'],
  announce: ['commit-state', 'raise-addresses'],
  'start-forwarding': ['commit-state', 'raise-addresses', 'announce'],
  'reset-lost-connections': ['start-forwarding'],
};

const newNode = (): Node => ({
  machine: null,
  boot: 0,
  timers: new Map(),
  doing: null,
  taken: new Set(),
  addresses: false,
  forwarding: false,
  stopped: true,
});
