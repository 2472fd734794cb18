import { describe, expect, it } from 'vitest';
import type { Toward } from './arrivals.ts';
import { type Announcement, findTakeovers, NEXT_NODE, type Takeover } from './takeover.ts';
import type { Busy } from './tenure.ts';

const A = 0;
const B = 1;
let frames = 0;

/** A node was busy in one direction from one second to another. */
function busy(node: number, toward: Toward, from: number, to: number): Busy {
  frames += 2;
  return {
    node,
    toward,
    vantage: node * 2 + (toward === 'client' ? 0 : 1),
    from: from * 1e9,
    to: to * 1e9,
    firstFrame: frames,
    lastFrame: frames + 1,
    anchor: 0,
  };
}

const both = (node: number, from: number, to: number): Busy[] => [
  busy(node, 'client', from, to),
  busy(node, 'server', from, to),
];

const sorted = (list: readonly Busy[]): Busy[] => [...list].sort((a, b) => a.from - b.from);

/** `forwards` left the nodes; what came to them is the same, and `hears` besides. */
const find = (
  forwards: readonly Busy[],
  hears: readonly Busy[] = [],
  announced: readonly Announcement[] = [],
  nodes: readonly number[] = [A, B],
): Takeover[] => findTakeovers(sorted(forwards), sorted([...forwards, ...hears]), announced, nodes);

/** `0>1 20..30`: from, to, seconds at which the path was lost and restored. */
const said = (list: readonly Takeover[]): string[] =>
  list.map((t) => `${t.from}>${t.to} ${t.lost / 1e9}..${t.restored === null ? '?' : t.restored / 1e9}`);

describe('no takeover is', () => {
  it('one node that carries all, with pauses', () => {
    expect(find([...both(A, 0, 10), ...both(A, 25, 60)])).toEqual([]);
  });

  it('nothing at all', () => {
    expect(find([])).toEqual([]);
  });

  it('a node that hears what a switch floods while the other one forwards', () => {
    expect(find(both(A, 0, 60), [busy(B, 'server', 0, 70)])).toEqual([]);
    expect(find([...both(A, 0, 20), ...both(A, 30, 60)], [busy(B, 'client', 5, 50)])).toEqual([]);
  });

  it('what came to the node that has the path, later than all it passed on', () => {
    expect(find(both(A, 0, 20), [busy(A, 'server', 20, 40)])).toEqual([]);
  });
});

describe('from A to B', () => {
  it('is lost with the last of A and restored with the first that came to B', () => {
    const found = find([...both(A, 0, 20), ...both(B, 30, 60)], [busy(B, 'server', 28, 29)]);
    expect(said(found)).toEqual(['0>1 20..28']);
  });

  it('is restored by what B passed on, where nothing came to it before', () => {
    expect(said(find([...both(A, 0, 20), ...both(B, 30, 60)]))).toEqual(['0>1 20..30']);
  });

  it('cites the frames', () => {
    const old = both(A, 0, 20);
    const [first, ...rest] = both(B, 30, 60);
    const [found] = find([...old, first!, ...rest]);
    expect(old.map((b) => b.lastFrame)).toContain(found?.lostFrame);
    expect(found?.restoredFrame).toBe(first?.firstFrame);
  });

  it('dates each direction by itself', () => {
    const found = find([
      busy(A, 'client', 0, 20),
      busy(A, 'server', 0, 19),
      busy(B, 'server', 30, 60),
      busy(B, 'client', 35, 60),
    ]);
    expect(found[0]?.directions).toEqual([
      { toward: 'client', lost: 20e9, restored: 35e9 },
      { toward: 'server', lost: 19e9, restored: 30e9 },
    ]);
  });

  it('leaves a direction open that did not come back', () => {
    const [found] = find([...both(A, 0, 20), busy(B, 'server', 30, 60)]);
    expect(found?.directions).toEqual([
      { toward: 'client', lost: 20e9, restored: null },
      { toward: 'server', lost: 20e9, restored: 30e9 },
    ]);
  });

  it('is there although B passes on nothing of what comes to it', () => {
    const found = find(both(A, 0, 20), [busy(B, 'client', 33, 50)]);
    expect(said(found)).toEqual(['0>1 20..33']);
    expect(found[0]?.directions.map((d) => d.restored)).toEqual([null, null]);
  });

  it('is there although one direction still comes to A', () => {
    const found = find([...both(A, 0, 20), busy(B, 'server', 30, 60)], [busy(A, 'client', 31, 60)]);
    expect(said(found)).toEqual(['0>1 20..30']);
  });

  it('does not begin with pauses of either', () => {
    const found = find([...both(A, 0, 5), ...both(A, 12, 20), ...both(B, 30, 35), ...both(B, 50, 60)]);
    expect(said(found)).toEqual(['0>1 20..30']);
  });
});

describe('there and back', () => {
  it('are two takeovers', () => {
    const found = find([...both(A, 0, 20), ...both(B, 30, 60), ...both(A, 70, 90)]);
    expect(said(found)).toEqual(['0>1 20..30', '1>0 60..70']);
  });

  it('the second one also where A passes on nothing of what comes to it', () => {
    const found = find([...both(A, 0, 20), ...both(B, 30, 60)], [busy(A, 'client', 70, 90)]);
    expect(said(found)).toEqual(['0>1 20..30', '1>0 60..70']);
  });

  it('of the second, A’s first tenure says nothing', () => {
    const found = find([...both(A, 0, 20), ...both(B, 30, 60), ...both(A, 70, 90)]);
    expect(found[1]?.directions).toEqual([
      { toward: 'client', lost: 60e9, restored: 70e9 },
      { toward: 'server', lost: 60e9, restored: 70e9 },
    ]);
  });
});

describe('two nodes in service at once', () => {
  it('hand the path over without an outage', () => {
    const [found] = find([...both(A, 0, 20), ...both(B, 19.9, 60)]);
    expect([found?.from, found?.to]).toEqual([A, B]);
    expect((found?.restored ?? Number.NaN) - (found?.lost ?? 0)).toBeLessThan(1e9);
    expect((found?.restored ?? Number.NaN) - (found?.lost ?? 0)).toBeGreaterThanOrEqual(0);
  });

  it('are a takeover only when one of them stops', () => {
    const found = find([...both(A, 0, 40), ...both(B, 20, 60)]);
    expect(said(found)).toEqual(['0>1 40..40']);
  });

  it('and none while both go on to the end', () => {
    expect(find([...both(A, 0, 60), ...both(B, 20, 60)])).toEqual([]);
  });

  it('each with one direction of every connection: the old one keeps carrying its own', () => {
    const found = find([...both(A, 0, 20), busy(B, 'server', 30, 60), busy(A, 'client', 30.2, 60)]);
    for (const t of found) expect(t.lost).toBeLessThanOrEqual(t.restored ?? Number.POSITIVE_INFINITY);
    expect(said(found)[0]).toBe('0>1 20..30');
  });
});

describe('what a switch floods to the next node once the old one is gone', () => {
  const flood = [busy(B, 'server', 20.1, 50)];
  const announces: Announcement = { node: B, time: 30e9, frame: 900, anchor: 0 };

  it('does not show that node in the path before it did anything itself', () => {
    const [said30] = find(both(A, 0, 20), flood, [announces]);
    expect(said30).toMatchObject({ restored: 30e9, announced: true, hearsayUntil: 30e9 });
    const [passed40] = find([...both(A, 0, 20), ...both(B, 40, 60)], flood);
    expect(passed40).toMatchObject({ restored: 40e9, announced: false, hearsayUntil: 40e9 });
  });

  it('shows no way back where it never did', () => {
    expect(said(find(both(A, 0, 20), flood))).toEqual(['0>1 20..?']);
  });

  it('is no flood where the node answers at once, if only by an RST', () => {
    const [found] = findTakeovers(both(A, 0, 20), flood, [], [A, B], [busy(B, 'client', 20.2, 20.3)]);
    expect(found).toMatchObject({ restored: 20.1e9 });
    expect(found?.hearsayUntil).toBeUndefined();
  });

  it('is no flood where that node had been in the path before', () => {
    const [, back] = find([...both(A, 0, 20), ...both(B, 20.2, 24)], [busy(A, 'server', 24.2, 50)]);
    expect(back).toMatchObject({ from: B, to: A, restored: 24.2e9 });
  });

  it('is no flood after an outage: then the path leads there', () => {
    const [found] = find(both(A, 0, 20), [busy(B, 'server', 26, 50)]);
    expect(found).toMatchObject({ restored: 26e9 });
    expect(found?.hearsayUntil).toBeUndefined();
  });
});

describe('nodes whose clocks nothing ties', () => {
  it('leave open how long it took', () => {
    const away = both(B, 30, 60).map((b) => ({ ...b, anchor: 7 }));
    expect(find([...both(A, 0, 20), ...away]).map((t) => t.tied)).toEqual([false]);
    expect(find([...both(A, 0, 20), ...both(B, 30, 60)]).map((t) => t.tied)).toEqual([true]);
  });
});

describe('an announcement', () => {
  const says = (node: number, at: number): Announcement => ({ node, time: at * 1e9, frame: 900, anchor: 0 });

  it('of the new node is its first sign', () => {
    const [found] = find([...both(A, 0, 20), ...both(B, 30, 60)], [], [says(B, 25)]);
    expect(found).toMatchObject({ restored: 25e9, restoredFrame: 900, announced: true });
  });

  it('that does not say whose it is counts for whichever takes over', () => {
    const [found] = find([...both(A, 0, 20), ...both(B, 30, 60)], [], [says(NEXT_NODE, 25)]);
    expect(found).toMatchObject({ restored: 25e9, announced: true });
  });

  it('counts only between the loss and the return, and not from the old node', () => {
    for (const other of [says(A, 25), says(B, 10), says(B, 40)]) {
      const [found] = find([...both(A, 0, 20), ...both(B, 30, 60)], [], [other]);
      expect(found).toMatchObject({ restored: 30e9, announced: false });
    }
  });

  it('is a takeover by itself where nothing ever came to the other node', () => {
    expect(said(find(both(A, 0, 20), [], [says(B, 25)]))).toEqual(['0>1 20..25']);
  });

  it('is none of the node that has the path, and none before it stopped', () => {
    expect(find(both(A, 0, 20), [], [says(A, 25)])).toEqual([]);
    expect(find(both(A, 0, 20), [], [says(B, 5)])).toEqual([]);
    expect(find(both(A, 0, 20), [], [says(B, 25)], [A])).toEqual([]);
  });
});
