import { describe, expect, it } from 'vitest';
import { HTTP_GET, judge, Talk } from '../test-frames.ts';
import { inferFailovers } from './inferred-failover.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const BODY = 1 + HEAD.length;
/** Hears its last at `at`; the server sends the body in vain, and a probe at `at` + 2 s is not answered. */
const downloading = (at: number, port = 40000): Talk =>
  new Talk({ client: `10.0.0.1 ${port}` })
    .handshake(at - 0.2)
    .client(at - 0.1, { payload: HTTP_GET })
    .server(at - 0.08)
    .server(at, { payload: HEAD })
    .client(at + 0.01)
    .server(at + 0.1, { payload: 9000, lost: true })
    .client(at + 2, { seq: HTTP_GET.length, flags: 'ACK' });
const resumed = (talk: Talk, at: number): Talk =>
  talk.server(at, { seq: BODY, payload: 9000 }).client(at + 0.01);

const failovers = (talks: Talk[], until?: number): string[] =>
  inferFailovers(judge(talks, until === undefined ? {} : { until })).map(
    ({ pathLost, pathRestored, flows }) =>
      `${pathLost / 1e9} to ${pathRestored === null ? 'on' : pathRestored / 1e9}: ${flows.map((f) => f.case.flow.index).join(' ')}`,
  );

describe('inferFailovers', () => {
  it('dates the loss by the last that was heard, and the return by the first proof', () => {
    expect(failovers([resumed(downloading(1), 20)])).toEqual(['1 to 20: 0']);
    expect(failovers([downloading(1)], 60)).toEqual(['1 to on: 0']);
  });

  it('knows one failover for all flows that it hit', () => {
    const three = [
      resumed(downloading(1), 20),
      resumed(downloading(1.2, 40001), 25),
      downloading(1.5, 40002),
    ];
    expect(failovers(three, 60)).toEqual(['1.5 to 20: 0 1 2']);
  });

  it('tells two failovers apart', () => {
    const two = [resumed(downloading(1), 20), resumed(downloading(50, 40001), 70)];
    expect(failovers(two, 90)).toEqual(['1 to 20: 0', '50 to 70: 1']);
  });

  it('knows none where nothing stalled, nobody tried, or the stall has another cause', () => {
    const done = new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.1, { payload: HEAD });
    expect(failovers([done.server(1.2, { payload: 9000 }).client(1.21)], 60)).toEqual([]);
    const quiet = new Talk()
      .handshake()
      .client(1, { payload: HTTP_GET })
      .server(1.1, { payload: HEAD })
      .client(1.11);
    expect(failovers([quiet], 60)).toEqual([]);
    expect(failovers([quiet.client(1.2, { window: 0 })], 60)).toEqual([]);
  });

  it('takes the first SYN for the loss, where a connection was opened in the outage', () => {
    const syn = { flags: 'SYN', seq: 0 };
    const talk = new Talk()
      .client(0.5, syn)
      .client(1.5, syn)
      .client(3.5, syn)
      .server(3.52, { flags: 'SYN ACK' });
    expect(failovers([talk.client(3.53)])).toEqual(['0.5 to 3.52: 0']);
  });

  it('knows none by one request that nobody acknowledged and nobody repeated', () => {
    // Polled: each request acknowledges the answer before, and this one's answer is late.
    const polled = new Talk()
      .handshake()
      .client(1, { payload: 'poll' })
      .server(1.1, { payload: 'answer' })
      .client(2.1, { payload: 'poll' })
      .server(5.8, { payload: 'answer' })
      .client(6.8, { payload: 'poll' })
      .server(6.9, { payload: 'answer' });
    expect(failovers([polled], 20)).toEqual([]);
    const repeated = new Talk()
      .handshake()
      .client(1, { payload: 'poll' })
      .server(1.1, { payload: 'answer' })
      .client(1.9, { payload: 'poll' });
    for (const at of [2.2, 2.8, 4]) repeated.client(at, { payload: 'poll', seq: 5 });
    repeated.server(6.6, { payload: 'answer' }).client(6.61);
    expect(failovers([repeated], 20)).toEqual(['1.1 to 6.6: 0']);
  });

  it('knows none by what the captures end in the middle of', () => {
    const other = new Talk({ client: '10.0.0.1 40001' }).handshake(0);
    for (let at = 1; at < 9; at += 0.5) other.client(at, { payload: 'x' }).server(at + 0.02);
    const cut = new Talk().handshake(0).client(7.4, { payload: HTTP_GET });
    expect(failovers([cut, other], 8.6)).toEqual([]);
  });

  it('knows none where others passed all the while, and what held this one up is not known', () => {
    const lossy = resumed(downloading(1), 6);
    const other = new Talk({ client: '10.0.0.1 40001' }).handshake(0);
    for (let at = 0.5; at < 9; at += 0.5) {
      other.client(at, { payload: 'x' }).server(at + 0.02, { payload: 'y' });
    }
    expect(failovers([lossy])).toEqual(['1 to 6: 0']);
    expect(failovers([lossy, other])).toEqual([]);
  });
});
