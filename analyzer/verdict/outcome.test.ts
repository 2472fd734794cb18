import { describe, expect, it } from 'vitest';
import { buildIcmp, buildTcp } from '../../packet/wire/build.ts';
import { HTTP_GET, judge, type Source, Talk } from '../test-frames.ts';
import type { Place } from '../vantage/vantage.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
/** Sequence number of the first byte of the body. */
const BODY = 1 + HEAD.length;
/** Hears its last at 1.1 s, acknowledges it at 1.11 s, and is owed 9,000 bytes. */
const downloading = (): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11);
/** The server sends the body, which never comes. */
const inVain = (talk: Talk, at = 1.2): Talk => talk.server(at, { payload: 9000, lost: true });
const done = (): Talk => downloading().server(1.2, { payload: 9000 }).client(1.21);
const probe = { seq: HTTP_GET.length, flags: 'ACK' };
const syn = { flags: 'SYN', seq: 0 };

/** The outcome, and when the stall that it rests on began; `none` where it rests on none. */
function outcome(sources: Source | Source[], until?: number, place: Place = 'client'): string {
  const { outcome, main } = judge([sources].flat(), { place, ...(until === undefined ? {} : { until }) })[0]!
    .case;
  return `${outcome}, ${main === null ? 'none' : main.stall.start / 1e9}`;
}

describe('unaffected', () => {
  it('is a flow without a stall, closed or at rest', () => {
    expect(outcome(done(), 300)).toBe('unaffected, none');
    expect(
      outcome(done().server(1.3, { flags: 'FIN ACK' }).client(1.31, { flags: 'FIN ACK' }).server(1.32)),
    ).toBe('unaffected, none');
  });

  it('is a flow that was idle, and works', () => {
    const again = done().client(90, { payload: HTTP_GET }).server(90.1, { payload: HEAD }).client(90.11);
    expect(outcome(again.server(90.2, { payload: 9000 }).client(90.21))).toBe('unaffected, none');
  });

  it('is a flow with stalls of other causes only', () => {
    const full = downloading()
      .server(1.2, { payload: 1000 })
      .client(1.21, { window: 0 })
      .client(9, { window: 500 });
    expect(outcome(full.server(9.1, { payload: 8000 }).client(9.11))).toBe('unaffected, none');
  });

  it('is an orderly close of an idle connection', () => {
    const closed = done().client(90, { flags: 'FIN ACK' }).server(90.02, { flags: 'FIN ACK' }).client(90.03);
    expect(outcome(closed)).toBe('unaffected, none');
  });
});

describe('resumed', () => {
  it('is a stall that ended on the same connection', () => {
    expect(outcome(inVain(downloading()).server(20, { seq: BODY, payload: 9000 }).client(20.01))).toBe(
      'resumed, 1.11',
    );
  });

  it('rests on the longest stall', () => {
    const tried = { payload: 1000, lost: true };
    const twice = downloading().server(1.2, tried).server(4, { seq: BODY, payload: 1000 }).client(4.01);
    twice
      .server(6, tried)
      .server(14, { seq: BODY + 1000, payload: 8000 })
      .client(14.01);
    expect(outcome(twice)).toBe('resumed, 4.01');
  });
});

describe('hung', () => {
  it('is a silence of 30 s that the capture covers', () => {
    expect(outcome(downloading(), 31.1)).toBe('undecided, 1.11');
    expect(outcome(downloading(), 31.11)).toBe('hung, 1.11');
  });

  it('is two transmissions without an answer, sooner', () => {
    const one = downloading().client(3, probe);
    expect(outcome(one, 5)).toBe('undecided, 1.11');
    expect(outcome(one.client(4, probe), 5)).toBe('hung, 1.11');
    const request = new Talk()
      .handshake()
      .client(1, { payload: HTTP_GET })
      .client(1.3, { seq: 1, payload: HTTP_GET });
    expect(outcome(request, 4)).toBe('hung, 1');
  });

  it('is not yet, while the path is back and a retry may still come', () => {
    const back = downloading()
      .server(1.2, { payload: 9000, lost: true })
      .client(10, probe)
      .client(20, probe)
      .server(20.02);
    // The path came back at 20.02 s, 18.91 s into the stall: the retry comes within 1.12 times that, and a second.
    expect(outcome(back, 42.1)).toBe('undecided, 1.11');
    expect(outcome(back, 42.3)).toBe('hung, 1.11');
  });
});

describe('reset', () => {
  it('is an RST of the server', () => {
    expect(outcome(downloading().client(9, probe).server(9.02, { flags: 'RST' }))).toBe('reset, 1.11');
  });

  it('is an RST of another machine amid the transfer, without any silence', () => {
    expect(outcome(downloading().server(1.2, { flags: 'RST', ttl: 64 }))).toBe('reset, 1.11');
  });

  it('is an ICMP error that refuses, and the close that follows it', () => {
    const quoted = buildTcp({ link: 'raw', source: '10.0.0.1', destination: '10.0.0.2', seq: 1032 });
    const refused = (code: number): Source => ({
      packets: [
        {
          at: 9.01,
          data: buildIcmp({ source: '10.0.0.254', destination: '10.0.0.1', type: 3, code, body: quoted }),
        },
      ],
    });
    const talk = downloading().client(9, probe).client(9.02, { flags: 'RST' });
    expect(outcome([talk, refused(13)])).toBe('reset, 1.11');
    expect(outcome([talk, refused(1)])).toBe('gave-up, 1.11');
  });
});

describe('gave-up', () => {
  it('is a close by the end that waits', () => {
    expect(outcome(downloading().client(30, { flags: 'FIN ACK' }))).toBe('gave-up, 1.11');
    expect(outcome(downloading().client(30, { flags: 'RST ACK' }))).toBe('gave-up, 1.11');
  });

  it('is a close after probes of an idle connection went unanswered', () => {
    const talk = done()
      .client(60, probe)
      .client(70, probe)
      .client(80, probe)
      .client(90, { flags: 'RST ACK' });
    expect(outcome(talk)).toBe('gave-up, 60');
  });
});

describe('cut-short', () => {
  it('is a FIN before the end of what was promised, after a stall', () => {
    const short = inVain(downloading()).server(20, { seq: BODY, payload: 4000 }).client(20.01);
    short.server(20.1, { seq: BODY + 4000, flags: 'FIN ACK' }).client(20.11);
    expect(outcome(short, 60)).toBe('cut-short, 1.11');
    expect(outcome(downloading().server(20, { flags: 'FIN ACK' }))).toBe('cut-short, 1.11');
  });

  it('is not a FIN at the end of what was promised', () => {
    const whole = inVain(downloading())
      .server(20, { seq: BODY, payload: 9000 })
      .client(20.01)
      .server(20.1, { flags: 'FIN ACK' });
    expect(outcome(whole.client(20.11))).toBe('resumed, 1.11');
  });
});

describe('connections in the making', () => {
  it('are connect-delayed where a later SYN was answered', () => {
    const talk = new Talk().client(0, syn).client(1, syn).client(3, syn).server(3.02, { flags: 'SYN ACK' });
    expect(outcome(talk.client(3.03))).toBe('connect-delayed, 0');
  });

  it('are not connected where none was', () => {
    const talk = new Talk().client(0, syn).client(1, syn);
    expect(outcome(talk, 2)).toBe('not-connected, 0');
    expect(outcome(new Talk().client(0, syn), 29.9)).toBe('undecided, 0');
    expect(outcome(new Talk().client(0, syn), 30)).toBe('not-connected, 0');
  });

  it('resume, where a longer stall came later', () => {
    const talk = new Talk().client(0, syn).client(1, syn).server(1.02, { flags: 'SYN ACK' }).client(1.03);
    talk.client(1.1, { payload: HTTP_GET }).server(1.2, { payload: HEAD }).client(1.21);
    inVain(talk, 1.3);
    expect(outcome(talk.server(20, { seq: BODY, payload: 9000 }).client(20.01))).toBe('resumed, 1.21');
  });
});

describe('undecided', () => {
  it('is a capture that ends in mid-transfer', () => {
    expect(outcome(downloading(), 1.5)).toBe('undecided, 1.11');
    expect(outcome(downloading())).toBe('undecided, 1.11');
  });
});

describe('a reset in the client’s name', () => {
  const reset = (ttl: number): Talk => downloading().client(20, { flags: 'RST', ttl });

  it('that the client never sent leaves it hanging, seen beside the server', () => {
    expect(outcome(reset(63), undefined, 'server')).toBe('hung, 1.11');
    expect(outcome(reset(64), undefined, 'server')).toBe('gave-up, 1.11');
  });
});
