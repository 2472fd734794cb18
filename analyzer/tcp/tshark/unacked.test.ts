import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_UNACKED, Unacked } from './unacked.ts';

describe('Unacked', () => {
  it('counts as a plain list does, wherever the numbers wrap', () => {
    const start = fc.constantFrom(0, 0x7fffff00, 0xffffff00);
    const step = fc.record({ isAck: fc.boolean(), number: fc.nat(2000) });
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 200 }), (from, steps) => {
        const unacked = new Unacked();
        let list: number[] = [];
        for (const { isAck, number } of steps) {
          const seq = (from + number) | 0;
          if (isAck) {
            unacked.acknowledge(seq);
            list = list.filter((end) => ((end - seq) | 0) > 0);
          } else {
            unacked.add(seq);
            list.push(seq);
          }
          expect(unacked.count).toBe(list.length);
        }
      }),
    );
  });

  it('is full at 10,000 and has room again after an ACK', () => {
    const unacked = new Unacked();
    for (let i = 1; i <= MAX_UNACKED; i++) unacked.add(i);
    expect(unacked.isFull).toBe(true);
    unacked.acknowledge(1);
    expect(unacked.isFull).toBe(false);
    unacked.acknowledge(MAX_UNACKED);
    expect(unacked.count).toBe(0);
  });
});
