import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seqAdd } from '../../packet/seq.ts';
import type { TcpFrame } from '../../packet/wire/build.ts';
import { segment } from '../test-frames.ts';
import { classifySegment, Segment } from './segment.ts';
import { Side } from './side.ts';

/** Names of the bits, in the order of the table. */
const namesOf = (bits: number): string =>
  Object.entries(Segment)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name)
    .join(' ');

const sideWith = (fields: Partial<Side>): Side => Object.assign(new Side(), { seen: true }, fields);

/** Has sent bytes 0 to 999, of which the first 400 are acknowledged. */
const sender = (fields: Partial<Side> = {}): Side =>
  sideWith({ next: 1000, inOrder: 1000, una: 400, acked: true, window: 500, ...fields });
/** Has sent bytes 0 to 499, all acknowledged. */
const receiver = (fields: Partial<Side> = {}): Side =>
  sideWith({ next: 500, inOrder: 500, una: 500, acked: true, window: 500, ...fields });

const classify = (fields: TcpFrame, own = sender(), peer = receiver()): string =>
  namesOf(classifySegment(segment({ ack: 500, window: 500, ...fields }), own, peer));

describe('data', () => {
  it('at the in-order point is new, also where it begins below', () => {
    expect(classify({ seq: 1000, payload: 100 })).toBe('NewData');
    expect(classify({ seq: 950, payload: 100 })).toBe('NewData');
    expect(classify({ seq: 400, payload: 601 })).toBe('NewData');
  });

  it('is new where nothing of its sender was seen before', () => {
    expect(classify({ seq: 7000, payload: 100 }, new Side())).toBe('NewData');
  });

  it('that acknowledges what came before a SYN that is not answered is of an older connection', () => {
    const opening = sideWith({ seen: true, syn: 7, firstSeq: 500, next: 501, inOrder: 501 });
    const data = (ack: number): string => classify({ seq: 1000, ack, payload: 100 }, sender(), opening);
    expect(data(501)).toBe('NewData AckAdvance');
    expect(data(500)).toBe('Foreign');
    expect(data(400)).toBe('Foreign');
    // Of a connection whose SYN-ACK was captured the acknowledgment may be of any age.
    const answered = sender({ syn: 8 });
    expect(classify({ seq: 1000, ack: 400, payload: 100 }, answered, opening)).toBe('NewData');
  });

  it('beyond a hole is ahead', () => {
    expect(classify({ seq: 1001, payload: 100 })).toBe('Ahead');
  });

  it('beyond a hole, and seen before, is ahead and sent again', () => {
    const holed = () => sender({ inOrder: 600 });
    expect(classify({ seq: 800, payload: 200 }, holed())).toBe('Ahead Resent');
    expect(classify({ seq: 800, payload: 201 }, holed())).toBe('Ahead');
    expect(classify({ seq: 600, payload: 200 }, holed())).toBe('NewData');
  });

  it('of which every byte was seen is sent again', () => {
    expect(classify({ seq: 900, payload: 100 })).toBe('Resent');
    expect(classify({ seq: 0, payload: 100 })).toBe('Resent');
  });

  it('far out of any window is not believed to be a repeat', () => {
    expect(classify({ seq: 1000 + 2 ** 30, payload: 100 })).toBe('Foreign');
    expect(classify({ seq: 1000 + 2 ** 31, payload: 100 })).toBe('Foreign');
  });

  it('that goes on far out of any window is believed: the capture missed a gigabyte', () => {
    const jumped = Object.assign(sender(), { foreign: 64 });
    expect(classify({ seq: 1000 + 2 ** 30, payload: 100 }, jumped)).toBe('NewData');
  });
});

describe('probes', () => {
  it('sit one below what was sent, or one below what is acknowledged, with 0 or 1 byte', () => {
    for (const seq of [999, 399]) expect(classify({ seq })).toBe('Probe');
    expect(classify({ seq: 399, payload: 1 })).toBe('Probe');
  });

  it('are not a keystroke sent again: one byte that was not acknowledged', () => {
    expect(classify({ seq: 999, payload: 1 })).toBe('Resent');
  });

  it('have no more than one byte', () => {
    expect(classify({ seq: 999, payload: 2 })).toBe('NewData');
    expect(classify({ seq: 399, payload: 2 })).toBe('Resent');
  });

  it('sit nowhere else', () => {
    expect(classify({ seq: 998 })).toBe('PureAck');
    expect(classify({ seq: 1000 })).toBe('PureAck');
    expect(classify({ seq: 399 }, sender({ acked: false }))).toBe('PureAck');
    expect(classify({ seq: 999 }, new Side())).toBe('PureAck');
  });

  it('are no SYN and no FIN', () => {
    expect(classify({ seq: 999, flags: 'FIN ACK' })).toBe('Fin');
    expect(classify({ seq: 999, flags: 'SYN' })).toBe('Syn');
  });
});

describe('acknowledgements', () => {
  const peer = (fields: Partial<Side> = {}) => receiver({ una: 100, ...fields });

  it('of more than before move on', () => {
    expect(classify({ seq: 1000, ack: 101 }, sender(), peer())).toBe('AckAdvance PureAck');
    expect(classify({ seq: 1000, ack: 100 }, sender(), peer())).toBe('PureAck');
    expect(classify({ seq: 1000, ack: 99 }, sender(), peer())).toBe('PureAck');
  });

  it('ride on data', () => {
    expect(classify({ seq: 1000, payload: 1, ack: 500 }, sender(), peer())).toBe('NewData AckAdvance');
  });

  it('count from the first byte where none was seen before', () => {
    const first = { acked: false, una: 0, firstSeq: 100 };
    expect(classify({ seq: 1000, ack: 101 }, sender(), peer(first))).toBe('AckAdvance PureAck');
    expect(classify({ seq: 1000, ack: 100 }, sender(), peer(first))).toBe('PureAck');
  });

  it('of bytes that the capture never saw are unseen', () => {
    expect(classify({ seq: 1000, ack: 501 }, sender(), peer())).toBe('AckAdvance AckUnseen PureAck');
    expect(classify({ seq: 1000, ack: 500 }, sender(), peer())).toBe('AckAdvance PureAck');
  });

  it('say nothing where the peer was not seen, or the ACK flag is not set', () => {
    expect(classify({ seq: 1000, ack: 900 }, sender(), new Side())).toBe('PureAck');
    expect(classify({ seq: 1000, ack: 900, flags: 'PSH', payload: 3 }, sender(), peer())).toBe('NewData');
  });

  it('of a jump beyond any window are not believed', () => {
    expect(classify({ seq: 1000, ack: 100 + 2 ** 30 }, sender(), peer())).toBe('PureAck Foreign');
    expect(classify({ seq: 1000, ack: 100 + 2 ** 27 }, sender(), peer())).toContain('AckUnseen');
  });

  it('that stand where no window reaches are shifted, or by somebody who does not know the numbers', () => {
    const scaled = receiver({ largestWindow: 500, windowScale: 7 });
    const reach = 500 * 2 ** 7 + 2 ** 20;
    const seen = (seq: number, to = scaled): string => classify({ seq: seq >>> 0, ack: 0 }, sender(), to);
    expect(seen(1000 + reach)).toBe('PureAck');
    expect(seen(1001 + reach)).toBe('PureAck Stray');
    expect(seen(400 - reach)).toBe('PureAck');
    expect(seen(399 - reach)).toBe('PureAck Stray');
    // Of a scale that is not known, or a window that was never seen, more is believed.
    expect(seen(1001 + reach, receiver({ largestWindow: 500, windowScale: -1 }))).toBe('PureAck');
    expect(seen(1001 + reach, receiver())).toBe('PureAck');
  });

  it('that stand at what was sent are believed, however far from what an older connection acknowledged', () => {
    const to = receiver({ largestWindow: 500, windowScale: 7 });
    expect(classify({ seq: 1000, ack: 500 }, sender({ una: 1000 - 2 ** 29 }), to)).toBe('PureAck');
    expect(classify({ seq: 1000, ack: 500 }, sender({ una: 1000 + 2 ** 29 }), to)).toBe('PureAck');
  });

  it('of a shifted segment count where they can be', () => {
    const seq = 2 ** 29;
    const own = (): Side => sender({ largestWindow: 500, windowScale: 7 });
    const to = receiver({ una: 400, largestWindow: 500, windowScale: 7 });
    expect(classify({ seq, ack: 500 }, own(), to)).toBe('AckAdvance PureAck Stray');
    expect(classify({ seq, ack: 2 ** 27 }, own(), to)).toBe('PureAck Foreign Stray');
  });

  it('of data that is not believed do not move anything', () => {
    expect(classify({ seq: 1000 + 2 ** 31, ack: 500, payload: 9 }, sender(), peer())).toBe('Foreign');
  });

  it('of the FIN alone are told from those of data', () => {
    const closing = { fin: 9, finSeq: 499, next: 500, inOrder: 500 };
    expect(classify({ seq: 1000, ack: 500 }, sender(), peer({ ...closing, una: 499 }))).toBe(
      'PureAck FinAcked',
    );
    expect(classify({ seq: 1000, ack: 500 }, sender(), peer({ ...closing, una: 400 }))).toBe(
      'AckAdvance PureAck',
    );
  });
});

describe('windows', () => {
  it('of 0 are closed, but on a SYN', () => {
    expect(classify({ seq: 1000, window: 0 })).toBe('ZeroWindow PureAck');
    expect(classify({ seq: 1000, window: 0, payload: 5 })).toBe('NewData ZeroWindow');
    expect(classify({ seq: 0, window: 0, flags: 'SYN ACK' })).toBe('Syn');
  });

  it('that grow while nothing else moves are updates', () => {
    expect(classify({ seq: 1000, window: 501 })).toBe('WindowUpdate PureAck');
    expect(classify({ seq: 1000, window: 500 })).toBe('PureAck');
    expect(classify({ seq: 1000, window: 501, payload: 5 })).toBe('NewData');
    expect(classify({ seq: 1000, window: 501 }, sender({ window: -1 }))).toBe('PureAck');
    expect(classify({ seq: 1000, window: 501, ack: 499 })).toBe('PureAck');
  });
});

describe('SYN, FIN and RST', () => {
  it('are named, with their data', () => {
    expect(classify({ seq: 0, flags: 'SYN' })).toBe('Syn');
    expect(classify({ seq: 0, flags: 'SYN ACK', ack: 1 }, new Side(), sideWith({ next: 1 }))).toBe(
      'AckAdvance Syn',
    );
    expect(classify({ seq: 1000, flags: 'FIN ACK', payload: 5 })).toBe('NewData Fin');
    expect(classify({ seq: 990, flags: 'FIN ACK', payload: 10 })).toBe('Resent Fin');
  });

  it('an RST is nothing else, whatever it carries', () => {
    expect(classify({ seq: 1000, flags: 'RST ACK', ack: 501, window: 0, payload: 9 })).toBe('Rst');
  });
});

describe('sequence numbers', () => {
  it('wrap: the same segment is judged alike wherever the numbers begin', () => {
    const offset = fc.nat(0xffffffff);
    const fields = fc.record({
      seq: fc.constantFrom(0, 398, 399, 400, 599, 600, 998, 999, 1000, 1001),
      ack: fc.constantFrom(99, 100, 101, 499, 500, 501),
      payload: fc.constantFrom(0, 1, 2, 200, 700),
      flags: fc.constantFrom('ACK', 'FIN ACK', 'PSH ACK', 'RST'),
      window: fc.constantFrom(0, 500, 600),
    });
    const own = (by: number) =>
      sender({ firstSeq: by, next: seqAdd(1000, by), inOrder: seqAdd(600, by), una: seqAdd(400, by) });
    const peer = (by: number) =>
      receiver({ firstSeq: by, next: seqAdd(500, by), inOrder: seqAdd(500, by), una: seqAdd(100, by) });
    fc.assert(
      fc.property(fields, offset, offset, (f, a, b) => {
        const shifted = { ...f, seq: seqAdd(f.seq, a), ack: seqAdd(f.ack, b) };
        expect(classify(shifted, own(a), peer(b))).toBe(classify(f, own(0), peer(0)));
      }),
    );
  });
});
