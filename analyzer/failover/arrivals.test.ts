import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import type { Flow } from '../flow/flow.ts';
import { FlowTable } from '../flow/flow-table.ts';
import { segment } from '../test-frames.ts';
import { Arrivals } from './arrivals.ts';

const CLIENT = 0;
const SERVER = 1;
const table = new FlowTable();
const [FIRST, SECOND] = [40000, 40001].map((sourcePort) => table.find(segment({ sourcePort }), 1)) as [
  Flow,
  Flow,
];

/** Frames 1, 2, … as [seconds, flow, sender]. */
function arrivalsOf(...frames: [number, Flow, 0 | 1][]): Arrivals {
  const arrivals = new Arrivals();
  frames.forEach(([at, flow, sender], i) => {
    arrivals.add(seconds(at), i + 1, flow, sender);
  });
  return arrivals;
}

describe('Arrivals', () => {
  it('keeps the times in which nobody of one direction was heard', () => {
    const arrivals = arrivalsOf(
      [0, FIRST, SERVER],
      [1, SECOND, CLIENT],
      [2, SECOND, SERVER],
      [9, SECOND, CLIENT],
    );
    expect(arrivals.gaps('client')).toEqual([
      { from: 0, to: seconds(2), lastFrame: 1, firstFrame: 3, lastFlow: FIRST, firstFlow: SECOND },
    ]);
    expect(arrivals.gaps('server').map((g) => [g.from, g.to])).toEqual([[seconds(1), seconds(9)]]);
  });

  it('takes a second for the shortest gap, over all flows', () => {
    expect(arrivalsOf([0, FIRST, SERVER], [1, FIRST, SERVER]).gaps('client').length).toBe(1);
    expect(arrivalsOf([0, FIRST, SERVER], [0.999, FIRST, SERVER]).gaps('client').length).toBe(0);
    const heard = arrivalsOf([0, FIRST, SERVER], [0.9, SECOND, SERVER], [1.8, FIRST, SERVER]);
    expect(heard.gaps('client')).toEqual([]);
  });

  it('knows the newest frame of each direction', () => {
    const arrivals = arrivalsOf([0, FIRST, SERVER], [3, SECOND, SERVER]);
    expect(arrivals.last('client')).toEqual({ time: seconds(3), frame: 2, flow: SECOND });
    expect(arrivals.last('server')).toBeNull();
  });
});
