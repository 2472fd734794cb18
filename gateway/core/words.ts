/**
 * What is told to the takeover machine (events) and what it asks for (commands). It knows no
 * sockets, no clock and no kernel: a driver does what it is told and answers each command by
 * one `done` or `failed`. Times are ms of a clock that only goes forward, given with each event.
 */

export type Role = 'active' | 'standby' | 'taking-over' | 'releasing';

export type Event =
  | { readonly kind: 'started' }
  /** From the peer, authenticated. */
  | { readonly kind: 'heartbeat'; readonly role: Role }
  | { readonly kind: 'timer'; readonly timer: Timer }
  /** An operator, or a fault of the lab. `force`: do not ask the peer to release first. */
  | { readonly kind: 'take-over'; readonly force: boolean }
  | { readonly kind: 'release' }
  /** keepalived's word, where the pair moves an address. */
  | { readonly kind: 'vrrp'; readonly state: 'master' | 'backup' | 'fault' }
  | { readonly kind: 'done'; readonly command: Action }
  | { readonly kind: 'failed'; readonly command: Action; readonly why: string }
  | { readonly kind: 'stopping' };

export type Timer = 'peer-dead' | 'heartbeat' | 'late-commit' | 'peer-release' | 'retry';

/** What takes time and may fail. */
export type Action =
  /** Takes the adapters off the peer (or off this node, when it releases). */
  | 'detach-adapters'
  /** Puts them into this node, after the cloud's delay, link up, without addresses. */
  | 'attach-adapters'
  | 'commit-state'
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
  | { readonly kind: 'send-heartbeat'; readonly role: Role }
  /** Asks the peer to give the role up, before it is taken. */
  | { readonly kind: 'ask-release' }
  | { readonly kind: 'role'; readonly from: Role; readonly to: Role }
  | { readonly kind: 'note'; readonly text: string };
