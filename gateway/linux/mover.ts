/**
 * How the role's network comes to a node: the whole adapter, or only its addresses. The machine in
 * `core/` decides when; a mover does one step at a time and never changes roles by itself.
 * The trap: a step is asked for again after it failed, or where a node starts with part of it done, so
 * every step that finds its work done already says so by resolving.
 */

/**
 * Each step writes its own lines into the journal (`adapter-detached`, `adapter-attached`, `address-up`,
 * `address-announced`), at the moment at which each adapter and each address is done. All of them but
 * `close` throw a GatewayError where the step could not be taken.
 */
export interface Mover {
  /** What must be in place before the first step: programs are looked for, daemons started. */
  prepare(): Promise<void>;
  /** Takes the adapters off the peer. Where only addresses move: nothing. */
  detach(): Promise<void>;
  /**
   * Puts the adapters into this node after `attachDelay`, link up, without addresses; at once where they
   * are here already. The signal ends the wait. Where only addresses move: the links are up.
   */
  attach(signal: AbortSignal): Promise<void>;
  /** Addresses and routes are here when it resolves. Under VRRP: keepalived is made to claim them, and is master. */
  raise(): Promise<void>;
  /**
   * Addresses are gone when it resolves, and adapters that are still here are down. Under VRRP this node
   * gives up its claim, and stays a candidate for when the peer is gone.
   */
  lower(): Promise<void>;
  /** Gratuitous ARP and unsolicited neighbour advertisements, on the sides that `faults.announce` allows. */
  announce(): Promise<void>;
  /** Lowers what is up and ends daemons. Never throws. */
  close(): Promise<void>;
}

/** keepalived's word, as it comes. */
export type OnVrrp = (state: 'master' | 'backup' | 'fault') => void;
