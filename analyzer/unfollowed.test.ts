/** A flood makes more connections than are followed: one that a capture seems to lack may be among those. */
import { describe, expect, it } from 'vitest';
import { countVantages } from './count-vantages.ts';
import { flowsThatFit, MOST_FLOWS } from './flow/room.ts';
import { type Packet, Talk } from './test-frames.ts';
import type { Place } from './test-path.ts';
import { lost, opened, reportOf, rungs } from './test-stories.ts';

/** A connection that nobody but one capture sees, before those that all see. */
const stranger = (): Packet[] =>
  new Talk({ client: '10.9.0.9 1000', server: '10.9.9.9 80' }).client(0.5, { flags: 'SYN' }).packets;

/** Twelve connections were opened through B, which passed on as far as this place what the server of the first had repeated. */
const story = (to: Place) => [
  rungs(lost(), to),
  ...Array.from({ length: 12 }, (_, i) => opened({ port: 42_000 + i, at: 4 })),
];

describe('where a capture follows one connection less than came by', () => {
  // Each has another cause that looks proved where what was not followed is taken to be missing.
  it.each<[Place, Place]>([
    ['b.out', 'b.out'],
    ['b.out', 'b.in'],
    ['b.out', 'client'],
    ['b.in', 'b.in'],
    ['b.in', 'client'],
  ])('that one of %s, which came as far as %s, is not taken to be missing there', (place, to) => {
    const report = reportOf(story(to), { mostFlows: 13, take: { more: { [place]: stranger() } } });
    const flow = report.flows.find((f) => f.client.port === 40_000);
    expect(flow).toMatchObject({ outcome: 'hung', cause: null });
    expect(flow?.candidates).toContain('no-state-drop');
    expect(report.problems.map(({ code, message }) => [code, message])).toContainEqual([
      'too-many-flows',
      expect.stringContaining('after the first 13 were not followed'),
    ]);
  });

  it('a node that shows it kept it, as long as the other captures follow it', () => {
    const take = { more: { 'b.in': stranger() } };
    const [flow] = reportOf(story('b.out'), { mostFlows: 13, take }).flows;
    expect(flow).toMatchObject({ outcome: 'hung', cause: 'no-state-drop' });
  });
});

describe('room', () => {
  const GIB = 2 ** 30;

  it('is for fewer connections in a small heap, and in more captures', () => {
    expect(flowsThatFit(8 * GIB, 1)).toBe(MOST_FLOWS);
    expect(flowsThatFit(GIB, 1)).toBeLessThan(60_000);
    expect(flowsThatFit(GIB, 6)).toBeLessThan(flowsThatFit(GIB, 1) / 3);
    expect(flowsThatFit(GIB, 0)).toBe(flowsThatFit(GIB, 1));
  });

  it('counts what one collector wrote at one place, or what is said to be of one place, once', () => {
    const vantage = { host: 'node-a', side: 'in' as const, role: 'node' as const };
    expect(countVantages([{ file: 'a' }, { file: 'b' }])).toBe(2);
    expect(
      countVantages([
        { file: 'a', vantage },
        { file: 'b', vantage },
      ]),
    ).toBe(1);
    expect(countVantages([])).toBe(0);
  });
});
