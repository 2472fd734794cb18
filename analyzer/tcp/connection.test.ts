import { describe, expect, it } from 'vitest';
import { HTTP_GET, Talk, watch } from '../test-frames.ts';
import type { Connection } from './connection.ts';
import type { Side } from './side.ts';

const CLIENT = 0;
const SERVER = 1;

function connectionOf(talk: Talk): Connection {
  return (watch([talk]).watches[0] as { connection: Connection }).connection;
}

const [CLIENT_ISN, SERVER_ISN] = [1000, 5000];
/** Sequence numbers of a side, counted from its SYN. */
const numbers = ({ next, inOrder, una, bytes, outstanding }: Side, isn: number) => ({
  next: (next - isn) >>> 0,
  inOrder: (inOrder - isn) >>> 0,
  una: (una - isn) >>> 0,
  bytes,
  outstanding,
});

describe('the in-order point', () => {
  const holed = () =>
    new Talk().handshake().server(1, { payload: 100, lost: true }).server(1.1, { payload: 300 });

  it('waits at a hole', () => {
    const server = connectionOf(holed()).sides[SERVER];
    expect(numbers(server, SERVER_ISN)).toEqual({
      next: 401,
      inOrder: 1,
      una: 1,
      bytes: 0,
      outstanding: 400,
    });
  });

  it('moves by the filler alone, until the receiver says what it had', () => {
    const filled = holed().server(1.2, { seq: 1, payload: 100 });
    expect(numbers(connectionOf(filled).sides[SERVER], SERVER_ISN)).toEqual({
      next: 401,
      inOrder: 101,
      una: 1,
      bytes: 100,
      outstanding: 400,
    });
    filled.client(1.21, { ack: 401 });
    expect(numbers(connectionOf(filled).sides[SERVER], SERVER_ISN)).toEqual({
      next: 401,
      inOrder: 401,
      una: 401,
      bytes: 400,
      outstanding: 0,
    });
  });

  it('takes bytes that were acknowledged and never captured for sent, and counts the gap', () => {
    const connection = connectionOf(new Talk().handshake().client(1, { ack: 501 }));
    expect(numbers(connection.sides[SERVER], SERVER_ISN)).toEqual({
      next: 501,
      inOrder: 501,
      una: 501,
      bytes: 500,
      outstanding: 0,
    });
    expect(connection.unseen).toBe(1);
  });

  it('begins at the first segment where the SYN was missed', () => {
    const talk = new Talk().server(1, { seq: 7001, ack: 1, payload: 100 }).client(1.1, { seq: 1, ack: 7101 });
    expect(numbers(connectionOf(talk).sides[SERVER], SERVER_ISN)).toEqual({
      next: 7101,
      inOrder: 7101,
      una: 7101,
      bytes: 100,
      outstanding: 0,
    });
  });

  it('does not move by a keepalive, with or without its byte of garbage', () => {
    const talk = new Talk().handshake().client(1, { payload: 10 }).server(1.01);
    talk.client(20, { seq: 10, flags: 'ACK' }).client(30, { seq: 10, flags: 'ACK', payload: 1 });
    const { sides } = connectionOf(talk);
    expect(numbers(sides[CLIENT], CLIENT_ISN)).toEqual({
      next: 11,
      inOrder: 11,
      una: 11,
      bytes: 10,
      outstanding: 0,
    });
  });

  it('passes 2^32', () => {
    const talk = new Talk({ isn: [4_294_967_290, 4_294_967_200] }).handshake();
    talk.client(1, { payload: 50 }).server(1.02, { payload: 200 }).client(1.03);
    const { sides } = connectionOf(talk);
    expect([sides[CLIENT].bytes, sides[SERVER].bytes]).toEqual([50, 200]);
    expect(sides[CLIENT].next).toBe(45);
  });
});

describe('bytes', () => {
  it('count neither SYN nor FIN', () => {
    const talk = new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.02, { payload: 1000 });
    talk.server(1.1, { flags: 'FIN ACK' }).client(1.11, { flags: 'FIN ACK' }).server(1.12);
    const { sides } = connectionOf(talk);
    expect(sides.map((s) => s.bytes)).toEqual([HTTP_GET.length, 1000]);
    expect(sides.map((s) => s.outstanding)).toEqual([0, 0]);
  });

  it('are those that never were sent before', () => {
    const talk = new Talk().handshake().client(1, { payload: 100 }).client(1.3, { seq: 1, payload: 100 });
    const { segments, dataSegments, resent, bytes, lossEpisodes } = connectionOf(talk).sides[CLIENT];
    expect({ segments, dataSegments, resent, bytes, lossEpisodes }).toEqual({
      segments: 4,
      dataSegments: 2,
      resent: 1,
      bytes: 100,
      lossEpisodes: 1,
    });
  });
});

describe('FIN', () => {
  const finOf = ({ finSeq, finAhead, finTime }: Side) => ({ at: finSeq - SERVER_ISN, finAhead, finTime });

  it('in order closes at the end of the data', () => {
    const talk = new Talk().handshake().server(1, { payload: 100, flags: 'FIN ACK' });
    expect(finOf(connectionOf(talk).sides[SERVER])).toEqual({ at: 101, finAhead: false, finTime: 1e9 });
  });

  it('with a hole before it is ahead, also once the hole is filled and the FIN repeated', () => {
    const talk = new Talk().handshake().server(1, { payload: 100, lost: true });
    talk.server(1.5, { flags: 'FIN ACK' }).server(2, { seq: 1, payload: 100 }).server(2.1, {
      seq: 101,
      flags: 'FIN ACK',
    });
    expect(finOf(connectionOf(talk).sides[SERVER])).toEqual({ at: 101, finAhead: true, finTime: 1.5e9 });
  });
});

describe('the IP identification', () => {
  const series = (...ids: number[]): Side => {
    const talk = new Talk().handshake();
    ids.forEach((ipId, i) => {
      talk.server(1 + i / 1000, { ipId, payload: 100 });
    });
    return connectionOf(talk).sides[SERVER];
  };
  const counted = ({ ipIdRegular, ipIdIrregular, ipIdCounts }: Side) => ({
    ipIdRegular,
    ipIdIrregular,
    ipIdCounts,
  });

  it('that goes up by one a packet counts packets, from three steps on', () => {
    expect(counted(series(7, 8, 9))).toEqual({ ipIdRegular: 2, ipIdIrregular: 0, ipIdCounts: false });
    expect(counted(series(7, 8, 9, 10))).toEqual({ ipIdRegular: 3, ipIdIrregular: 0, ipIdCounts: true });
  });

  it('wraps at 2^16', () => {
    expect(counted(series(65534, 65535, 0, 1))).toEqual({
      ipIdRegular: 3,
      ipIdIrregular: 0,
      ipIdCounts: true,
    });
  });

  it('at random, or shared with other connections, counts nothing', () => {
    expect(counted(series(7, 900, 13, 4, 50000)).ipIdCounts).toBe(false);
    expect(counted(series(7, 8, 9, 10, 15))).toEqual({ ipIdRegular: 3, ipIdIrregular: 1, ipIdCounts: false });
  });

  it('may jump once in ten steps: packets were lost', () => {
    const ids = Array.from({ length: 10 }, (_, i) => 7 + i);
    expect(counted(series(...ids, 40))).toEqual({ ipIdRegular: 9, ipIdIrregular: 1, ipIdCounts: true });
  });

  it('grows by the packets that one large frame stands for, by the MSS of the SYN', () => {
    const talk = new Talk().handshake();
    talk.server(1, { ipId: 10, payload: 14600 }).server(1.1, { ipId: 20, payload: 14601 });
    talk.server(1.2, { ipId: 31, payload: 100 }).server(1.3, { ipId: 32, payload: 100 });
    expect(counted(connectionOf(talk).sides[SERVER])).toEqual({
      ipIdRegular: 3,
      ipIdIrregular: 0,
      ipIdCounts: true,
    });
    const small = new Talk()
      .client(0, { flags: 'SYN' })
      .server(0.02, { flags: 'SYN ACK', options: { mss: 1000 } });
    small.client(0.03).server(1, { ipId: 10, payload: 3000 }).server(1.1, { ipId: 13, payload: 100 });
    expect(counted(connectionOf(small).sides[SERVER]).ipIdRegular).toBe(1);
  });

  it('is not there over IPv6', () => {
    const talk = new Talk({ client: 'fd00::1 40000', server: 'fd00::2 80' }).handshake();
    for (let i = 0; i < 5; i++) talk.server(1 + i, { payload: 10 });
    expect(counted(connectionOf(talk).sides[SERVER])).toEqual({
      ipIdRegular: 0,
      ipIdIrregular: 0,
      ipIdCounts: false,
    });
  });
});

describe('window scale', () => {
  const scales = (client: number | undefined, server: number | undefined) => {
    const option = (windowScale: number | undefined) => (windowScale === undefined ? {} : { windowScale });
    const talk = new Talk().client(0, { flags: 'SYN', options: option(client) });
    talk.server(0.02, { flags: 'SYN ACK', options: option(server) }).client(0.03, { window: 500 });
    talk.server(0.04, { window: 1000 });
    return connectionOf(talk).sides.map((s) => s.windowBytes);
  };

  it('holds where both SYNs carried the option', () => {
    expect(scales(7, 2)).toEqual([64_000, 4000]);
  });

  it('holds for the other where one offers a shift of 0', () => {
    expect(scales(0, 7)).toEqual([500, 128_000]);
    expect(scales(7, 0)).toEqual([64_000, 1000]);
  });

  it('holds for neither where one did not (RFC 7323, 2.2)', () => {
    expect(scales(7, undefined)).toEqual([500, 1000]);
    expect(scales(undefined, 2)).toEqual([500, 1000]);
  });

  it('is not known where no SYN was seen, but 0 is 0 at any scale', () => {
    const talk = new Talk().client(1, { seq: 50, window: 500 }).server(1.1, { seq: 90, window: 0 });
    expect(connectionOf(talk).sides.map((s) => s.windowBytes)).toEqual([null, 0]);
  });
});

describe('loss', () => {
  it('counts episodes: repeats within 50 ms are one', () => {
    const talk = new Talk().handshake().server(1, { payload: 1000 });
    talk.server(1.2, { seq: 1, payload: 100 }).server(1.24, { seq: 101, payload: 100 });
    talk.server(1.3, { seq: 201, payload: 100 });
    expect(connectionOf(talk).sides[SERVER].lossEpisodes).toBe(2);
  });
});

describe('copies', () => {
  it('are counted, and change nothing', () => {
    const talk = new Talk().handshake().server(1, { payload: 100, ipId: 50 }).client(1.01);
    const again = { seq: 1, ack: 1, payload: 100, ipId: 50 };
    const before = connectionOf(talk);
    talk.server(1.02, again).server(1.03, again);
    const connection = connectionOf(talk);
    expect(connection.copied).toBe(2);
    expect(connection.sides).toEqual(before.sides);
  });
});

describe('an RST', () => {
  it('leaves the marks of its sender as they were', () => {
    const talk = new Talk().handshake().client(1, { payload: 10 });
    talk.server(1.1, { flags: 'RST', ttl: 64, window: 0, sourceMac: '02:00:00:00:00:ff' });
    const { ttl, mac, window, segments } = connectionOf(talk).sides[SERVER];
    expect({ ttl, mac, window, segments }).toEqual({
      ttl: 63,
      mac: 0x02000000000a,
      window: 64240,
      segments: 2,
    });
  });
});
