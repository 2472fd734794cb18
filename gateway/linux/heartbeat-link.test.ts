/** Heartbeats: only the peer's, only new ones, whatever is recorded, changed or sent back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Role } from '../core/words.ts';
import { FRAME_LENGTH, type Frame, parseFrame, writeFrame } from './heartbeat-frame.ts';
import { Correspondence } from './heartbeat-link.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
const A = { node: 'node-a', peer: 'node-b' };
const B = { node: 'node-b', peer: 'node-a' };
const STANDBY = { role: 'standby', term: 0 } as const;
const ACTIVE = { role: 'active', term: 3 } as const;

/** Both know each other's start. */
function acquainted(): { a: Correspondence; b: Correspondence } {
  const a = new Correspondence(A, KEY);
  const b = new Correspondence(B, KEY);
  const answer = b.read(a.write('heartbeat', ACTIVE), STANDBY).answer!;
  a.read(answer, ACTIVE);
  return { a, b };
}

const frames = fc.record({
  kind: fc.constantFrom<Frame['kind']>('heartbeat', 'release-asked'),
  role: fc.constantFrom<Role>('standby', 'taking-over', 'active', 'releasing'),
  term: fc.nat(),
  boot: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  heard: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  number: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

describe('a frame', () => {
  it('is read as it was written, by who knows the key and the name', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const bytes = writeFrame(frame, 'node-a', KEY);
        expect(bytes).toHaveLength(FRAME_LENGTH);
        expect(parseFrame(bytes, 'node-a', KEY)).toEqual(frame);
        expect(parseFrame(bytes, 'node-a', OTHER_KEY)).toBeNull();
        expect(parseFrame(bytes, 'node-b', KEY)).toBeNull();
      }),
    );
  });

  it('of which any bit is changed, or any byte left out, is none', () => {
    fc.assert(
      fc.property(frames, fc.nat(FRAME_LENGTH * 8 - 1), (frame, bit) => {
        const bytes = writeFrame(frame, 'node-a', KEY);
        expect(parseFrame(bytes.subarray(0, bit >> 3), 'node-a', KEY)).toBeNull();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(parseFrame(bytes, 'node-a', KEY)).toBeNull();
      }),
    );
  });
});

describe('a correspondence', () => {
  it('begins by an answer that names the start of the other', () => {
    const a = new Correspondence(A, KEY);
    const b = new Correspondence(B, KEY);
    const first = b.read(a.write('heartbeat', ACTIVE), STANDBY);
    expect(first.frame).toBeUndefined();
    expect(a.read(first.answer!, ACTIVE).frame).toMatchObject({ kind: 'heartbeat', ...STANDBY });
    expect(b.read(a.write('release-asked', ACTIVE), STANDBY)).toMatchObject({
      frame: { kind: 'release-asked', ...ACTIVE },
    });
  });

  it('takes no datagram twice, and none that another overtook', () => {
    const { a, b } = acquainted();
    const [first, second] = [a.write('heartbeat', ACTIVE), a.write('heartbeat', STANDBY)];
    expect(b.read(second, STANDBY).frame).toMatchObject(STANDBY);
    expect(b.read(first, STANDBY)).toEqual({});
    expect(b.read(second, STANDBY)).toEqual({});
  });

  it('takes nothing that was recorded before this node started', () => {
    const { a } = acquainted();
    const recorded = a.write('heartbeat', ACTIVE);
    const restarted = new Correspondence(B, KEY);
    const { frame, answer } = restarted.read(recorded, STANDBY);
    expect(frame).toBeUndefined();
    // To its answer only the peer itself knows how to answer.
    a.read(answer!, ACTIVE);
    expect(restarted.read(a.write('heartbeat', ACTIVE), STANDBY).frame).toMatchObject(ACTIVE);
    expect(restarted.read(recorded, STANDBY).frame).toBeUndefined();
  });

  it('takes nothing of an earlier start of the peer once it knows the new one', () => {
    const { a, b } = acquainted();
    b.read(a.write('heartbeat', ACTIVE), STANDBY);
    const late = a.write('heartbeat', ACTIVE);
    const restarted = new Correspondence(A, KEY);
    restarted.read(b.read(restarted.write('heartbeat', STANDBY), STANDBY).answer!, STANDBY);
    expect(b.read(restarted.write('heartbeat', STANDBY), STANDBY).frame).toMatchObject(STANDBY);
    expect(b.read(late, STANDBY)).toEqual({});
  });

  it('hears neither itself nor anybody with another key or name, and answers neither', () => {
    const { a, b } = acquainted();
    expect(a.read(a.write('heartbeat', ACTIVE), ACTIVE)).toEqual({});
    const stranger = new Correspondence(A, OTHER_KEY);
    expect(b.read(stranger.write('heartbeat', ACTIVE), STANDBY)).toEqual({});
    const third = new Correspondence({ node: 'node-c', peer: 'node-b' }, KEY);
    expect(b.read(third.write('heartbeat', ACTIVE), STANDBY)).toEqual({});
  });
});
