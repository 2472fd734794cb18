/**
 * The takeover, as a machine without sockets, clock or kernel: events in, commands out.
 *
 *   standby ──take-over, peer dead, nobody active, VRRP master──> taking-over ──all steps──> active
 *      ^                                                              │ a step failed          │ release, newer claim,
 *      └────────────────────────────── releasing <────────────────────┴────────────────────────┘ adapters gone
 *
 * One step is on its way at a time. What happens meanwhile that asks for another direction is kept as the
 * `turn`, and taken when the step is answered: a step is never left half done. The trap is the peer that is
 * not dead but out of reach: taking the adapters off it is what makes a takeover safe, never its silence.
 */
import { isDispensable, isRequired, MOST_TRIES, RETRY_AFTER, releaseSteps, takeoverSteps } from './steps.ts';
import type { Action, Claim, Command, Event, MachineOptions, Role, Timer } from './words.ts';

type Turn =
  | { readonly to: 'active'; readonly ask: boolean; readonly why: string }
  | { readonly to: 'standby'; readonly lower: boolean; readonly why: string }
  | { readonly to: 'stopped' };

export class TakeoverMachine {
  /** What it is. */
  role: Role = 'standby';
  term = 0;
  /** What it last heard, and whether that is recent. */
  peer: Claim | null = null;
  peerAlive = false;
  /** The step that is on its way. */
  doing: Action | null = null;

  private readonly options: MachineOptions;
  private commands: Command[] = [];
  private steps: Action[] = [];
  private turn: Turn | null = null;
  private tries = 0;
  private retrying = false;
  /** Waits for the peer to release. */
  private asking = false;
  /** Has just started, and listens whether somebody is active. */
  private listening = true;
  private stopping = false;
  private ended = false;
  private attached = false;
  /** The entries of its own connections: those of its tenure, and what the peer's tenure made of them. */
  private entries: 'none' | 'own' | 'stale' | 'kept' = 'none';
  /** The peer took the role from it, and has not been active since: if it fails, the role goes back. */
  private lent = false;
  /** An operator took the role off it, and the peer has not been active since. */
  private resting = false;
  /** Has heard the peer since it stands by: the silence after that means something. */
  private heard = false;
  private lastFailed = false;
  private vacancyNoted = false;
  private vrrpMaster = false;

  constructor(options: MachineOptions) {
    this.options = options;
  }

  /**
   * What the peer is told. With the fault of a split brain it hears of no other role, and so keeps its own: a peer that
   * heard of a newer claim would release within a heartbeat.
   */
  get claim(): Claim {
    return { role: this.options.splitBrain ? 'standby' : this.role, term: this.term };
  }

  /** What is to be done now that this has happened, in this order. */
  handle(event: Event): Command[] {
    this.commands = [];
    if (!this.ended) this.take(event);
    return this.commands;
  }

  private take(event: Event): void {
    switch (event.kind) {
      case 'started':
        this.start();
        break;
      case 'heartbeat':
        this.hear(event);
        break;
      case 'release-asked':
        this.releaseAsked(event.term);
        break;
      case 'timer':
        this.timer(event.timer);
        break;
      case 'take-over':
        this.resting = false;
        this.request({ to: 'active', ask: !event.force && !this.options.splitBrain, why: 'asked to' });
        break;
      case 'release':
        this.resting = true;
        this.request({ to: 'standby', lower: true, why: 'asked to' });
        break;
      case 'adapters-gone':
        this.adaptersGone();
        break;
      case 'vrrp':
        this.vrrp(event.state);
        break;
      case 'done':
        this.answered(event.action);
        break;
      case 'failed':
        this.answered(event.action, event.why);
        break;
      case 'stopping':
        this.request({ to: 'stopped' });
        break;
    }
  }

  // --- the peer -------------------------------------------------------------

  private start(): void {
    this.emit({ kind: 'role', from: null, to: this.role });
    this.setTimer('heartbeat', this.options.heartbeatEvery);
    this.setTimer('peer-dead', this.options.deadAfter);
    this.sendHeartbeat();
  }

  private hear(claim: Claim): void {
    if (!this.peerAlive) this.note(`the peer is heard: ${claim.role}, term ${claim.term}`);
    this.peer = { role: claim.role, term: claim.term };
    this.peerAlive = true;
    this.heard = true;
    this.setTimer('peer-dead', this.options.deadAfter);
    if (claim.role === 'active') this.hearActive();
    this.compareClaims(claim);
    if (this.asking && claim.role === 'standby') {
      this.asking = false;
      this.clearTimer('peer-release');
      this.advance();
    }
    if (this.listening && claim.role !== 'active') this.startRole();
    this.watchVacancy();
  }

  private hearActive(): void {
    this.listening = false;
    this.lent = false;
    this.resting = false;
    this.lastFailed = false;
    if (this.role !== 'standby') return;
    if (this.entries === 'own') this.entries = 'stale';
    // Not earlier: what is deleted here is also deleted at the peer, until the peer has committed it.
    if (this.entries !== 'stale' || this.steps.length > 0 || !this.options.flush) return;
    this.steps.push('flush-state');
    this.advance();
  }

  /** Two that claim the role: the newer claim counts. Where addresses move, keepalived decides instead. */
  private compareClaims(claim: Claim): void {
    const claims = claim.role === 'active' || claim.role === 'taking-over';
    if (!claims || this.role === 'standby' || this.role === 'releasing') {
      // A claim is compared with as it was made; any other number only says how high the next one must be.
      this.term = Math.max(this.term, claim.term);
      return;
    }
    if (this.asking) {
      this.term = Math.max(this.term, claim.term + 1);
      return;
    }
    const newer = claim.term > this.term || (claim.term === this.term && this.options.peerWinsTies);
    if (!newer || this.options.splitBrain || this.options.moveBy === 'address') return;
    if (this.role === 'active' && claim.role !== 'active') return; // it may fail yet; its detaching will tell
    this.request({ to: 'standby', lower: true, why: `the peer claims the role with term ${claim.term}` });
  }

  private releaseAsked(term: number): void {
    if (this.role === 'standby' || this.role === 'releasing') {
      this.sendHeartbeat();
      return;
    }
    if (term <= this.term || this.options.splitBrain) return;
    this.lent = this.role === 'active';
    this.request({ to: 'standby', lower: true, why: `the peer takes over with term ${term}` });
  }

  private peerDead(): void {
    this.note(this.peerAlive ? 'the peer is not heard any more' : 'the peer is not heard');
    this.peerAlive = false;
    if (this.asking) {
      this.asking = false;
      this.clearTimer('peer-release');
      this.advance();
      return;
    }
    if (this.listening) {
      this.startRole();
      return;
    }
    if (this.wantsRole()) this.request({ to: 'active', ask: false, why: 'the peer is dead' });
  }

  private startRole(): void {
    this.listening = false;
    if (this.options.start === 'active' && this.options.moveBy === 'adapter' && !this.resting)
      this.request({ to: 'active', ask: false, why: 'started as the active node' });
  }

  /** Whether it takes the role by itself, since nobody has it. */
  private wantsRole(): boolean {
    if (this.role !== 'standby' || this.listening || this.resting || this.options.moveBy === 'address')
      return false;
    if (!this.options.takeOver && !this.lent) return false;
    return this.peerAlive ? this.peer?.role === 'standby' : this.heard;
  }

  /** Both stand by: one waits longer than the other, and longer still after it failed. */
  private watchVacancy(): void {
    const wants = this.wantsRole();
    if (wants === this.vacancyNoted) return;
    this.vacancyNoted = wants;
    if (!wants) {
      this.clearTimer('vacant');
      return;
    }
    const { start, deadAfter, peerWinsTies } = this.options;
    const patience = this.lastFailed ? 3 : this.lent || start === 'active' ? 1 : 2;
    this.setTimer('vacant', deadAfter * (patience + (peerWinsTies ? 0.5 : 0)));
  }

  private adaptersGone(): void {
    if (!this.attached || this.options.moveBy === 'address') return;
    this.attached = false;
    // Somebody took them, so that the peer lives, whether it is heard or not.
    this.heard = false;
    this.lent = true;
    if (this.entries === 'own') this.entries = 'stale';
    this.request({ to: 'standby', lower: true, why: 'the adapters were taken away' });
  }

  private vrrp(state: 'master' | 'backup' | 'fault'): void {
    const was = this.vrrpMaster;
    this.vrrpMaster = state === 'master';
    this.note(`keepalived: ${state}`);
    if (state === 'master') {
      if (this.role === 'standby') this.request({ to: 'active', ask: false, why: 'VRRP master' });
    } else if (was || state === 'fault') {
      if (this.entries === 'own') this.entries = 'stale';
      if (this.role !== 'standby') this.request({ to: 'standby', lower: false, why: `VRRP ${state}` });
    }
  }

  private timer(timer: Timer): void {
    switch (timer) {
      case 'heartbeat':
        this.setTimer('heartbeat', this.options.heartbeatEvery);
        this.sendHeartbeat();
        // The first word may have been lost.
        if (this.asking) this.emit({ kind: 'ask-release', term: this.term });
        return;
      case 'peer-dead':
        this.peerDead();
        break;
      case 'peer-release':
        if (this.asking) this.note('the peer did not release in time; going on without');
        this.asking = false;
        this.advance();
        break;
      case 'vacant':
        this.vacancyNoted = false;
        if (this.wantsRole()) this.request({ to: 'active', ask: false, why: 'nobody is active' });
        return;
      case 'retry':
        this.retrying = false;
        this.advance();
        break;
      case 'late-commit':
        if (this.role === 'active') this.steps.push('commit-state', ...this.afterwards());
        this.advance();
        break;
    }
  }

  // --- steps ----------------------------------------------------------------

  /** Turns into another direction, as soon as the step that is on its way is answered. */
  private request(turn: Turn): void {
    if (this.stopping || this.turn?.to === 'stopped') return;
    if (turn.to === 'active' && this.role !== 'standby') {
      this.note(`does not take over (${turn.why}): it is ${this.role}`);
      return;
    }
    if (turn.to === 'standby' && (this.role === 'standby' || this.role === 'releasing')) {
      this.turn = null; // a takeover that has not begun
      return;
    }
    if (turn.to === 'standby' && this.turn?.to === 'standby') return;
    this.turn = turn;
    this.advance();
  }

  private advance(): void {
    if (this.doing !== null) return;
    if (this.turn !== null) {
      this.begin(this.turn);
      return;
    }
    if (this.retrying || this.asking) return;
    const next = this.steps[0];
    if (next === undefined) {
      this.finish();
      return;
    }
    this.doing = next;
    this.emit({ kind: 'do', action: next });
  }

  private begin(turn: Turn): void {
    this.turn = null;
    this.tries = 0;
    this.asking = false;
    this.retrying = false;
    for (const timer of ['retry', 'peer-release', 'vacant', 'late-commit'] as const) this.clearTimer(timer);
    this.vacancyNoted = false;
    if (turn.to === 'active') {
      this.beginTakeover(turn);
      return;
    }
    const releases = this.role !== 'standby';
    if (turn.to === 'stopped') this.stopping = true;
    else this.note(`releases: ${turn.why}`);
    this.steps = releases ? releaseSteps(turn.to === 'stopped' || turn.lower) : [];
    if (releases && this.role !== 'releasing') this.setRole('releasing');
    this.advance();
  }

  private beginTakeover({ ask, why }: Turn & { to: 'active' }): void {
    this.term = Math.max(this.term, this.peer?.term ?? 0) + 1;
    this.note(`takes over: ${why}, term ${this.term}`);
    this.listening = false;
    this.steps = takeoverSteps(this.options, this.entries === 'stale' || this.entries === 'kept');
    this.asking = ask && this.peerAlive && this.peer?.role !== 'standby';
    this.setRole('taking-over');
    if (this.asking) {
      this.emit({ kind: 'ask-release', term: this.term });
      this.setTimer('peer-release', 2 * this.options.deadAfter);
    }
    this.advance();
  }

  private answered(action: Action, why?: string): void {
    if (this.doing !== action) return; // answered already
    this.doing = null;
    if (why === undefined) this.succeeded(action);
    else if (this.turn !== null) this.note(`${action} failed: ${why}`);
    else this.failed(action, why);
    this.advance();
  }

  private succeeded(action: Action): void {
    this.tries = 0;
    this.steps.shift();
    if (action === 'attach-adapters') this.attached = true;
    if (action === 'flush-state') this.entries = 'none';
    if (action === 'start-forwarding') this.entries = 'own';
    if (this.options.moveBy === 'address') {
      if (action === 'raise-addresses') this.vrrpMaster = true;
      if (action === 'lower-addresses') this.vrrpMaster = false;
    }
  }

  private failed(action: Action, why: string): void {
    this.tries += 1;
    const gaveUp = this.stopping || (this.tries >= MOST_TRIES && !isRequired(action));
    if (!gaveUp) {
      this.note(`${action} failed, and is tried again: ${why}`);
      this.retrying = true;
      this.setTimer('retry', RETRY_AFTER);
      return;
    }
    this.tries = 0;
    if (this.stopping || isDispensable(action)) {
      this.steps.shift();
      if (action === 'flush-state') this.entries = 'kept';
      this.note(`${action} failed, going on without: ${why}`);
      return;
    }
    this.lastFailed = true;
    this.turn = { to: 'standby', lower: true, why: `${action} failed: ${why}` };
  }

  /** The last step is done. */
  private finish(): void {
    if (this.stopping) {
      this.ended = true;
      for (const timer of ['heartbeat', 'peer-dead'] as const) this.clearTimer(timer);
      if (this.role !== 'standby') this.setRole('standby');
      this.emit({ kind: 'stopped' });
    } else if (this.role === 'taking-over') {
      this.becomeActive();
    } else if (this.role === 'releasing') {
      this.becomeStandby();
    }
  }

  private becomeActive(): void {
    this.setRole('active');
    this.lent = false;
    this.lastFailed = false;
    const { commit } = this.options;
    if (typeof commit === 'object') this.setTimer('late-commit', commit.after);
    else this.steps.push(...this.afterwards());
    this.advance();
  }

  private becomeStandby(): void {
    this.attached = false;
    this.setRole('standby');
    if (this.peerAlive && this.peer?.role === 'active') this.hearActive();
    if (this.vrrpMaster) this.request({ to: 'active', ask: false, why: 'VRRP master' });
    this.watchVacancy();
  }

  private afterwards(): Action[] {
    return this.options.failFast ? ['reset-lost-connections'] : [];
  }

  // --- words ----------------------------------------------------------------

  private setRole(to: Role): void {
    this.emit({ kind: 'role', from: this.role, to });
    this.role = to;
    this.sendHeartbeat();
  }

  private sendHeartbeat(): void {
    this.emit({ kind: 'send-heartbeat', ...this.claim });
  }

  private setTimer(timer: Timer, after: number): void {
    this.emit({ kind: 'set-timer', timer, after });
  }

  private clearTimer(timer: Timer): void {
    this.emit({ kind: 'clear-timer', timer });
  }

  private note(text: string): void {
    this.emit({ kind: 'note', text });
  }

  private emit(command: Command): void {
    this.commands.push(command);
  }
}
