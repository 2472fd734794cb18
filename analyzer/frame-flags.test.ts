import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ODD_FRAMES, oddCapture } from '../test/odd-frames.ts';
import { framesOf, randomSegments } from '../test/random-tcp.ts';
import { writePcap } from '../test/tcp-segment.ts';
import { createFrameFlags } from './frame-flags.ts';

function framesIn(bytes: Uint8Array, chunk = bytes.length): Map<number, string> {
  const lines = new Map<number, string>();
  const frames = createFrameFlags((frame, stream, flags) =>
    lines.set(frame, `${stream}\t${flags.join(',')}`),
  );
  for (let at = 0; at < bytes.length; at += chunk) frames.push(bytes.subarray(at, at + chunk));
  frames.end();
  return lines;
}

describe('frames that are not plain TCP', () => {
  const lines = framesIn(oddCapture());
  ODD_FRAMES.forEach(({ what, expected }, i) => {
    it(`${i + 1}: ${what}`, () => {
      expect(lines.get(i + 1) ?? null).toBe(expected);
    });
  });
});

describe('createFrameFlags', () => {
  it('gives the same for chunks of any size', () => {
    const bytes = writePcap(framesOf(1, randomSegments(1, 200)));
    const whole = framesIn(bytes);
    expect(whole.size).toBeGreaterThan(150);
    for (const chunk of [1, 7, 65_536]) expect(framesIn(bytes, chunk)).toEqual(whole);
  });

  it('reports what is wrong with the file', () => {
    const frames = createFrameFlags(() => {});
    frames.push(new TextEncoder().encode('not a capture'));
    frames.end();
    expect(frames.problems.map(({ code }) => code)).toEqual(['not-a-capture']);
  });

  it('takes any bytes', () => {
    const bytes = writePcap(framesOf(2, randomSegments(2, 30)));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 40 }), (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        framesIn(damaged);
      }),
    );
  });
});
