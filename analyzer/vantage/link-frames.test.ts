import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import { Frame, FrameKind } from '../../packet/wire/frame.ts';
import { errorAt, fitClocks } from './clock-fit.ts';
import { LinkFrames, linkTies } from './link-frames.ts';

const ALL_ROUTERS = 0x01005e000012;

/** An advertisement number `n`, heard at a time. */
function advert(n: number, at: number, to = ALL_ROUTERS): Frame {
  const frame = new Frame();
  return Object.assign(frame, {
    kind: FrameKind.Vrrp,
    time: seconds(at),
    ipId: n,
    macDestination: to,
    vrrpId: 7,
  });
}

/** A request for the same address, which no number tells from the next. */
const request = (at: number): Frame =>
  Object.assign(new Frame(), {
    kind: FrameKind.Arp,
    time: seconds(at),
    arpOperation: 1,
    macDestination: 0xffffffffffff,
  });

function heard(frames: readonly Frame[], shift = 0): { frames: LinkFrames; shift: number } {
  const all = new LinkFrames();
  for (const frame of frames) all.observe(frame);
  return { frames: all, shift };
}

const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('frames to everybody on a link', () => {
  it('tie two captures that share no connection, within what a switch may take', () => {
    const here = heard(numbers.map((n) => advert(n, n)));
    const there = heard(numbers.map((n) => advert(n, n * (1 + 50e-6) + 3600.0004)));
    const [tie] = linkTies([here, there]);
    const [fit] = fitClocks(tie?.pairs ?? []);
    if (fit === undefined) throw new Error('not tied');
    const own = seconds(3605.00065);
    const offset = fit.offset + fit.skew * (own - fit.at);
    expect(Math.abs(offset - seconds(3600.00065))).toBeLessThanOrEqual(errorAt(fit, own) as number);
    expect(errorAt(fit, own)).toBeLessThan(seconds(0.02));
  });

  it('tie nothing where they are few', () => {
    expect(
      linkTies([heard(numbers.slice(0, 2).map((n) => advert(n, n))), heard([advert(1, 9), advert(2, 10)])]),
    ).toEqual([]);
  });

  it('tie nothing where they contradict each other', () => {
    const there = heard(numbers.map((n) => advert(n, n % 2 === 0 ? n : n * 3)));
    expect(linkTies([heard(numbers.map((n) => advert(n, n))), there])).toEqual([]);
  });

  it('are not those that came again in the same words, nor those to one host', () => {
    const again = [...numbers, ...numbers].map((n, i) => advert(n, i));
    expect(linkTies([heard(again), heard(again)])).toEqual([]);
    const requests = [1, 2, 3].map(request);
    expect(linkTies([heard(requests), heard(requests)])).toEqual([]);
    const unicast = numbers.map((n) => Object.assign(advert(n, n, 0x020000000001), { kind: FrameKind.Udp }));
    expect(linkTies([heard(unicast), heard(unicast)])).toEqual([]);
  });

  it('count by the time of the common base', () => {
    const frames = numbers.map((n) => advert(n, n));
    const [tie] = linkTies([heard(frames), heard(frames, seconds(60))]);
    expect(fitClocks(tie?.pairs ?? [])[0]?.offset).toBeCloseTo(seconds(60), -7);
  });
});
