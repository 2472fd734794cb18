/**
 * What is told to the takeover machine (events) and what it asks for (commands). It knows no
 * sockets, no clock and no kernel: a driver does what it is told and answers each `do` by
 * exactly one `done` or `failed`. Timers are the driver's; setting one that is set moves it.
 */

export type Role = 'active' | 'standby' | 'taking-over' | 'releasing';

/**
 * What a node tells its peer. The term counts takeovers: who takes over claims one more than the highest that
 * it knows, so that of two nodes that both claim the role, the newer claim is known.
 */
export interface Claim {
  readonly role: Role;
  readonly term: number;
}

export type Event =
  | { readonly kind: 'started' }
  /** From the peer, authenticated. */
  | ({ readonly kind: 'heartbeat' } & Claim)
  /** The peer is about to take over under this term, and waits for this node to give the role up. */
  | { readonly kind: 'release-asked'; readonly term: number }
  | { readonly kind: 'timer'; readonly timer: Timer }
  /** An operator, or a fault of the lab. `force`: do not ask the peer to release first. */
  | { readonly kind: 'take-over'; readonly force: boolean }
  | { readonly kind: 'release' }
  /** The adapters were taken away, without this node's doing. */
  | { readonly kind: 'adapters-gone' }
  /** keepalived's word, where the pair moves an address. */
  | { readonly kind: 'vrrp'; readonly state: 'master' | 'backup' | 'fault' }
  | { readonly kind: 'done'; readonly action: Action }
  | { readonly kind: 'failed'; readonly action: Action; readonly why: string }
  | { readonly kind: 'stopping' };

export type Timer =
  | 'heartbeat'
  /** Since the last heartbeat of the peer. */
  | 'peer-dead'
  /** For the peer to give the role up. */
  | 'peer-release'
  /** Nobody has the role: who is to take it first. */
  | 'vacant'
  /** A step that failed is tried again. */
  | 'retry'
  | 'late-commit';

/** What takes time and may fail. */
export type Action =
  /** Takes the adapters off the peer. */
  | 'detach-adapters'
  /** Puts them into this node, after the cloud's delay, link up, without addresses. */
  | 'attach-adapters'
  | 'commit-state'
  /** Forgets the connections that the peer has now. */
  | 'flush-state'
  | 'raise-addresses'
  | 'lower-addresses'
  | 'announce'
  | 'start-forwarding'
  | 'stop-forwarding'
  /** Fail-fast: toward both ends of every connection that cannot go on. */
  | 'reset-lost-connections';

export type Command =
  | { readonly kind: 'do'; readonly action: Action }
  | { readonly kind: 'set-timer'; readonly timer: Timer; readonly after: number }
  | { readonly kind: 'clear-timer'; readonly timer: Timer }
  | ({ readonly kind: 'send-heartbeat' } & Claim)
  /** Asks the peer to give the role up, before it is taken. */
  | { readonly kind: 'ask-release'; readonly term: number }
  | { readonly kind: 'role'; readonly from: Role | null; readonly to: Role }
  | { readonly kind: 'note'; readonly text: string }
  /** After `stopping`: nothing is in use any more, and nothing more will be asked for. */
  | { readonly kind: 'stopped' };

/** What the machine needs to know of the configuration. Durations in ms. */
export interface MachineOptions {
  readonly start: 'active' | 'standby';
  readonly moveBy: 'adapter' | 'address';
  readonly heartbeatEvery: number;
  readonly deadAfter: number;
  /** Whether it may take over by itself: where the peer is dead, or where both stand by. */
  readonly takeOver: boolean;
  readonly failFast: boolean;
  /** Of two claims of one term, the peer's counts. It must be so on exactly one of the two nodes. */
  readonly peerWinsTies: boolean;
  readonly commit: 'before' | 'never' | { readonly after: number };
  /** Whether it forgets its own connections once the peer has them. */
  readonly flush: boolean;
  readonly splitBrain: boolean;
}
