import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { IncidentDetail, IncidentSummary } from '../../server/api.ts';
import { ApiFailure, type IncidentEvents } from '../data/api.ts';
import { go } from './address.ts';
import { incident, openFlow } from './incident.ts';
import { flowLoad, incidentLoad, progress, startLoading } from './load.ts';
import { selection } from './selection.ts';
import { timeBase } from './time.ts';
import { viewport } from './viewport.ts';

const server = vi.hoisted(() => ({
  answers: new Map<string, (value: unknown) => void>(),
  events: null as IncidentEvents | null,
  followed: [] as string[],
}));

const ask = (key: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    server.answers.set(key, (value) => (value instanceof Error ? reject(value) : resolve(value)));
  });

vi.mock('../data/api.ts', async (original) => ({
  ...(await original<typeof import('../data/api.ts')>()),
  getIncident: (id: string) => ask(id),
  getFlow: (_: string, flow: string) => ask(flow),
  followIncident: (id: string, on: IncidentEvents) => {
    server.followed.push(id);
    server.events = on;
    return () => server.followed.push(`no ${id}`);
  },
}));

const detail = (id: string, revision = 1): IncidentDetail =>
  ({
    id,
    revision,
    files: 1,
    state: 'ready',
    timeline: { origin: '1000', from: 0, to: 1_000_000 },
    report: { failovers: [{ pathLost: '501000', pathRestored: null }], captures: [] },
  }) as unknown as IncidentDetail;

async function answer(key: string, value: unknown): Promise<void> {
  server.answers.get(key)?.(value);
  await new Promise((resolve) => setTimeout(resolve));
}

beforeAll(() => {
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {} });
  vi.stubGlobal('history', { pushState: () => {}, replaceState: () => {} });
  startLoading();
});

beforeEach(() => {
  go({ page: 'list', incident: '', flow: '', sel: null, from: null, to: null });
  server.followed = [];
});

test('an answer for an incident that was left is dropped', async () => {
  go({ page: 'overview', incident: 'a' });
  go({ page: 'overview', incident: 'b' });
  await answer('b', detail('b'));
  await answer('a', detail('a'));
  expect(incident.get()?.id).toBe('b');
  expect(server.followed).toEqual(['b']);
  go({ page: 'list', incident: '' });
  expect(server.followed).toEqual(['b', 'no b']);
  expect(incident.get()).toBeNull();
});

test('a deep link: first the incident and its clock, then the flow, then the window and the selection', async () => {
  go({ page: 'flow', incident: 'a', flow: 'f1', from: '101000', to: '201000', sel: 'claim:f1:2' });
  expect(server.answers.has('f1')).toBe(false);
  await answer('a', detail('a'));
  expect(timeBase.get()).toMatchObject({ origin: 1000n, zero: 500_000 });
  await answer('f1', { flow: { id: 'f1', start: '51000', end: '901000', stalls: [] } });
  expect(openFlow.get()?.flow.id).toBe('f1');
  expect(timeBase.get().flow).toBe(50_000);
  expect(viewport.get()).toEqual({ from: 100_000, to: 200_000 });
  expect(selection.get()).toEqual({ kind: 'claim', flow: 'f1', index: 2 });
});

test('what is not there says so', async () => {
  go({ page: 'flow', incident: 'a', flow: 'f9' });
  await answer('a', detail('a'));
  await answer('f9', new ApiFailure(404, 'no-flow', 'there is no such flow'));
  expect(flowLoad.get().error?.status).toBe(404);
  go({ page: 'overview', incident: 'gone', flow: '' });
  await answer('gone', new ApiFailure(404, 'no-incident', 'there is no such incident'));
  expect(incidentLoad.get().error?.status).toBe(404);
});

test('a new result is fetched when the server tells of it', async () => {
  go({ page: 'overview', incident: 'a' });
  await answer('a', detail('a'));
  server.events?.state({ ...detail('a'), state: 'analysing' } as IncidentSummary);
  server.events?.progress({ phase: 'reading', file: null, done: 1, total: 2, frames: 3 });
  expect([incident.get()?.state, progress.get()?.frames]).toEqual(['analysing', 3]);
  server.events?.state({ ...detail('a', 2), state: 'ready' } as IncidentSummary);
  await answer('a', detail('a', 2));
  expect([incident.get()?.revision, progress.get()]).toEqual([2, null]);
});
