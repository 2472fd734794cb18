/**
 * The packets of the flow that is open, followed from vantage to vantage: fetched once, piece by piece, and shared
 * by the views. The trap: pages are windows of time, and packets of the same moment lie on both sides of a page's
 * end; those that came already are skipped.
 */
import type { Journey } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { type Atom, atom } from '../state/atom.ts';
import { getJourneys } from './api.ts';

export interface Journeys {
  readonly list: readonly Journey[];
  readonly total: number;
  readonly state: 'loading' | 'ready' | 'failed';
  /** More than `MOST`; the rest is not shown. */
  readonly cut: boolean;
  readonly error: Error | null;
}

const PAGE = 2000;
const MOST = 40_000;
const NONE: Journeys = { list: [], total: 0, state: 'loading', cut: false, error: null };

interface Open {
  readonly key: string;
  readonly value: Atom<Journeys>;
  readonly stop: AbortController;
}

let open: Open | null = null;

export function journeysOf({ id, revision }: IncidentDetail, flow: FlowDetail): Atom<Journeys> {
  const key = `${id}/${revision}/${flow.flow.id}`;
  if (open?.key === key) return open.value;
  open?.stop.abort();
  open = { key, value: atom(NONE), stop: new AbortController() };
  void load(open, id, flow);
  return open.value;
}

/** After an error: from the start, for whoever listens already. */
export function retryJourneys({ id }: IncidentDetail, flow: FlowDetail): void {
  if (open === null) return;
  open.value.set(NONE);
  void load(open, id, flow);
}

async function load({ value, stop }: Open, incident: string, { flow, journeys }: FlowDetail): Promise<void> {
  const list: Journey[] = [];
  const done = (state: Journeys['state'], cut = false, error: Error | null = null): void =>
    value.set({ list: [...list], total: journeys, state, cut, error });
  try {
    let from = Number.MIN_SAFE_INTEGER;
    for (let more = journeys > 0; more; ) {
      const query = { from, to: Number.MAX_SAFE_INTEGER, limit: PAGE };
      const page = await getJourneys(incident, flow.id, query, stop.signal);
      const before = list.length;
      append(list, page.journeys);
      from = list.at(-1)?.time ?? from;
      more = page.truncated && list.length > before && list.length < MOST;
      if (more) done('loading');
      else return done('ready', page.truncated);
    }
    done('ready');
  } catch (error) {
    if (!stop.signal.aborted)
      done('failed', false, error instanceof Error ? error : new Error(String(error)));
  }
}

/** `page` begins at the time at which `list` ends, with what `list` has of that time. */
export function append(list: Journey[], page: readonly Journey[]): void {
  const last = list.at(-1)?.time;
  let known = 0;
  if (last !== undefined) for (let at = list.length - 1; list[at]?.time === last; at--) known++;
  for (const journey of page) {
    if (journey.time === last && known > 0) known--;
    else list.push(journey);
  }
}
