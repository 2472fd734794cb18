import { describe, expect, it } from 'vitest';
import type { Takeover } from '../failover/takeover.ts';
import { HTTP_GET, judge, Talk } from '../test-frames.ts';
import type { Hops, NodeWay } from './hops.ts';
import type { JudgedFlow } from './judge.ts';
import { type Lived, membersOf, resets } from './members.ts';
import type { Member } from './population.ts';

/** Lost at 20 s, restored at 30 s. */
const TAKEOVER = { from: 0, to: 1, lost: 20e9, restored: 30e9 } as Takeover;
const RST = { flags: 0x14 };
const SEGMENT = { flags: 0x10 };

/** What the new node did with a connection. */
interface Fate {
  passed?: [number, number];
  swallowed?: [number, number];
  made?: readonly { flags: number }[];
}

function hopsOf({ passed = [0, 0], swallowed = [0, 0], made = [] }: Fate): Hops {
  const lists = ([client, server]: [number, number]) => ({
    client: Array.from({ length: client }, () => SEGMENT),
    server: Array.from({ length: server }, () => SEGMENT),
  });
  const node = { passed: lists(passed), swallowed: lists(swallowed), made: { client: [], server: made } };
  return { takeover: TAKEOVER, newNode: node as unknown as NodeWay } as Hops;
}

const talk = (at: number, answered = true): Talk => {
  const t = new Talk();
  if (!answered) return t.client(at, { flags: 'SYN' }).client(at + 1, { seq: 0, flags: 'SYN' });
  return t
    .handshake(at)
    .client(at + 1, { payload: HTTP_GET })
    .server(at + 1.02, { payload: 700 })
    .client(at + 1.03);
};

/** A connection that was opened at a time, with a fate at the new node or without a stall. */
function lived(at: number, to: number, fate: Fate | null, t = talk(at)): Lived {
  const [judged] = judge([t], { until: 60 }) as [JudgedFlow];
  const cross = fate === null ? null : ({ hops: hopsOf(fate) } as JudgedFlow['case']['cross']);
  return { judged: { ...judged, case: { ...judged.case, cross } }, from: at * 1e9, to: to * 1e9 };
}

const old = (list: readonly Lived[]): readonly Member[] => membersOf(list, [TAKEOVER]).old;
const fresh = (list: readonly Lived[]): readonly Member[] => membersOf(list, [TAKEOVER]).fresh;

describe('the connections of an incident', () => {
  it('are those that the takeover met, by their age, and those that were opened after it', () => {
    const list = [lived(5, 40, { swallowed: [1, 0] }), lived(31, 40, null)];
    expect(old(list).map((m) => m.age)).toEqual([15]);
    expect(fresh(list).map((m) => m.age)).toEqual([-11]);
  });

  it('are not those that ended before it', () => {
    expect(membersOf([lived(1, 5, null)], [TAKEOVER])).toEqual({ old: [], fresh: [] });
  });

  it('have no age where their opening was not seen', () => {
    const midstream = new Talk().client(5, { seq: 9, payload: 10 }).server(5.01, { ack: 19 });
    expect(old([lived(5, 40, null, midstream)]).map((m) => m.age)).toEqual([null]);
  });
});

describe('at the new node a connection', () => {
  it('was refused where it kept segments, or answered with an RST', () => {
    const of = (fate: Fate): boolean | undefined => old([lived(5, 40, fate)])[0]?.refused;
    expect(of({ swallowed: [0, 1] })).toBe(true);
    expect(of({ made: [RST] })).toBe(true);
    expect(of({ passed: [1, 1], made: [SEGMENT] })).toBe(false);
  });

  it('passed where both directions did; without a stall it simply went on', () => {
    const of = (fate: Fate | null): boolean | undefined => old([lived(5, 40, fate)])[0]?.passed;
    expect(of({ passed: [1, 1] })).toBe(true);
    expect(of({ passed: [1, 0] })).toBe(false);
    expect(of(null)).toBe(true);
  });

  it('was refused, if new, where its SYN was never answered', () => {
    const [member] = fresh([lived(31, 40, {}, talk(31, false))]);
    expect(member).toMatchObject({ refused: true, passed: false });
    expect(fresh([lived(31, 40, { passed: [2, 2] })])[0]).toMatchObject({ refused: false, passed: true });
  });

  it('had its answer kept, if new, where the SYN passed and the answer did not', () => {
    const fate: Fate = { passed: [1, 0], swallowed: [0, 1] };
    expect(fresh([lived(31, 40, fate, talk(31, false))])[0]?.answerKept).toBe(true);
    expect(old([lived(5, 40, fate)])[0]?.answerKept).toBe(false);
  });
});

it('resets counts RSTs that the new node made, and nothing else', () => {
  expect(resets(hopsOf({ made: [RST, SEGMENT, RST] }))).toBe(2);
  expect(resets({ ...hopsOf({}), newNode: null })).toBe(0);
});
