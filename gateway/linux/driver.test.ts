/** The driver: each step is done by its part, answered once, and journalled; one that never ends is given up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeConfigInput } from '../config.ts';
import type { Action } from '../core/words.ts';
import { Driver, type DriverParts, type Progress } from './driver.ts';
import type { Forwarder, NodeContext, Tuple } from './forwarder.ts';
import type { JournalLine } from './journal-writer.ts';
import type { Mover } from './mover.ts';
import { testConfig } from './test-config.ts';

const TUPLE: Tuple = {
  client: { address: '10.0.1.10', port: 40_000 },
  server: { address: '10.0.2.10', port: 80 },
};

function makeNode(given: Partial<NodeConfigInput> = {}) {
  const [done, lines, progress]: [string[], JournalLine[], Progress[]] = [[], [], []];
  /** What a step does instead. */
  const instead = new Map<string, (signal?: AbortSignal) => Promise<void>>();
  const step = (name: string) => async (signal?: AbortSignal) => {
    done.push(name);
    await instead.get(name)?.(signal);
  };
  const counters = { dropped: 2 };
  let adapters = true;
  const mover: Mover = {
    prepare: step('prepare'),
    detach: step('detach'),
    attach: step('attach'),
    raise: step('raise'),
    lower: step('lower'),
    announce: step('announce'),
    close: step('close'),
  };
  const forwarder: Forwarder = {
    prepare: step('prepare'),
    startForwarding: step('start'),
    stopForwarding: step('stop'),
    commitState: async () => {
      await step('commit')();
      return { entries: 3, failed: 1, took: 0.01 };
    },
    flushState: step('flush'),
    lostConnections: async () => [TUPLE],
    status: async () => ({ forwarding: true, connections: 3, known: 4, counters: { ...counters } }),
    close: step('close'),
  };
  const context: NodeContext = {
    config: testConfig(given),
    journal: { write: (line) => lines.push(line), close: () => {} },
    onTrouble: () => {},
  };
  const parts: DriverParts = {
    forwarder,
    mover,
    link: {
      send: (kind, { role, term }) => void done.push(`${kind} ${role} ${term}`),
      counters: { received: 7 },
    },
    resetConnections: async (_, tuples) => void done.push(`reset ${tuples.length}`),
    hasAdapters: () => adapters,
  };
  const driver = new Driver(context, parts);
  driver.observe((one) => progress.push(one));
  const events = () =>
    lines.flatMap((line) => (line.event === 'note' || line.event === 'counter' ? [] : [line.event]));
  return {
    driver,
    progress,
    lines,
    counters,
    instead,
    /** Without heartbeats. */
    done: () => done.filter((one) => !one.startsWith('heartbeat')),
    events,
    takeAdapters: () => {
      adapters = false;
    },
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const never = (): Promise<void> => new Promise(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the driver', () => {
  it('takes over step by step, and journals the role, the commit and what is counted', async () => {
    const node = makeNode({ failFast: true });
    node.driver.feed({ kind: 'started' });
    node.driver.feed({ kind: 'take-over', force: true });
    await settle();
    expect(node.done()).toEqual(['detach', 'attach', 'commit', 'raise', 'announce', 'start', 'reset 1']);
    expect(node.events()).toEqual(['role', 'role', 'state-committed', 'forwarding-on', 'role']);
    expect(node.lines).toContainEqual({ event: 'state-committed', entries: 3, failed: 1, took: 0.01 });
    expect(node.lines).toContainEqual({ event: 'counter', name: 'dropped', value: 2 });
    expect(node.driver.claim).toEqual({ role: 'active', term: 1 });
    const answered = node.progress.flatMap((one) => (one.kind === 'done' ? [one.step] : []));
    expect(new Set(answered).size).toBe(answered.length);
    await node.driver.stop();
  });

  it('counts again after a takeover, and writes what has changed', async () => {
    const node = makeNode();
    node.driver.feed({ kind: 'take-over', force: true });
    await settle();
    const dropped = () => node.lines.filter((line) => line.event === 'counter' && line.name === 'dropped');
    node.counters.dropped = 9;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dropped().map((line) => 'value' in line && line.value)).toEqual([2, 9]);
    await node.driver.stop();
  });

  it('tries a step that fails again, and tells why', async () => {
    const node = makeNode();
    node.instead.set('raise', () => Promise.reject(new Error('no such device')));
    node.driver.feed({ kind: 'take-over', force: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(node.done().filter((one) => one === 'raise')).toHaveLength(3);
    expect(node.done().slice(-2)).toEqual(['stop', 'lower']);
    expect(node.driver.machine.role).toBe('standby');
    expect(node.lines).toContainEqual({
      event: 'note',
      text: 'raise-addresses failed, and is tried again: no such device',
    });
    await node.driver.stop();
  });

  it.each<[string, Action, number]>([
    ['commit', 'commit-state', 30],
    ['attach', 'attach-adapters', 35],
  ])('gives up a %s that never ends, and does not hear it afterwards', async (name, action, limit) => {
    const move = {
      by: 'adapter',
      namespace: 'b',
      peerNamespace: 'a',
      attachDelay: '4s',
      settle: '1s',
    } as const;
    const node = makeNode({ move });
    let finish = (): void => {};
    node.instead.set(name, () => new Promise((resolve) => (finish = resolve)));
    node.driver.feed({ kind: 'take-over', force: true });
    await vi.advanceTimersByTimeAsync(limit * 1000 - 1);
    expect(node.driver.machine.doing).toBe(action);
    node.instead.delete(name);
    await vi.advanceTimersByTimeAsync(1);
    expect(node.progress).toContainEqual(expect.objectContaining({ kind: 'failed', step: action }));
    finish();
    await vi.advanceTimersByTimeAsync(300);
    expect(node.driver.machine.role).toBe('active');
    expect(node.done().filter((one) => one === name)).toHaveLength(2);
    await node.driver.stop();
  });

  it('breaks the wait for the cloud off when it is told to release', async () => {
    const node = makeNode();
    node.instead.set(
      'attach',
      (signal) =>
        new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('broken off')))),
    );
    node.driver.feed({ kind: 'take-over', force: true });
    await settle();
    node.driver.feed({ kind: 'release' });
    await settle();
    expect(node.done()).toEqual(['detach', 'attach', 'stop', 'lower']);
    await node.driver.stop();
  });

  it('gives a sign of life every 5 s, so that its journal says how far it reaches', async () => {
    const node = makeNode();
    node.driver.feed({ kind: 'started' });
    await vi.advanceTimersByTimeAsync(10_000);
    const sign = { event: 'counter', name: 'heartbeats-received', value: 7 };
    expect(node.lines.filter(({ event }) => event === 'counter')).toEqual([sign, sign]);
    await node.driver.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('releases when its adapters are gone', async () => {
    const node = makeNode();
    node.driver.feed({ kind: 'take-over', force: true });
    await settle();
    node.takeAdapters();
    await vi.advanceTimersByTimeAsync(250);
    expect(node.done().slice(-2)).toEqual(['stop', 'lower']);
    expect(node.events().slice(-3)).toEqual(['role', 'forwarding-off', 'role']);
    await node.driver.stop();
  });

  it('stops within 5 s, whatever hangs, and sets no timer afterwards', async () => {
    const node = makeNode();
    node.driver.feed({ kind: 'take-over', force: true });
    await settle();
    node.instead.set('stop', never);
    const stopped = node.driver.stop();
    await vi.advanceTimersByTimeAsync(5000);
    await stopped;
    expect(node.lines).toContainEqual({
      event: 'note',
      text: 'stop-forwarding did not end in time; ending all the same',
    });
    // But for the limit of the step itself.
    expect(vi.getTimerCount()).toBe(1);
  });
});
