import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seconds, toSeconds } from '../../packet/time.ts';
import { givesUpAfter, resumingTry, triesAfter, type Waits } from './sender-model.ts';

const data = (...waits: number[]): Waits => ({ seen: waits.map(seconds), syn: false });
const syn = (...waits: number[]): Waits => ({ seen: waits.map(seconds), syn: true });
const rto = fc.double({ min: 0.2, max: 3, noNaN: true });
const back = fc.double({ min: 0, max: 800, noNaN: true });

describe('the tries of a sender', () => {
  it('double, up to 120 s: the ladder of Linux with the shortest RTO (ip-sysctl)', () => {
    const at = triesAfter(data(0.2))
      .slice(0, 11)
      .map(({ at: t }) => Math.round(toSeconds(t) * 10) / 10);
    expect(at).toEqual([0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4, 51, 102.2, 204.6, 324.6]);
  });

  it('go on from what was seen', () => {
    expect(toSeconds(resumingTry(data(0.44, 0.83, 1.66), seconds(5))?.at ?? 0)).toBeCloseTo(6.25);
  });

  it('stay at a cap that was seen, as with a small tcp_rto_max_ms', () => {
    const at = triesAfter(data(0.44, 0.83, 1.66, 3.1, 3.07))
      .slice(4, 8)
      .map(({ at: t }) => toSeconds(t));
    expect(at.map((t) => Math.round(t * 100) / 100)).toEqual([9.1, 12.17, 15.24, 18.31]);
  });

  it('of a SYN are five a second apart before they double, where the first two are', () => {
    const seconds_ = (w: Waits) =>
      triesAfter(w)
        .slice(0, 8)
        .map(({ at }) => toSeconds(at));
    expect(seconds_(syn(1, 1))).toEqual([1, 2, 3, 4, 5, 7, 11, 19]);
    expect(seconds_(syn(1, 2))).toEqual([1, 3, 7, 15, 31, 63, 127, 247]);
  });
});

describe('the try that gets through', () => {
  it('comes after the path is back, at most twice as late, and later for a longer outage', () => {
    fc.assert(
      fc.property(rto, back, back, (r, a, b) => {
        const [x, y] = [Math.min(a, b), Math.max(a, b)].map((s) => resumingTry(data(r), seconds(s)));
        if (x == null || y == null) return;
        const earlier = Math.min(a, b);
        expect(toSeconds(x.at)).toBeGreaterThanOrEqual(earlier * 0.94);
        expect(toSeconds(x.at)).toBeLessThanOrEqual(2 * earlier + r + 1e-6);
        expect(y.at).toBeGreaterThanOrEqual(x.at);
      }),
    );
  });

  it('comes no later under a cap', () => {
    fc.assert(
      fc.property(rto, back, fc.double({ min: 1, max: 120, noNaN: true }), (r, outage, cap) => {
        const free = resumingTry(data(r), seconds(outage));
        const capped = resumingTry(data(r), seconds(outage), { cap: seconds(cap) });
        // A cap also makes the sender give up sooner (tcp_retries2 counts by it).
        if (free === null || capped === null) return;
        expect(toSeconds(capped.at)).toBeLessThanOrEqual(Math.max(toSeconds(free.at), outage + cap) + 1e-6);
      }),
    );
  });

  it('does not come where the sender has given up', () => {
    expect(resumingTry(data(0.2), seconds(1000))).toBeNull();
    expect(resumingTry(syn(1, 1), seconds(200))).toBeNull();
    // With a cap of 5 s it gives up after 61.2 s: nothing comes then, though a try would.
    expect(resumingTry(data(0.2), seconds(60), { cap: seconds(5) })).toBeNull();
    expect(resumingTry(data(0.2), seconds(20), { userTimeout: seconds(10) })).toBeNull();
  });
});

describe('giving up', () => {
  it('is after 924.6 s with the shortest RTO, 131 s or 127 s for SYNs, and 112.6 s where the cap is 10 s', () => {
    expect(toSeconds(givesUpAfter(data(0.2)))).toBeCloseTo(924.6);
    expect(toSeconds(givesUpAfter(syn(1, 1)))).toBeCloseTo(131);
    expect(toSeconds(givesUpAfter(syn(1, 2)))).toBeCloseTo(127);
    expect(toSeconds(givesUpAfter(data(0.2), { cap: seconds(10) }))).toBeCloseTo(112.6);
  });
});
