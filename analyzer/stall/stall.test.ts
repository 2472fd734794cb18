import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import { HTTP_GET, type Sending, Talk, watch } from '../test-frames.ts';
import type { SilenceWatch } from './silence.ts';
import { answeredSinceLoss, findStalls, type Stall } from './stall.ts';

const CLIENT = 0;
const SERVER = 1;

function stallsOf(talk: Talk, until?: number): readonly Stall[] {
  const vantage = watch([talk], until === undefined ? {} : { until });
  return findStalls(vantage.watches[0] as SilenceWatch, vantage.coveredUntil as number);
}
const stallOf = (talk: Talk, until?: number): Stall => stallsOf(talk, until)[0] as Stall;

/** A stall in one line. */
const line = (s: Stall): string => {
  const end = s.end === null ? `on (${s.duration / 1e9} s)` : `${s.end / 1e9} by ${s.endedBy}`;
  return `${s.kind} ${s.start / 1e9} to ${end}: ${s.what}, ${s.owedBy} to ${s.waiting}`;
};
const ids = (events: readonly { id: number }[]): number[] => events.map((e) => e.id);

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n';
/** Sequence number of the first byte of the body. */
const BODY = 1 + HEAD.length;
/** Frames 1 to 7; the last, at 1.11 s, acknowledges the head of an answer of 90,000 bytes. */
const downloading = (): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11);
/** A keepalive probe of the client. */
const probe = { seq: HTTP_GET.length, flags: 'ACK' };

describe('findStalls', () => {
  it('measures to the end, or to the end of the coverage', () => {
    expect(stallsOf(downloading().server(20, { payload: 90000 }).client(20.01)).map(line)).toEqual([
      'waiting 1.11 to 20 by progress: promised, 1 to 0',
    ]);
    expect(stallsOf(downloading(), 31.11).map(line)).toEqual(['waiting 1.11 to on (30 s): promised, 1 to 0']);
  });

  it('keeps bytes that are owed', () => {
    expect(stallOf(downloading()).bytes).toBe(90000);
  });

  it('knows no stall of an idle connection', () => {
    const done = downloading().server(1.2, { payload: 90000 }).client(1.21);
    expect(
      stallsOf(done.client(90, { payload: HTTP_GET }).server(90.1, { payload: 100 }).client(90.2)),
    ).toEqual([]);
  });

  it('lets an RST that a foreign TTL betrays be one, however short', () => {
    const at = 1.2;
    const refused = (fields: Sending) =>
      stallsOf(downloading().server(at, { flags: 'RST', ...fields })).map(line);
    expect(refused({ ttl: 64 })).toEqual(['waiting 1.11 to 1.2 by close: promised, 1 to 0']);
    expect(refused({})).toEqual([]);
  });

  it('lets an RST to the first use after an idle time be one', () => {
    const reused = (at: number) => {
      const talk = downloading().server(1.2, { payload: 90000 }).client(1.21);
      return stallsOf(talk.client(at, { payload: HTTP_GET }).server(at + 0.1, { flags: 'RST' })).map(line);
    };
    expect(reused(60)).toEqual(['waiting 60 to 60.1 by close: answer, 1 to 0']);
    expect(reused(2)).toEqual([]);
  });
});

describe('a closed window', () => {
  const closed = (): Talk => downloading().server(1.2, { payload: 5000 }).client(1.21, { window: 0 });

  it('holds up an upload while its probes are lost, and no client at rest that asks nothing', () => {
    const uploading = (): Talk =>
      new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.02, { window: 0 });
    const sent = { seq: HTTP_GET.length, flags: 'ACK' };
    const more = { payload: 1000 };
    const lost = uploading().client(1.3, sent).client(1.9, sent).client(3.1, sent).client(5.5, sent);
    const goneOn = (talk: Talk): Talk => talk.server(9, { window: 900 }).client(9.01, more).server(9.03);
    const unanswered = 'waiting 9.03 to on (0 s): answer, 1 to 0';
    expect(stallsOf(goneOn(lost)).map(line)).toEqual([
      'closed-window 1.02 to 9 by progress: mid-answer, 0 to 1',
      unanswered,
    ]);
    expect(stallsOf(goneOn(uploading())).map(line)).toEqual([unanswered]);
  });

  it('is a stall of its own until it opens', () => {
    const talk = closed()
      .server(1.5, { seq: BODY + 4999 })
      .client(1.51, { window: 0 });
    expect(stallsOf(talk, 9).map(line)).toEqual(['closed-window 1.21 to on (7.79 s): promised, 1 to 0']);
  });

  it('that opened ends there, and what follows is another stall', () => {
    const talk = closed().client(9, { window: 900 }).server(20, { payload: 85000 }).client(20.01);
    expect(stallsOf(talk).map(line)).toEqual([
      'closed-window 1.21 to 9 by progress: promised, 1 to 0',
      'waiting 9 to 20 by progress: promised, 1 to 0',
    ]);
  });

  it('that data used at once leaves no second stall', () => {
    const talk = closed().client(9, { window: 900 }).server(9.02, { payload: 85000 }).client(9.03);
    expect(stallsOf(talk).map(line)).toEqual(['closed-window 1.21 to 9 by progress: promised, 1 to 0']);
  });

  it('may close without a byte moving', () => {
    const talk = downloading().client(1.3, { window: 0 });
    expect(stallsOf(talk, 9).map(line)).toEqual(['closed-window 1.11 to on (7.89 s): promised, 1 to 0']);
  });

  it('is not one that is merely small: a sender may send something', () => {
    const talk = downloading().server(1.2, { payload: 1448 }).server(1.21, { payload: 1448 });
    expect(stallsOf(talk.client(1.22, { window: 1 }), 9).map((s) => s.kind)).toEqual(['waiting']);
  });
});

describe('transmissions without an answer', () => {
  it('are those since the other end was last heard, but for the last second', () => {
    const talk = downloading()
      .client(5, probe)
      .server(5.02)
      .client(10, probe)
      .client(15, probe)
      .client(20, probe);
    expect(stallOf(talk, 20.999).unanswered.map(ids)).toEqual([[10, 11], []]);
    expect(stallOf(talk, 21).unanswered.map(ids)).toEqual([[10, 11, 12], []]);
  });

  it('are none that the end of the stall answers', () => {
    const talk = downloading().client(5, probe).client(10, probe);
    const resumed = (at: number): Talk => {
      const copy = new Talk();
      copy.packets.push(...talk.packets);
      return copy.server(at, { seq: BODY, payload: 90000 });
    };
    expect(ids(stallOf(resumed(10.9)).unanswered[CLIENT])).toEqual([8]);
    expect(ids(stallOf(resumed(11.1)).unanswered[CLIENT])).toEqual([8, 9]);
  });

  it('are no pure acknowledgements: nobody answers them', () => {
    expect(stallOf(downloading().client(5).client(10), 20).unanswered.map(ids)).toEqual([[], []]);
  });

  it('count the request that began the stall, until anything of the server is heard', () => {
    const request = () => new Talk().handshake().client(1, { payload: HTTP_GET });
    expect(stallOf(request(), 9).startUnanswered).toBe(true);
    expect(stallOf(request().client(1.2, { seq: 1, payload: HTTP_GET }), 9).startUnanswered).toBe(true);
    expect(stallOf(request().server(1.3, { ack: 1 }), 9).startUnanswered).toBe(false);
    expect(stallOf(downloading(), 9).startUnanswered).toBe(false);
  });

  it('of an idle connection make a stall of their own, from the first on', () => {
    const idle = () => downloading().server(1.2, { payload: 90000 }).client(1.21);
    expect(stallsOf(idle().client(60, probe).client(70, probe), 80).map(line)).toEqual([
      'waiting 60 to on (20 s): probe-answer, 1 to 0',
    ]);
    expect(stallsOf(idle().client(60, probe), 80)).toEqual([]);
    const answered = idle().client(60, probe).server(60.02).client(70, probe).client(80, probe);
    expect(stallsOf(answered, 90).map(line)).toEqual(['waiting 70 to on (20 s): probe-answer, 1 to 0']);
    expect(ids(stallOf(answered, 90).events)).toEqual([12, 13]);
  });
});

describe('probes', () => {
  it('are answered by what the other end sends within a second', () => {
    const talk = downloading().client(5, probe).server(5.02).client(10, probe).client(15, probe).server(16.1);
    expect(stallOf(talk, 20).probes.map((p) => [p.event.id, p.answer?.id ?? null])).toEqual([
      [8, 9],
      [10, null],
      [11, null],
    ]);
  });
});

describe('answeredSinceLoss', () => {
  const answers = (talk: Talk, end: 0 | 1 = CLIENT): number[] =>
    answeredSinceLoss(stallOf(talk, 60), end).map((p) => p.event.id);
  const one = () => downloading().client(5, probe).server(5.02);

  it('keeps probes that were answered after the last that was not', () => {
    expect(answers(one())).toEqual([8]);
    expect(answers(one().client(10, probe))).toEqual([]);
    expect(answers(one().client(10, probe).client(15, probe).server(15.02))).toEqual([11]);
    expect(answers(one().client(10, probe).server(10.02).client(15, probe).server(15.02))).toEqual([
      8, 10, 12,
    ]);
  });

  it('counts any lost transmission, not only probes', () => {
    expect(answers(one().client(10, { seq: 1, payload: HTTP_GET }))).toEqual([]);
  });

  it('keeps the ends apart', () => {
    expect(answers(one(), SERVER)).toEqual([]);
  });
});

describe('bytes stuck at the peer', () => {
  const stuckOf = (talk: Talk) => {
    const { stuck, stuckAt } = stallOf(talk, 20);
    return { stuck, at: stuckAt?.id ?? null };
  };

  it('are what its answer had sent beyond the in-order point', () => {
    const talk = downloading().server(1.2, { payload: 30000, lost: true }).client(5, probe).server(5.02);
    expect(stuckOf(talk)).toEqual({ stuck: 30000, at: 9 });
  });

  it('are 0 where the answer shows none, and not known without an answer', () => {
    expect(stuckOf(downloading().client(5, probe).server(5.02))).toEqual({ stuck: 0, at: 9 });
    expect(stuckOf(downloading().client(5, probe))).toEqual({ stuck: null, at: null });
  });

  it('are told by the first answer that shows them', () => {
    const talk = downloading().client(5, probe).server(5.02);
    talk
      .server(6, { payload: 4000, lost: true })
      .client(10, probe)
      .server(10.02)
      .client(15, probe)
      .server(15.02);
    expect(stuckOf(talk)).toEqual({ stuck: 4000, at: 11 });
  });
});

describe('packets missing by the IP identification', () => {
  /** The server counts from `id` on, has sent 24 segments in order, falls silent, and goes on with `next`. */
  const missing = (id: number, ...next: Sending[]): number | null => {
    const talk = new Talk().handshake().client(1, { payload: HTTP_GET });
    for (let i = 0; i < 24; i++)
      talk.server(1.1 + i / 100, { payload: i === 0 ? HEAD : 1448, ipId: (id + i) & 0xffff });
    talk.client(1.5);
    next.forEach((fields, i) => {
      talk.server(20 + i, { payload: 1448, ...fields });
    });
    return stallOf(talk, 40).missing;
  };

  it('are the gap between the last packet before and the first after', () => {
    expect(missing(100, { ipId: 124 })).toBe(0);
    expect(missing(100, { ipId: 129 })).toBe(5);
  });

  it('are counted across the wrap at 2^16', () => {
    expect(missing(65530, { ipId: 18 })).toBe(0);
    expect(missing(65530, { ipId: 23 })).toBe(5);
  });

  it('are added up over segments that moved nothing', () => {
    const repeat = { seq: BODY, payload: 1448 };
    expect(missing(100, { ...repeat, ipId: 126 }, { ...repeat, ipId: 127 }, { ipId: 130 })).toBe(2 + 0 + 2);
  });

  it('reckon with frames that stand for several packets', () => {
    const repeat = { seq: BODY, payload: 4 * 1448 };
    expect(missing(100, { ...repeat, ipId: 124 }, { ipId: 128 })).toBe(0);
    expect(missing(100, { ...repeat, ipId: 124 }, { ipId: 129 })).toBe(1);
  });

  it('are not known where the series steps back, or where nothing came', () => {
    expect(missing(100, { ipId: 90 })).toBeNull();
    expect(missing(100)).toBeNull();
  });

  it('are not known where the identification does not count this connection', () => {
    const talk = downloading();
    for (let i = 0; i < 6; i++) talk.server(1.2 + i / 100, { payload: 1448, ipId: (i * 7919) & 0xffff });
    talk.client(1.3).server(20, { payload: 1448, ipId: 50 });
    expect(stallOf(talk, 40).missing).toBeNull();
  });

  it('are not told by an RST, which another machine may have made', () => {
    expect(missing(100, { flags: 'RST', ipId: 900, payload: 0 })).toBeNull();
  });
});

describe('a ladder', () => {
  const upload = (): Talk => new Talk().handshake().client(1, { payload: 1000 }).server(1.02);
  const again = { seq: 1001, payload: 1448 };

  it('is that of whoever sent in vain', () => {
    const talk = upload().client(2, { payload: 1448 });
    talk.client(2.2, again).client(2.6, again).client(3.4, again);
    const { ladder, what, owedBy } = stallOf(talk, 10);
    expect({ what, owedBy, by: ladder?.by, rungs: ids(ladder?.rungs ?? []), next: ladder?.next }).toEqual({
      what: 'unacknowledged',
      owedBy: CLIENT,
      by: CLIENT,
      rungs: [7, 8, 9],
      next: seconds(5),
    });
  });
});

describe('a capture gap', () => {
  it('is shown by an acknowledgement of bytes that were never captured', () => {
    const unseen = downloading().client(20, { ack: 9000 });
    expect(stallOf(unseen).captureGap).toBe(true);
    expect(stallOf(downloading().server(20, { payload: 9000 })).captureGap).toBe(false);
  });
});
