/** Paths that take more than a second: what is repeated on them was not lost. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import { HTTP_GET, judge, type Sending, Talk, watch } from '../test-frames.ts';
import type { SilenceWatch } from './silence.ts';
import { findStalls } from './stall.ts';

const options = { mss: 1460, sackPermitted: true, windowScale: 7 };
/** Timestamps in ms: `at` s by the clock of the sender, and what it echoes. */
const stamped = (at: number, echo = 0, more: Sending = {}): Sending => ({
  ...more,
  options: {
    ...more.options,
    timestamps: {
      value: Math.round(1000 * at) + 5000,
      echo: echo === 0 ? 0 : Math.round(1000 * echo) + 5000,
    },
  },
});
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd';

/** Opened over a path of 2.5 s; the client repeats its SYN after 1 s and 2 s, and each is answered. */
function opened(): Talk {
  const talk = new Talk();
  for (const at of [0, 1, 2]) talk.client(at, stamped(at, 0, { flags: 'SYN', seq: 0, options }));
  talk.server(2.5, stamped(1.25, 0.001, { flags: 'SYN ACK', seq: 0, options }));
  talk.client(2.501, stamped(2.501, 1.25));
  return talk;
}

/** A request at `at`, sent again after 1 s; the server's acknowledgement comes at `at` + `after`. */
function asked(talk: Talk, at: number, after: number, echo: number, more: Sending = {}): Talk {
  const seq = 1 + HTTP_GET.length * asks++;
  talk.client(at, stamped(at, at - 0.1, { payload: HTTP_GET, seq }));
  talk.client(at + 1, stamped(at + 1, at - 0.1, { payload: HTTP_GET, seq }));
  const back = at + after;
  talk.server(back, stamped(back - 1.25, echo, more));
  talk.server(back + 0.002, stamped(back - 1.25, echo, { payload: ANSWER }));
  return talk.client(back + 0.003, stamped(back + 0.003, back - 1.25));
}
let asks = 0;

function outcome(talk: Talk) {
  asks = 0;
  const [flow] = judge([talk], { until: 60 });
  return { outcome: flow?.case.outcome, cause: flow?.verdict.cause, stalls: flow?.case.stalls.length };
}

describe('a round trip of more than a second', () => {
  it('is no stall, where the answers are those to the first transmissions', () => {
    const talk = asked(asked(opened(), 3, 2.5, 3), 10, 2.5, 10);
    expect(outcome(talk)).toEqual({ outcome: 'unaffected', cause: null, stalls: 0 });
  });

  it('is a stall where the repeat was answered: the first had been lost', () => {
    const talk = asked(asked(opened(), 3, 2.5, 4), 10, 2.5, 11);
    expect(outcome(talk)).toMatchObject({ outcome: 'connect-delayed', stalls: 3 });
  });

  it('is one where the answer tells of a duplicate: all acknowledgements before it had been lost', () => {
    const dsack = (at: number): Sending => ({ options: { sack: [{ left: at, right: at + 1 }] } });
    const talk = asked(asked(opened(), 3, 2.5, 3, dsack(1001)), 10, 2.5, 10, dsack(1002));
    expect(outcome(talk)).toMatchObject({ outcome: 'connect-delayed', stalls: 3 });
  });

  it('is not told of a single long one: a node may have held it back', () => {
    const talk = asked(new Talk().handshake(), 3, 2.5, 3);
    expect(outcome(talk)).toMatchObject({ outcome: 'resumed', cause: null });
  });
});

describe('a silence of which the timestamps know nothing', () => {
  /** A download at one segment each 0.1 s, whose next comes `late` s late by the capture; the acknowledgement carries the client's own time. */
  const delayed = (late: number, clientLate: number): Talk => {
    const talk = new Talk().handshake().client(0.1, stamped(0.1, 0.02, { payload: HTTP_GET }));
    talk.server(0.13, stamped(0.13, 0.1, { payload: 'HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n' }));
    for (let at = 0.2; at < 1.05; at += 0.1) {
      talk.server(at, stamped(at, 0.1, { payload: 1000 })).client(at + 0.001, stamped(at + 0.001, at));
    }
    talk.server(1.1 + late, stamped(1.1, 1, { payload: 1000 }));
    return talk
      .client(1.101 + late, stamped(1.101 + clientLate, 1.1))
      .server(1.2 + late, stamped(1.2, 1.1, { payload: 1000 }));
  };
  const gapOf = (talk: Talk) =>
    findStalls(watch([talk], { until: 60 }).watches[0] as SilenceWatch, seconds(60))[0]?.captureGap;

  it("is a jump of the capture's clock where both ends know nothing of it", () => {
    expect(gapOf(delayed(3, 0))).toBe(true);
  });

  it('is a path that became longer where the end beside the capture does', () => {
    expect(gapOf(delayed(3, 3))).toBe(false);
  });
});
