import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../test-frames.ts';
import { PLACES, type Place, reportOn, Trip, taken } from '../test-path.ts';
import type { Clock } from './report.ts';

const trip = (): Trip => {
  const t = new Trip()
    .handshake(0)
    .client(1, { payload: HTTP_GET })
    .server(1.1, { payload: 900 })
    .client(1.2);
  return t.through('b').server(5, { payload: 900 }).client(5.1);
};
const clocks = (ahead: Partial<Record<Place, number>> = {}, places: readonly Place[] = PLACES): Clock[] =>
  reportOn(taken([trip()], places, { ahead })).clocks;

describe('the clocks of a report', () => {
  it('are none for one capture', () => {
    expect(clocks({}, ['client'])).toEqual([]);
  });

  it('are one for each other capture, against the client’s', () => {
    expect(clocks().map((c) => [c.capture, c.reference])).toEqual(
      ['c2', 'c3', 'c4', 'c5', 'c6'].map((capture) => [capture, 'c1']),
    );
  });

  it('say in seconds how far each is ahead, and within what', () => {
    for (const { capture, offset, error, pairs } of clocks({ server: 3600, 'a.out': -2.5 })) {
      const true_ = capture === 'c6' ? 3600 : capture === 'c3' ? -2.5 : 0;
      expect(Math.abs(offset - true_)).toBeLessThanOrEqual((error ?? 0) + 1e-9);
      expect(error).toBeLessThan(0.001);
      expect(pairs).toBeGreaterThanOrEqual(2);
    }
  });

  it('say at what time by the capture’s own clock', () => {
    const [server] = clocks({ server: 3600 }, ['client', 'server']);
    expect(BigInt(server?.at ?? '0') / 1_000_000_000n).toBe(1_700_003_600n);
  });

  it('say nothing for sure where packets went one way only', () => {
    const t = new Trip().client(0, { flags: 'SYN' }).client(1, { seq: 0, flags: 'SYN' });
    const [server] = reportOn(taken([t], ['client', 'server'])).clocks;
    expect(server?.error).toBeNull();
  });
});
