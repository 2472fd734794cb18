/**
 * For tests: a conversation with the machine, written as a sequence diagram, on a virtual clock.
 *
 *     > take-over              an event (`done` and `failed WHY` answer the step that is on its way)
 *     < detach-adapters        a step that the machine asks for, a role that it takes on, a word to the peer
 *     > 2000 ms                time passes; timers that are due go off, as `! peer-dead`
 *
 * Everything that the machine says must be in the script, in order, but for notes and plain heartbeats.
 */
import { TakeoverMachine } from './machine.ts';
import type { Command, Event, MachineOptions, Role, Timer } from './words.ts';

export const OPTIONS: MachineOptions = {
  start: 'standby',
  moveBy: 'adapter',
  heartbeatEvery: 500,
  deadAfter: 2000,
  takeOver: true,
  failFast: false,
  peerWinsTies: true,
  commit: 'before',
  flush: true,
  splitBrain: false,
};

export class Playbook {
  readonly machine: TakeoverMachine;
  readonly said: string[] = [];
  private now = 0;
  private readonly timers = new Map<Timer, number>();

  constructor(options: Partial<MachineOptions> = {}) {
    this.machine = new TakeoverMachine({ ...OPTIONS, ...options });
  }

  /** Feeds the events of a script. @returns the conversation as it was; equal to the script where all is well */
  play(script: string): string[] {
    this.said.length = 0;
    for (const line of linesOf(script)) {
      if (!line.startsWith('> ')) continue;
      this.said.push(line);
      const words = line.slice(2).split(' ');
      if (words[1] === 'ms') this.pass(Number(words[0]));
      else this.feed(parseEvent(words, this.machine));
    }
    return [...this.said];
  }

  feed(event: Event): void {
    for (const command of this.machine.handle(event)) this.obey(command);
  }

  private obey(command: Command): void {
    if (command.kind === 'set-timer') this.timers.set(command.timer, this.now + command.after);
    else if (command.kind === 'clear-timer') this.timers.delete(command.timer);
    else if (command.kind === 'do') this.said.push(`< ${command.action}`);
    else if (command.kind === 'role') this.said.push(`< role ${command.to}`);
    else if (command.kind === 'ask-release') this.said.push(`< ask-release ${command.term}`);
    else if (command.kind === 'stopped') this.said.push('< stopped');
  }

  private pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [timer, at] = [...this.timers].sort((a, b) => a[1] - b[1])[0] ?? [];
      if (timer === undefined || at === undefined || at > end) break;
      this.now = at;
      this.timers.delete(timer);
      if (timer !== 'heartbeat') this.said.push(`! ${timer}`);
      this.feed({ kind: 'timer', timer });
    }
    this.now = end;
  }
}

export const linesOf = (script: string): string[] =>
  script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function parseEvent([word, ...rest]: string[], machine: TakeoverMachine): Event {
  switch (word) {
    case 'heartbeat':
      return { kind: 'heartbeat', role: rest[0] as Role, term: Number(rest[1]) };
    case 'release-asked':
      return { kind: 'release-asked', term: Number(rest[0]) };
    case 'take-over':
      return { kind: 'take-over', force: rest[0] === 'force' };
    case 'vrrp':
      return { kind: 'vrrp', state: rest[0] as 'master' | 'backup' | 'fault' };
    case 'done':
      return { kind: 'done', action: doing(machine) };
    case 'failed':
      return { kind: 'failed', action: doing(machine), why: rest.join(' ') };
    case 'started':
    case 'release':
    case 'adapters-gone':
    case 'stopping':
      return { kind: word };
    default:
      throw new Error(`the playbook knows no '${word}'`);
  }
}

function doing(machine: TakeoverMachine) {
  if (machine.doing === null) throw new Error('no step is on its way');
  return machine.doing;
}
