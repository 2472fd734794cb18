/**
 * Loads the incident and the flow of the address, and keeps the incident up to date while it is
 * analysed. The one place that writes `incident` and `openFlow`.
 * The trap: answers come late. One that belongs to an address that is no longer shown is dropped.
 */
import type { Flow } from '../../analyzer/index.ts';
import type { Progress } from '../../server/api.ts';
import { ApiFailure, followIncident, getFlow, getIncident } from '../data/api.ts';
import { applyRoute, quietly, route } from './address.ts';
import { type Atom, atom } from './atom.ts';
import { incident, openFlow } from './incident.ts';
import { timeBase, toTimeline } from './time.ts';
import { setWhole } from './viewport.ts';

export interface LoadState {
  readonly loading: boolean;
  readonly error: ApiFailure | null;
}

const IDLE: LoadState = { loading: false, error: null };
/** Part of a flow's length that is shown before and after it. */
const MARGIN = 0.03;
/** ms until the server is asked again, when it would not tell of the incident any more. */
const REFUSED_REST = 1000;

export const incidentLoad: Atom<LoadState> = atom(IDLE);
export const flowLoad: Atom<LoadState> = atom(IDLE);
/** Of the analysis that runs; null: none does. */
export const progress: Atom<Progress | null> = atom<Progress | null>(null);

/** Whether the server is heard while an incident is open. */
export const connected: Atom<boolean> = atom(true);

let shownIncident = '';
let shownFlow = '';
let stopFollowing: (() => void) | null = null;

/** Once: from then on what the address names is loaded. */
export function startLoading(): void {
  route.subscribe(follow);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stopListening();
    // What has happened while nobody looked.
    else if (shownIncident !== '') void reloadIncident();
  });
  follow();
}

function stopListening(): void {
  stopFollowing?.();
  stopFollowing = null;
}

function follow(): void {
  const { incident: id, flow } = route.get();
  if (id !== shownIncident) openIncident(id);
  if (flow !== shownFlow) void openTheFlow(id, flow);
}

function openIncident(id: string): void {
  stopListening();
  shownIncident = id;
  shownFlow = '';
  incident.set(null);
  openFlow.set(null);
  progress.set(null);
  connected.set(true);
  incidentLoad.set(IDLE);
  if (id === '') return;
  void reloadIncident();
}

/** Asks for the incident that is shown, and follows it from then on: at first, and after whatever may have changed it. */
export async function reloadIncident(): Promise<void> {
  const id = shownIncident;
  incidentLoad.set({ loading: true, error: null });
  try {
    const loaded = await getIncident(id);
    if (shownIncident !== id) return;
    const isFirst = incident.get()?.revision !== loaded.revision || incident.get() === null;
    quietly(() => {
      if (isFirst) setBase(loaded);
      incident.set(loaded);
      if (isFirst && route.get().flow === '') showWhole(loaded);
    });
    if (isFirst) applyRoute();
    incidentLoad.set(IDLE);
    if (stopFollowing === null) listen(id);
    if (isFirst && shownFlow !== '') await openTheFlow(id, shownFlow);
  } catch (error) {
    if (shownIncident !== id) return;
    const failure = toApiFailure(error);
    if (failure.status === 404) forget();
    incidentLoad.set({ loading: false, error: failure });
  }
}

/** Somebody deleted it. */
function forget(): void {
  stopListening();
  connected.set(true);
  incident.set(null);
  openFlow.set(null);
}

type Loaded = NonNullable<ReturnType<typeof incident.get>>;

function setBase({ timeline, report }: Loaded): void {
  const origin = BigInt(timeline?.origin ?? firstTime(report) ?? '0');
  const lost = report?.failovers[0]?.pathLost;
  timeBase.set({ origin, zero: lost === undefined ? null : Number(BigInt(lost) - origin), flow: null });
}

/** Where there is no timeline times count from the first frame. */
function firstTime(report: Loaded['report']): string | null {
  const times = report?.captures.flatMap(({ firstTime: first }) => (first === null ? [] : [first])) ?? [];
  return times.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? null;
}

function showWhole({ timeline }: Loaded): void {
  if (timeline !== null) setWhole(widen(timeline.from, timeline.to));
}

/** A failover so close to a flow's life is shown with it. */
const BESIDE = 30e9;

/** From its first frame to its last, and to the end of what it waited for: a flow that hangs sends nothing more. */
function lifeOf({ start, end, stalls }: Flow): { from: number; to: number } {
  const until = stalls.map((stall) => toTimeline(stall.start) + stall.duration * 1e9);
  const times = [toTimeline(start), toTimeline(end), ...until];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const marks = (incident.get()?.report?.failovers ?? [])
    .flatMap(({ pathLost, pathRestored }) => [pathLost, ...(pathRestored === null ? [] : [pathRestored])])
    .map((time) => toTimeline(time))
    .filter((time) => stalls.length > 0 && time > first - BESIDE && time < last + BESIDE);
  return widen(Math.min(first, ...marks), Math.max(last, ...marks));
}

function widen(from: number, to: number): { from: number; to: number } {
  const margin = Math.max((to - from) * MARGIN, 1000);
  return { from: from - margin, to: to + margin };
}

/** Only while the page is looked at: a browser has six connections to a server for all of its pages. */
function listen(id: string): void {
  stopListening();
  if (document.hidden) return;
  stopFollowing = followIncident(id, {
    progress: (now) => progress.set(now),
    connection: (isThere) => connected.set(isThere),
    refused() {
      stopListening();
      setTimeout(() => shownIncident === id && void reloadIncident(), REFUSED_REST);
    },
    state(summary) {
      const before = incident.get();
      const isOver = summary.state !== 'analysing' && summary.state !== 'queued';
      if (isOver) progress.set(null);
      if (before === null || before.revision !== summary.revision || before.files !== summary.files) {
        void reloadIncident();
      } else incident.set({ ...before, ...summary });
    },
  });
}

async function openTheFlow(id: string, flow: string): Promise<void> {
  shownFlow = flow;
  if (flow === '') {
    flowLoad.set(IDLE);
    openFlow.set(null);
    quietly(() => {
      timeBase.update((base) => ({ ...base, flow: null }));
      const loaded = incident.get();
      if (loaded !== null) showWhole(loaded);
    });
    return applyRoute();
  }
  // Without the incident there is no time base yet; it calls again when it is there.
  if (incident.get() === null) return;
  flowLoad.set({ loading: true, error: null });
  try {
    const detail = await getFlow(id, flow);
    if (shownFlow !== flow || shownIncident !== id) return;
    quietly(() => {
      const from = toTimeline(detail.flow.start);
      timeBase.update((base) => ({ ...base, flow: from }));
      setWhole(lifeOf(detail.flow));
      openFlow.set(detail);
    });
    flowLoad.set(IDLE);
    applyRoute();
  } catch (error) {
    if (shownFlow !== flow) return;
    openFlow.set(null);
    flowLoad.set({ loading: false, error: toApiFailure(error) });
  }
}

function toApiFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure(0, 'bug', error instanceof Error ? error.message : String(error));
}
