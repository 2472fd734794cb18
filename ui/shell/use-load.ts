/** A value that has to be asked for: loading, there, or failed; asked again when `key` changes. */
import { useEffect, useState } from 'react';
import { explain } from '../state/uploads.ts';

export interface Loaded<T> {
  readonly value: T | null;
  readonly error: string | null;
  readonly loading: boolean;
}

/** `key` null: nothing is wanted. What was there stays until the next is there. */
export function useLoad<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { key: string | null }>({
    key: null,
    value: null,
    error: null,
    loading: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when it is another question
  useEffect(() => {
    if (key === null) return setState({ key, value: null, error: null, loading: false });
    const controller = new AbortController();
    setState((before) => ({ ...before, key, error: null, loading: true }));
    load(controller.signal).then(
      (value) => controller.signal.aborted || setState({ key, value, error: null, loading: false }),
      (error: unknown) =>
        controller.signal.aborted || setState({ key, value: null, error: explain(error), loading: false }),
    );
    return () => controller.abort();
  }, [key]);
  return state;
}
