/**
 * State outside of React: a value, its listeners, and a hook. Canvases subscribe and redraw without
 * React; components use `useAtom`.
 * The trap: a value must be replaced, never changed in place, or nobody hears of it.
 */
import { useSyncExternalStore } from 'react';

export interface Atom<T> {
  get(): T;
  set(next: T): void;
  update(change: (now: T) => T): void;
  /** Calls back after every change; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

export function atom<T>(initial: T): Atom<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useAtom<T>(of: Atom<T>): T {
  return useSyncExternalStore(of.subscribe, of.get);
}
