import { describe, expect, it } from 'vitest';
import { captureOf, frameId, frameOf, NO_FRAME } from './frame-id.ts';

describe('frameId', () => {
  it('keeps capture and frame apart, up to the largest frame number', () => {
    const ids = [frameId(0, 1), frameId(1, 1), frameId(7, 4_294_967_295)];
    expect(ids.map((id) => [captureOf(id), frameOf(id)])).toEqual([
      [0, 1],
      [1, 1],
      [7, 4_294_967_295],
    ]);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
  });

  it('is never NO_FRAME, for frames count from 1', () => {
    expect(frameId(0, 1)).not.toBe(NO_FRAME);
  });
});
