import { describe, expect, it } from 'vitest';
import { RunCounts, SumOfRuns } from './run-counts.ts';

const counts = (received: number | null, dropped: number | null) =>
  ({ word: 'counts', received, dropped }) as const;
const batch = (count: number) => ({ count, bytes: 10 * count, lastAt: 0n });

describe('the counts of an engine', () => {
  it('prove that everything arrived where it is no further behind than at its start', () => {
    const run = new RunCounts();
    // Three packets came before the filter was in place.
    expect(run.read(counts(3, 0), 1n)).toBe(false);
    run.add(batch(5));
    expect(run.read(counts(9, 0), 2n)).toBe(false); // one is still in the buffer
    run.add(batch(1));
    expect(run.read(counts(9, 0), 3n)).toBe(true);
    expect(run.read(counts(11, 2), 4n)).toBe(true);
    expect(run.left).toBe(0);
  });

  it('are summed over restarts, with what an engine took with it', () => {
    const sum = new SumOfRuns();
    expect(sum.with(null)).toEqual({ packets: 0, bytes: 0, received: null, dropped: null });
    const first = new RunCounts();
    first.read(counts(0, 0), 1n);
    first.add(batch(5));
    first.read(counts(8, null), 2n);
    first.read(counts(null, 1), 2n);
    sum.close(first);
    const second = new RunCounts();
    second.add(batch(1));
    second.read(counts(1, 0), 3n);
    expect(sum.with(second)).toEqual({ packets: 6, bytes: 60, received: 9, dropped: 3 });
  });

  it('are unknown where the engine cannot tell', () => {
    const sum = new SumOfRuns();
    const run = new RunCounts();
    run.add(batch(2));
    sum.close(run);
    expect(sum.with(null)).toEqual({ packets: 2, bytes: 20, received: null, dropped: null });
  });
});
