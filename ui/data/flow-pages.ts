/**
 * The flow table's rows, page by page: only pages that are looked at are asked for. A filter and an
 * order are one `FlowPages`; it lives outside of React, so that a flow's page can walk through it.
 * The trap: 100,000 rows must not become 100,000 objects because somebody drags the scrollbar:
 * pages are asked for when scrolling rests, and the oldest are forgotten.
 */
import type { FlowPage, FlowRow } from '../../server/api.ts';
import { type Atom, atom } from '../state/atom.ts';
import { explain } from '../state/uploads.ts';
import { type FlowQuery, getFlows } from './api.ts';

export const PAGE = 200;
const MOST_PAGES = 60;

export interface FlowsState {
  /** null: not known yet. */
  readonly total: number | null;
  readonly facets: FlowPage['facets'] | null;
  readonly error: string | null;
  /** Changes with every page that arrives. */
  readonly version: number;
}

export interface FlowPages {
  readonly key: string;
  readonly state: Atom<FlowsState>;
  /** The row that the keys stand on; kept while one looks at a flow. */
  readonly cursor: Atom<number>;
  /** undefined: its page is not there. */
  row(index: number): FlowRow | undefined;
  /** Asks for what of these rows is not there. */
  want(from: number, to: number): void;
  /** All rows that are there, by position. */
  loaded(): FlowRow[];
  /** Position of a flow, looking through at most `most` rows; null: not among them. */
  find(flow: string, most: number): Promise<number | null>;
  /** The row, asked for if need be; null: there is none. */
  fetch(index: number): Promise<FlowRow | null>;
  retry(): void;
}

type Ask = typeof getFlows;

export function createFlowPages(
  incident: string,
  query: FlowQuery,
  key: string,
  ask: Ask = getFlows,
): FlowPages {
  const pages = new Map<number, FlowRow[]>();
  const pending = new Map<number, Promise<void>>();
  const state = atom<FlowsState>({ total: null, facets: null, error: null, version: 0 });

  const row = (index: number): FlowRow | undefined => pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  const receive = (number: number, page: FlowPage): void => {
    pages.set(number, page.rows);
    // The first page is where one comes back to.
    const oldest = [...pages.keys()].find((one) => one !== 0);
    if (pages.size > MOST_PAGES && oldest !== undefined) pages.delete(oldest);
    const { version } = state.get();
    state.set({ total: page.total, facets: page.facets, error: null, version: version + 1 });
  };

  const load = (number: number): Promise<void> => {
    const known = pending.get(number);
    if (known !== undefined) return known;
    if (pages.has(number)) return Promise.resolve();
    const asked = ask(incident, { ...query, offset: number * PAGE, limit: PAGE })
      .then((page) => receive(number, page))
      .catch((error: unknown) => state.update((now) => ({ ...now, error: explain(error) })))
      .finally(() => pending.delete(number));
    pending.set(number, asked);
    return asked;
  };

  const fetch = async (index: number): Promise<FlowRow | null> => {
    if (index < 0) return null;
    await load(Math.floor(index / PAGE));
    return row(index) ?? null;
  };

  const find = async (flow: string, most: number): Promise<number | null> => {
    for (const [number, rows] of pages) {
      const at = rows.findIndex(({ id }) => id === flow);
      if (at >= 0) return number * PAGE + at;
    }
    for (let number = 0; number * PAGE < Math.min(most, state.get().total ?? 1); number++) {
      await load(number);
      const at = pages.get(number)?.findIndex(({ id }) => id === flow) ?? -1;
      if (at >= 0) return number * PAGE + at;
      if (state.get().error !== null) return null;
    }
    return null;
  };

  return {
    key,
    state,
    cursor: atom(0),
    row,
    fetch,
    find,
    want(from, to) {
      const last = state.get().total === null ? 0 : Math.floor(Math.max(0, to) / PAGE);
      for (let number = Math.floor(Math.max(0, from) / PAGE); number <= last; number++) void load(number);
    },
    loaded: () => [...pages].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows),
    retry() {
      state.update((now) => ({ ...now, error: null }));
      void load(0);
    },
  };
}

let current: FlowPages | null = null;

/** The rows of this filter and order; the same as last time, where it is the same question. */
export function flowPages(incident: string, revision: number, query: FlowQuery): FlowPages {
  const key = [incident, revision, query.q, query.sort, query.order].join('\n');
  if (current?.key !== key) current = createFlowPages(incident, query, key);
  return current;
}
