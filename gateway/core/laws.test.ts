/** What holds of two nodes whatever happens to them: crashes at every step, cut links, lost words, steps that fail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Name, Pair, peerOf } from './pair.ts';

const NAMES = ['a', 'b'] as const;

function running(): Pair {
  const pair = new Pair({ failFast: true });
  for (const name of NAMES) pair.start(name);
  pair.pass(5000);
  return pair;
}

/** All is mended, and an operator has this node take over: it carries the packets, and the other none. */
function expectTakeover(pair: Pair, to: Name): void {
  pair.linkUp = true;
  pair.fails = () => false;
  pair.loses = () => false;
  pair.onStep = () => {};
  pair.pass(2000); // who is stopping ends
  for (const name of NAMES)
    if (pair.nodes[name].machine === null || pair.nodes[name].stopped) pair.start(name);
  pair.pass(30_000);
  const carriers = NAMES.filter((name) => pair.carries(name));
  expect(carriers.length).toBeLessThan(2);
  if (!pair.carries(to)) pair.feed(to, { kind: 'take-over', force: false });
  pair.pass(10_000);
  expect([pair.nodes[to].machine?.role, pair.carries(to)]).toEqual(['active', true]);
  expect([pair.nodes[peerOf(to)].machine?.role, pair.carries(peerOf(to))]).toEqual(['standby', false]);
  for (const name of NAMES)
    expect([...pair.nodes[name].timers.keys()].sort()).toEqual(['heartbeat', 'peer-dead']);
}

describe('two nodes', () => {
  it('start: the one that is to be active is, and the role goes over and back', () => {
    const pair = running();
    expect(NAMES.filter((name) => pair.carries(name))).toEqual(['a']);
    expectTakeover(pair, 'b');
    expectTakeover(pair, 'a');
  });

  it('lose one: the other carries the packets within the time that it takes to miss it', () => {
    const pair = running();
    pair.crash('a');
    pair.pass(2600);
    expect(pair.carries('b')).toBe(true);
    pair.start('a');
    pair.pass(60_000);
    expect(NAMES.filter((name) => pair.carries(name))).toEqual(['b']);
  });

  it('lose their link: one has the adapters and the role, and both agree on it afterwards', () => {
    const pair = running();
    pair.linkUp = false;
    pair.pass(60_000);
    expect(NAMES.filter((name) => pair.carries(name))).toEqual(['b']);
    pair.linkUp = true;
    pair.pass(10_000);
    expect(NAMES.map((name) => pair.nodes[name].machine?.role)).toEqual(['standby', 'active']);
  });
});

/** Every step of a takeover by B that A is asked for, and of A's release, as they come. */
const STEPS = (() => {
  const steps: string[] = [];
  const pair = running();
  pair.onStep = (name, action) => steps.push(`${name} ${action}`);
  pair.feed('b', { kind: 'take-over', force: false });
  pair.pass(10_000);
  return steps;
})();

describe('a crash', () => {
  it('is tried at each of these steps', () => {
    expect(STEPS).toEqual([
      'a stop-forwarding',
      'a lower-addresses',
      'b detach-adapters',
      'b attach-adapters',
      'b commit-state',
      'b raise-addresses',
      'b announce',
      'b start-forwarding',
      'b reset-lost-connections',
      'a flush-state',
    ]);
  });

  describe.each(STEPS)('at %s', (step) => {
    it.each([
      ['of the one that does it', true, 0],
      ['of the one that does it, in the middle', true, 39],
      ['of the other', false, 0],
      ['of the other, in the middle', false, 39],
    ])('%s: the pair mends, and a takeover works', (_, own, delay) => {
      for (const to of NAMES) {
        const pair = running();
        let crashed = false;
        pair.onStep = (name, action) => {
          if (crashed || `${name} ${action}` !== step) return;
          crashed = true;
          pair.after(delay, () => pair.crash(own ? name : peerOf(name)));
        };
        pair.feed('b', { kind: 'take-over', force: false });
        pair.pass(20_000);
        expect(crashed).toBe(true);
        // Whoever is left has the role.
        expect(NAMES.filter((name) => pair.nodes[name].machine !== null && pair.carries(name))).toHaveLength(
          1,
        );
        expectTakeover(pair, to);
      }
    });
  });
});

type Deed = (pair: Pair) => void;
const name = fc.constantFrom<Name>('a', 'b');
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.nat(6000).map(
    (ms): Deed =>
      (pair) =>
        pair.pass(ms),
  ),
  fc.nat(200).map(
    (ms): Deed =>
      (pair) =>
        pair.pass(ms),
  ),
  name.map(
    (who): Deed =>
      (pair) =>
        pair.crash(who),
  ),
  name.map(
    (who): Deed =>
      (pair) =>
        pair.start(who),
  ),
  fc.boolean().map(
    (up): Deed =>
      (pair) => {
        pair.linkUp = up;
      },
  ),
  fc.tuple(name, fc.boolean()).map(
    ([who, force]): Deed =>
      (pair) =>
        pair.feed(who, { kind: 'take-over', force }),
  ),
  name.map(
    (who): Deed =>
      (pair) =>
        pair.feed(who, { kind: 'release' }),
  ),
  name.map(
    (who): Deed =>
      (pair) =>
        pair.feed(who, { kind: 'stopping' }),
  ),
);

/** Which of the steps fail, and of the words are lost, one after the other; none after that. */
const misfortunes = fc.array(fc.boolean(), { maxLength: 40 });

function inTurn(list: readonly boolean[]): () => boolean {
  let next = 0;
  return () => list[next++] ?? false;
}

describe('whatever happens', () => {
  it('steps come in order, one at a time; afterwards one node at most has the role, and a takeover works', () => {
    fc.assert(
      fc.property(
        fc.array(deed, { maxLength: 25 }),
        misfortunes,
        misfortunes,
        name,
        (deeds, failures, losses, to) => {
          const pair = running();
          pair.fails = inTurn(failures);
          pair.loses = inTurn(losses);
          for (const act of deeds) act(pair);
          expectTakeover(pair, to);
        },
      ),
    );
  });

  it('a node that is told to stop holds nothing and asks for nothing more', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 15 }), misfortunes, name, (deeds, failures, who) => {
        const pair = running();
        const fails = inTurn(failures);
        const failed: string[] = [];
        pair.fails = (name, action) => fails() && failed.push(`${name} ${action}`) > 0;
        for (const act of deeds) act(pair);
        if (pair.nodes[who].machine === null || pair.nodes[who].stopped) pair.start(who);
        pair.feed(who, { kind: 'stopping' });
        pair.pass(2000);
        const node = pair.nodes[who];
        expect([node.stopped, [...node.timers.keys()]]).toEqual([true, []]);
        if (!failed.includes(`${who} stop-forwarding`)) expect(node.forwarding).toBe(false);
      }),
    );
  });
});
