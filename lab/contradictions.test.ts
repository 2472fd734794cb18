import { describe, expect, it } from 'vitest';
import { ConfigError } from '../gateway/config.ts';
import { parseScenario } from './scenario.ts';

const problemsIn = (rest: string): readonly string[] => {
  try {
    parseScenario(`title: x\ntraffic: [{ name: d, run: curl, size: 1M }]\n${rest}`);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};
const problems = (more: string): readonly string[] => problemsIn(`expect: {}\n${more}`);
const expecting = (what: string): readonly string[] => problemsIn(`expect: ${what}`);

describe('a scenario', () => {
  it('expects of a client that it has what a diagnosis and a client can say', () => {
    expect(expecting('{ e: { outcome: hung, cause: null, says: {} } }')).toEqual([
      'expect.e: no traffic has this name, but d',
    ]);
    expect(expecting('{ d: { outcome: hung, cause: null, says: { running: true, exit: 0 } } }')).toEqual([
      'expect.d.says: what still runs has not ended',
    ]);
    expect(expecting('{ d: { outcome: hung, cause: null, says: { tookFrom: 9s, tookTo: 1s } } }')).toEqual([
      'expect.d.says.tookTo: less than tookFrom',
    ]);
    expect(expecting('{ d: { outcome: hung, cause: null, says: { output: "(" } } }')).toEqual([
      'expect.d.says.output: no regular expression',
    ]);
    expect(expecting('{ d: { outcome: hangs, cause: null, says: {} } }').join()).toMatch(/outcome: .*hung, /);
    expect(expecting('{ d: { outcome: hung, cause: [no-state], says: {} } }').join()).toMatch(
      /cause: .*explain/,
    );
    expect(expecting('{ d: { outcome: hung, cause: null, says: { tookFrom: 1s, tookTo: 9s } } }')).toEqual(
      [],
    );
  });

  it('waits for no moment that never comes', () => {
    const loss = 'do: { loss: { toward: client, percent: 1 } }';
    expect(problems(`steps: [{ at: { afterLost: 1s }, ${loss} }]`)).toEqual([
      'steps[0].at: the path is never lost, so that this never comes',
    ]);
    const powerOff = '{ at: 1s, do: { powerOff: node-a } }';
    expect(problems(`restored: false\nsteps: [${powerOff}, { at: { afterRestored: 1s }, ${loss} }]`)).toEqual(
      ['steps[1].at: the path is never restored, so that this never comes'],
    );
    expect(problems(`steps: [${powerOff}, { at: { afterRestored: 1s }, ${loss} }]`)).toEqual([]);
    expect(problems(`control: true\nsteps: [${powerOff}]`)).toEqual([
      'control: it is none where a step takes the path away',
    ]);
  });

  it('sets nothing that its gateway does not have', () => {
    expect(problems('gateway: { forwarder: proxy, rules: reject, nat: true }')).toEqual([
      'gateway.rules: only a router has that',
      'gateway.nat: only a router has that',
    ]);
    expect(problems('gateway: { intercept: true }')).toEqual(['gateway.intercept: only a proxy has that']);
    expect(problems('gateway: { forwarder: proxy, intercept: true, onRelease: reset }')).toEqual([]);
  });

  it('takes no longer than a timer can', () => {
    expect(problems('outage: 99999m')).toEqual(['outage: a day at most']);
  });
});
