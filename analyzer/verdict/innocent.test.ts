import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import { HTTP_GET, judge, type Sending, Talk, type TalkOptions, watch } from '../test-frames.ts';
import { roundTrip, rtoOf } from './innocent.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n';
/** Frames 1 to 16: the client hears ten segments in a row and acknowledges the last at 1.31 s. */
const downloading = (options: TalkOptions = {}): Talk => {
  const talk = new Talk(options)
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD });
  for (let i = 0; i < 9; i++) talk.server(1.2 + i / 100, { payload: 1448 });
  return talk.client(1.31);
};
const probe = { seq: HTTP_GET.length, flags: 'ACK' };
const resume = (talk: Talk, at = 20, fields: Sending = {}): Talk =>
  talk.server(at, { payload: 1448, ...fields }).client(at + 0.01);

/** Why the first stall is not the failover's, and what was tried in it. */
function stall(talk: Talk, until?: number, others: Talk[] = []) {
  const judged = judge([talk, ...others], until === undefined ? {} : { until })[0]!.case.stalls[0]!;
  return { cause: judged.innocent?.cause ?? null, trying: judged.trying };
}

describe('a pause of the application', () => {
  it('is shown by an IP identification that went up by one', () => {
    expect(stall(resume(downloading()))).toEqual({ cause: 'application-idle', trying: [] });
  });

  it('is none where packets are missing', () => {
    const tried = downloading()
      .server(2, { payload: 1448, lost: true })
      .server(4, { payload: 1448, lost: true });
    expect(stall(resume(tried))).toEqual({
      cause: null,
      trying: ['missing-packets'],
    });
  });

  it('is shown by an answer to a probe with nothing outstanding', () => {
    expect(stall(downloading().client(10, probe).server(10.02), 60)).toEqual({
      cause: 'application-idle',
      trying: [],
    });
  });

  it('is not shown while the answer shows bytes that never came', () => {
    const stuck = downloading()
      .server(2, { payload: 1448, lost: true, ipId: 1 })
      .client(10, probe)
      .server(10.02);
    expect(stall(stuck, 60)).toEqual({ cause: null, trying: ['stuck-bytes'] });
  });

  it('is not shown by silence alone, nor while probes go unanswered', () => {
    expect(stall(downloading(), 60)).toEqual({ cause: null, trying: [] });
    expect(stall(downloading().client(10, probe).client(20, probe), 60)).toEqual({
      cause: null,
      trying: ['unanswered'],
    });
  });
});

describe('a closed window', () => {
  const closed = (): Talk => downloading().client(1.4, { window: 0 });
  const windowProbe = { seq: HEAD.length + 9 * 1448, flags: 'ACK' };

  it('is the reader’s', () => {
    expect(stall(closed(), 60).cause).toBe('zero-window');
    expect(stall(closed().server(2, windowProbe).client(2.01, { window: 0 }), 60).cause).toBe('zero-window');
  });

  it('is not the reason where probes of it go unanswered one after the other', () => {
    const vain = closed().server(2, windowProbe).server(4, windowProbe);
    expect(stall(vain, 60).cause).toBeNull();
    expect(
      stall(closed().server(2, windowProbe).client(2.01, { window: 0 }).server(4, windowProbe), 60).cause,
    ).toBe('zero-window');
  });
});

describe('a capture gap', () => {
  it('is shown by an acknowledgement of what was never captured', () => {
    expect(stall(downloading().client(20, { ack: 60000 })).cause).toBe('capture-gap');
  });
});

describe('plain loss', () => {
  /** Segments lost and sent again, `times` times, a tenth of a second apart; then a stall of `length` seconds. */
  const lossy = (times: number, length: number): Talk => {
    const talk = downloading();
    let next = 1 + HEAD.length + 9 * 1448;
    for (let i = 0; i < times; i++) {
      const at = 2 + i / 10;
      talk.server(at, { payload: 100, lost: true }).server(at + 0.01, { payload: 100 });
      talk.server(at + 0.03, { seq: next, payload: 100 }).client(at + 0.04, { ack: next + 200 });
      next += 200;
    }
    const last = times === 0 ? 1.31 : 2 + (times - 1) / 10 + 0.04;
    talk.server(last + 0.3, { payload: 100, lost: true });
    return talk
      .server(last + length, { seq: next, payload: 100 })
      .client(last + length + 0.01, { ack: next + 100 });
  };

  it('is the habit of a path that had lost four times before, for up to 4 s', () => {
    expect(stall(lossy(4, 3.9)).cause).toBe('loss');
    expect(stall(lossy(4, 4.1)).cause).toBeNull();
    expect(stall(lossy(3, 3.9)).cause).toBeNull();
  });

  it('is not what two flows meet at the same time', () => {
    const other = downloading({ client: '10.0.0.1 40001' }).server(3, { payload: 1448, lost: true });
    resume(other, 6.24);
    expect(stall(lossy(4, 3.9), undefined, [other])).toEqual({
      cause: null,
      trying: expect.arrayContaining(['shared-silence']),
    });
  });
});

describe('signs of a timeout', () => {
  const signs = (second: Sending & { at: number }, first: Sending = { flags: 'ACK' }): readonly string[] => {
    const { at, ...fields } = second;
    return stall(
      resume(downloading(), 20, first)
        .server(at, { payload: 1448, ...fields })
        .client(at + 0.01),
    ).trying;
  };

  it('are a full segment and then nothing until it is acknowledged', () => {
    expect(signs({ at: 20.02 })).toEqual(['timeout-window']);
    expect(signs({ at: 20.001 })).toEqual([]);
    expect(signs({ at: 20.5 })).toEqual([]);
    expect(signs({ at: 20.02 }, { flags: 'PSH ACK' })).toEqual([]);
    expect(signs({ at: 20.02 }, { flags: 'ACK', payload: 600 })).toEqual([]);
  });
});

describe('roundTrip', () => {
  const watchOf = (talk: Talk): SilenceWatch => watch([talk]).watches[0] as SilenceWatch;

  it('is that of the handshake, from SYN to ACK', () => {
    expect(roundTrip(watchOf(new Talk().handshake()))).toBe(20_100_000);
    expect(rtoOf(watchOf(new Talk().handshake()))).toBe(seconds(0.2) + 20_100_000);
  });

  it('is not known where the SYN was repeated or missed', () => {
    const twice = new Talk().client(0, { flags: 'SYN' }).client(1, { seq: 0, flags: 'SYN' });
    expect(roundTrip(watchOf(twice.server(1.02, { flags: 'SYN ACK' }).client(1.03)))).toBeNull();
    expect(roundTrip(watchOf(new Talk().client(1, { seq: 5, payload: 9 }).server(1.1)))).toBeNull();
    expect(rtoOf(watchOf(new Talk().client(1, { seq: 5, payload: 9 })))).toBe(seconds(0.2));
  });
});

describe('what every sender would have sent again', () => {
  const asked = (): Talk => new Talk().handshake().client(1, { payload: HTTP_GET });

  it('was sent again, and is not in the file', () => {
    expect(stall(asked().server(1e6, { payload: HEAD }), 1e6).cause).toBe('capture-gap');
  });

  it('is not known where nothing follows: the end may be gone', () => {
    expect(stall(asked(), 200).cause).toBeNull();
  });

  it('may still come within two minutes, and after another try the sender may have given up', () => {
    expect(stall(asked(), 100).cause).toBeNull();
    expect(stall(asked().client(2, { seq: 1, payload: HTTP_GET }), 2000).cause).toBeNull();
  });

  it('is no probe: those may be hours apart', () => {
    expect(stall(downloading().client(10, probe), 2000).cause).toBeNull();
  });
});
