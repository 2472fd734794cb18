/** The course of a run in a world without a network: in which order things are done, and what ends it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseScenario, type Scenario } from './scenario.ts';
import { runTimeline, type World } from './timeline.ts';

const scenario = (more: string): Scenario =>
  parseScenario(`
title: x
watch: 60ms
traffic:
  - { name: one, run: wget, size: 1k }
  - { name: late, run: wget, size: 1k, start: { afterRestored: 10ms } }
expect: {}
${more}
`);
const TAKEOVER = 'steps: [{ at: 20ms, do: { takeOver: node-b } }]';

/** Clients never end, a takeover loses the path and brings it back. */
function world(said: string[], change: Partial<World> = {}): World {
  return {
    startClient: () => new Promise(() => {}),
    act: async (action, path) => {
      if (!('takeOver' in action)) return;
      path.lost();
      await sleep(10);
      path.restored();
    },
    say: (what) => said.push(what),
    signal: new AbortController().signal,
    ...change,
  };
}

describe('the course of a run', () => {
  it('does the setup, then starts each client and does each step at its moment', async () => {
    const said: string[] = [];
    const steps = `${TAKEOVER.slice(0, -1)}, { at: { afterLost: 0 }, do: { syncLink: down } }]`;
    const setup = 'setup: [{ loss: { toward: client, percent: 4 } }]';
    const course = await runTimeline(scenario(`${setup}\n${steps}`), world(said));
    expect(said).toEqual([
      '4 % of the packets toward the client are lost',
      'one starts',
      'node-b takes over',
      'the link between the nodes goes down',
      'the path is back',
      'late starts',
    ]);
    expect(course.done.map(({ what }) => what)).toEqual(said);
    const [failover] = course.failovers;
    expect(failover).toMatchObject({ by: 'node-b takes over' });
    expect(course.begin).toBeLessThan(failover!.lost);
    expect(failover!.lost).toBeLessThan(failover!.restored!);
    expect(failover!.restored).toBeLessThan(course.end);
  });

  it('takes the times that a node answers with', async () => {
    const act: World['act'] = async (_, path) => {
      path.lost(41n);
      path.restored(42n);
    };
    const { failovers } = await runTimeline(scenario(TAKEOVER), world([], { act }));
    expect(failovers).toEqual([{ by: 'node-b takes over', lost: 41n, restored: 42n }]);
  });

  it('says that a path did not come back', async () => {
    const act: World['act'] = async (_, path) => path.lost();
    const { failovers } = await runTimeline(scenario(TAKEOVER), world([], { act }));
    expect(failovers).toMatchObject([{ restored: null }]);
  });

  it('ends with what an action throws', async () => {
    const act = (): Promise<void> => Promise.reject(new Error('no such node'));
    await expect(runTimeline(scenario(TAKEOVER), world([], { act }))).rejects.toThrow('no such node');
  });

  it('ends with the reason of an interrupt', async () => {
    const abort = new AbortController();
    const startClient = (): Promise<void> => {
      abort.abort(new Error('interrupted'));
      return new Promise(() => {});
    };
    const interrupted = runTimeline(scenario(TAKEOVER), world([], { startClient, signal: abort.signal }));
    await expect(interrupted).rejects.toThrow('interrupted');
  });
});
