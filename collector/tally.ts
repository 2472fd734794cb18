/** What is remembered of a collector's events, for whoever asks how it stands. */
import type { CollectorEvent } from './words.ts';

export interface Tally {
  add(event: CollectorEvent, at: bigint): void;
  gaps(vantage: string, interfaceName: string): number;
  readonly trouble: { readonly at: string; readonly what: string } | null;
}

export function createTally(): Tally {
  const gaps = new Map<string, number>();
  let trouble: Tally['trouble'] = null;
  const key = (vantage: string, interfaceName: string): string => `${interfaceName}/${vantage}`;
  return {
    add(event, at) {
      // Told twice, at its begin and at its end; counted once.
      if (event.event === 'gap' && event.to === null) {
        const name = key(event.vantage, event.interface);
        gaps.set(name, (gaps.get(name) ?? 0) + 1);
      }
      if (event.event === 'trouble') trouble = { at: String(at), what: event.what };
    },
    gaps: (vantage, interfaceName) => gaps.get(key(vantage, interfaceName)) ?? 0,
    get trouble() {
      return trouble;
    },
  };
}
