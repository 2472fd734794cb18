import { describe, expect, it } from 'vitest';
import { buildIcmp, buildTcp } from '../../packet/wire/build.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import { HTTP_GET, type Packet, Talk, watch } from '../test-frames.ts';
import { isRefusal } from './segment-event.ts';
import type { Silence, SilenceWatch } from './silence.ts';

const CLIENT = 0;
const SERVER = 1;

const watchOf = (...sources: { packets: readonly Packet[] }[]): SilenceWatch =>
  watch(sources).watches[0] as SilenceWatch;

/** A silence in one line: from, to, how it ended, who owed what, and the frames in it. */
const line = (s: Silence): string => {
  const to = s.end === null ? 'on' : `${s.end / 1e9}`;
  return `${s.start / 1e9} to ${to} ${s.endedBy} (${s.owed.what} by ${s.owed.by}): ${s.events.map((e) => e.id).join(' ')}`;
};
const silences = (...sources: { packets: readonly Packet[] }[]): string[] =>
  watchOf(...sources).silences.map(line);

/** Frames 1 to 5: handshake, request, its acknowledgement. Frames 6 and 7: 1448 bytes, acknowledged. */
const downloading = (): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n' })
    .client(1.11);

describe('a silence', () => {
  it('lasts a second or more', () => {
    expect(silences(downloading().server(2.109, { payload: 9000 }).client(2.12))).toEqual([]);
    expect(silences(downloading().server(2.11, { payload: 9000 }).client(2.12))).toEqual([
      '1.11 to 2.11 progress (promised by 1): ',
    ]);
  });

  it('lasts while nobody brings or acknowledges bytes, and keeps who tried', () => {
    const talk = downloading();
    talk.client(5, { seq: HTTP_GET.length, flags: 'ACK' }).client(9).server(9.5, { seq: 1, payload: 20 });
    expect(silences(talk.server(20, { payload: 9000 }).client(20.01))).toEqual([
      '1.11 to 20 progress (promised by 1): 8 9 10',
    ]);
  });

  it('runs on to the end of the capture', () => {
    expect(silences(downloading())).toEqual(['1.11 to on null (promised by 1): ']);
  });

  it('at rest is not kept, but where somebody sent in it', () => {
    const rest = () => downloading().server(1.2, { payload: 9000 }).client(1.21);
    expect(
      silences(rest().client(50, { payload: HTTP_GET }).server(50.02, { payload: 'HTTP/1.1 200 OK' })),
    ).toEqual(['50.02 to on null (unacknowledged by 1): ']);
    expect(silences(rest().client(50, { seq: HTTP_GET.length, flags: 'ACK' }).server(50.02))).toEqual([
      '1.21 to on null (nothing by 1): 10 11',
    ]);
  });

  it('ends by the first answer to a SYN', () => {
    const late = new Talk().client(0, { flags: 'SYN' }).client(1, { seq: 0, flags: 'SYN' });
    late.server(1.5, { flags: 'SYN ACK' }).client(1.51);
    expect(silences(late)).toEqual(['0 to 1.5 progress (handshake by 1): 2']);
  });

  it('knows how things stood when it began', () => {
    const talk = downloading()
      .client(5, { window: 9, ipId: 700 })
      .server(20, { payload: 9000 })
      .client(20.01);
    const [silence] = watchOf(talk).silences as [Silence];
    const { startFrame, startSender, lastOf, lastData, ipId, window, idleBefore } = silence;
    expect({ startFrame, startSender, lastOf, lastData, ipId, window, idleBefore }).toEqual({
      startFrame: 7,
      startSender: CLIENT,
      lastOf: [7, 6],
      lastData: [4, 6],
      ipId: [
        { id: 103, step: 1, counts: false },
        { id: 201, step: 1, counts: false },
      ],
      window: [64240, 64240],
      idleBefore: 0.01e9,
    });
  });

  it('knows that the connection had been idle before it was used again', () => {
    const talk = downloading().server(1.2, { payload: 9000 }).client(1.21).client(50, { payload: HTTP_GET });
    const silence = watchOf(talk).silences.at(-1) as Silence;
    expect([silence.owed.what, silence.idleBefore / 1e9]).toEqual(['answer', 48.79]);
  });

  it('does not see a second capture of the same packet', () => {
    const talk = downloading().client(5, { ipId: 700 }).client(5.01, { ipId: 700 });
    expect(silences(talk)).toEqual(['1.11 to on null (promised by 1): 8']);
  });

  it('keeps the first and the last of very many events', () => {
    const talk = downloading();
    for (let i = 0; i < 500; i++) talk.client(2 + i);
    const [silence] = watchOf(talk).silences as [Silence];
    expect(silence.events.length + silence.eventsDropped).toBe(500);
    expect(silence.events.length).toBeLessThanOrEqual(384);
    expect([silence.events[0]?.id, silence.events[191]?.id, silence.events.at(-1)?.id]).toEqual([
      8, 199, 507,
    ]);
  });
});

describe('a close', () => {
  it('by RST ends the flow, in a silence or without one', () => {
    expect(silences(downloading().server(9, { flags: 'RST' }))).toEqual([
      '1.11 to 9 close (promised by 1): ',
    ]);
    const atOnce = watchOf(downloading().server(1.2, { flags: 'RST', ttl: 64 }).client(1.3));
    expect(atOnce.silences.map(line)).toEqual(['1.11 to 1.2 close (promised by 1): ']);
    expect({ by: atOnce.close?.by, how: atOnce.close?.how, ttl: atOnce.close?.event.ttl }).toEqual({
      by: SERVER,
      how: 'RST',
      ttl: 64,
    });
    expect(atOnce.aftermath.map((e) => e.id)).toEqual([9]);
  });

  it('by FIN ends a silence', () => {
    const closed = watchOf(downloading().client(30, { flags: 'FIN ACK' }));
    expect(closed.silences.map(line)).toEqual(['1.11 to 30 close (promised by 1): ']);
    expect([closed.close?.by, closed.close?.how]).toEqual([CLIENT, 'FIN']);
  });

  it('is none: a FIN amid the transfer, or beyond a hole', () => {
    expect(watchOf(downloading().server(1.2, { flags: 'FIN ACK' })).close).toBeNull();
    const holed = downloading().server(1.2, { payload: 9000, lost: true }).server(30, { flags: 'FIN ACK' });
    expect(watchOf(holed).close).toBeNull();
  });
});

describe('what comes first after a silence', () => {
  const resumeOf = (talk: Talk) => (watchOf(talk).silences[0] as Silence).resume;
  const resumed = (): Talk => downloading().server(20, { payload: 1448, flags: 'ACK' });

  it('is kept, with the wait for the next data of the same end', () => {
    expect(resumeOf(resumed())).toEqual({ length: 1448, pushed: false, wait: null, hole: false });
    const next = resumed().client(20.01).server(20.25, { payload: 1448 });
    expect(resumeOf(next)).toEqual({ length: 1448, pushed: false, wait: 0.25e9, hole: false });
  });

  it('shows a hole behind it: bytes in between had been lost', () => {
    const next = resumed().server(20.1, { payload: 1448, lost: true }).server(20.25, { payload: 1448 });
    expect(resumeOf(next)).toEqual({ length: 1448, pushed: false, wait: 0.25e9, hole: true });
  });

  it('is nothing where an acknowledgement or a close ended it', () => {
    const upload = new Talk().handshake().client(1, { payload: 1448 }).server(9);
    expect(resumeOf(upload)).toBeNull();
    expect(resumeOf(downloading().server(9, { flags: 'RST' }))).toBeNull();
  });
});

describe('the handshake', () => {
  it('leaves its frames and times', () => {
    const { synAck, synAckTime, handshakeAckTime } = watchOf(downloading());
    expect({ synAck, synAckTime, handshakeAckTime }).toEqual({
      synAck: 2,
      synAckTime: 0.02e9,
      handshakeAckTime: 0.0201e9,
    });
    expect(watchOf(new Talk().client(0, { flags: 'SYN' })).synAck).toBe(NO_FRAME);
  });
});

describe('ICMP errors', () => {
  const quoted = buildTcp({ link: 'raw', source: '10.0.0.1', destination: '10.0.0.2', seq: 1001 });
  const error = (code: number): Packet => ({
    at: 5,
    data: buildIcmp({ source: '10.0.0.254', destination: '10.0.0.1', type: 3, code, body: quoted }),
  });

  it('about the flow belong to the silence, told to the end that had sent', () => {
    const [silence] = watchOf(downloading(), { packets: [error(1), error(13)] }).silences as [Silence];
    expect(silence.events.map((e) => [e.sender, e.icmp, e.seq, e.bits, isRefusal(e)])).toEqual([
      [CLIENT, 0x301, 1001, 0, false],
      [CLIENT, 0x30d, 1001, 0, true],
    ]);
  });
});
