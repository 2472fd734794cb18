import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inOneOrder, type Ordered } from './vantage-order.ts';

interface Held {
  readonly frames?: number;
  readonly origin?: bigint;
}

function vantage(host: string, file: string, { frames = 9, origin = 5n }: Held = {}): Ordered {
  return {
    named: { analysis: { origin, frames, coveredUntil: 1 }, inputs: [{ input: { file } }] },
    settled: { vantage: { host } },
  } as unknown as Ordered;
}

it('is by names, then by content; what holds nothing comes last', () => {
  const sorted = [
    vantage('client', '2.pcap', { origin: 9n }),
    vantage('client', '3.pcap', { origin: 1n }),
    vantage('client', '3.pcap', { origin: 1n, frames: 10 }),
    vantage('client', '3.pcap', { origin: 2n }),
    vantage('server', '1.pcap'),
    vantage('client', '0.pcap', { origin: 0n, frames: 0 }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (given) => {
      expect(inOneOrder(given)).toEqual(sorted);
    }),
    { numRuns: 30 },
  );
});
