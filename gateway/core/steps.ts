/**
 * Which steps a node takes, in which order, and what it means when one cannot be taken.
 * The trap: shared state must be in the kernel before the address is up. A packet that comes first is
 * taken for one of an unknown connection, and with loose tracking even makes a wrong entry.
 */
import type { Action, MachineOptions } from './words.ts';

/** From standby to active. `stale`: this node still has entries from before the peer was active. */
export function takeoverSteps(options: MachineOptions, stale: boolean): Action[] {
  const steps: Action[] = [];
  if (options.moveBy === 'adapter') {
    if (!options.splitBrain) steps.push('detach-adapters');
    steps.push('attach-adapters');
  }
  if (stale && options.flush) steps.push('flush-state');
  if (options.commit === 'before') steps.push('commit-state');
  steps.push('raise-addresses', 'announce', 'start-forwarding');
  return steps;
}

/** From active, or from half-way there, to standby. `lower`: not where keepalived has taken the addresses away itself. */
export const releaseSteps = (lower: boolean): Action[] =>
  lower ? ['stop-forwarding', 'lower-addresses'] : ['stop-forwarding'];

/** More tries than this are no better: what fails three times in a second is broken. */
export const MOST_TRIES = 3;
/** ms; the path is down meanwhile. */
export const RETRY_AFTER = 300;

/**
 * Without these a node is still of use: connections are lost that could have gone on, but new ones work. Without
 * any other step of a takeover it would have the role and not forward, so that it gives the role back.
 */
const DISPENSABLE: readonly Action[] = ['commit-state', 'flush-state', 'announce', 'reset-lost-connections'];
export const isDispensable = (action: Action): boolean => DISPENSABLE.includes(action);

/** A node that keeps forwarding, or keeps addresses, has not released: these are tried until they succeed. */
export const isRequired = (action: Action): boolean =>
  action === 'stop-forwarding' || action === 'lower-addresses';
