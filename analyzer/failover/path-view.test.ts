import { describe, expect, it } from 'vitest';
import { HTTP_GET, judge, Talk, type TalkOptions } from '../test-frames.ts';
import type { PathView } from './path-view.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const OTHER = '10.0.0.1 40001';

/** Hears its last at 1.1 s, acknowledges it at 1.11 s, and is owed 9,000 bytes. */
const downloading = (options: TalkOptions = {}): Talk =>
  new Talk(options)
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11);
/** A keepalive probe of the client. */
const probe = { seq: HTTP_GET.length, flags: 'ACK' };

/** The path as the first flow's main stall shows it: times in seconds, flows by index. */
function pathOf(until: number, ...talks: Talk[]) {
  const path = judge(talks, { until })[0]?.case.stalls.at(-1)?.path as PathView;
  const { lost, back, downAt, othersHeard } = path;
  return {
    lost: lost === null ? null : lost.time / 1e9,
    back: back === null ? null : `${back.by} ${back.flow.index} at ${back.time / 1e9}`,
    downAt: downAt === null ? null : downAt.time / 1e9,
    othersHeard: othersHeard === null ? null : `${othersHeard.flow.index} at ${othersHeard.time / 1e9}`,
  };
}

describe('the path during a stall', () => {
  it('is lost from when the far side was last heard', () => {
    expect(pathOf(40, downloading())).toEqual({ lost: 1.1, back: null, downAt: null, othersHeard: null });
  });

  it('is back by the latest with the data that ended it', () => {
    expect(pathOf(40, downloading().server(20, { payload: 9000 }).client(20.01))).toEqual({
      lost: 1.1,
      back: 'own-data 0 at 20',
      downAt: null,
      othersHeard: null,
    });
  });

  it('is back when a probe was answered', () => {
    const talk = downloading().client(5, probe).client(15, probe).server(15.02);
    expect(pathOf(40, talk)).toEqual({
      lost: 1.1,
      back: 'answered-probe 0 at 15.02',
      downAt: null,
      othersHeard: null,
    });
    expect(pathOf(40, talk.client(30, probe)).back).toBeNull();
  });

  it('is back when another flow is heard', () => {
    const other = new Talk({ client: OTHER }).handshake(12);
    expect(pathOf(40, downloading(), other)).toEqual({
      lost: 1.1,
      back: 'other-flow 1 at 12.02',
      downAt: null,
      othersHeard: '1 at 12.02',
    });
  });

  it('was never lost while others were heard throughout', () => {
    const other = new Talk({ client: OTHER }).handshake(0.5);
    for (let t = 1; t < 30; t += 0.5) other.server(t, { payload: 100 });
    expect(pathOf(40, downloading(), other)).toEqual({
      lost: null,
      back: null,
      downAt: null,
      othersHeard: '1 at 29.5',
    });
  });

  it('was down when a new connection’s SYN went unanswered, up to the first proof that it works', () => {
    const syn = new Talk({ client: OTHER }).client(3, { flags: 'SYN' });
    syn
      .client(4, { seq: 0, flags: 'SYN' })
      .client(6, { seq: 0, flags: 'SYN' })
      .server(6.02, { flags: 'SYN ACK' });
    expect(pathOf(40, downloading(), syn.client(6.03))).toEqual({
      lost: 1.1,
      back: 'other-flow 1 at 6.02',
      downAt: 4,
      othersHeard: '1 at 6.02',
    });
  });

  it('is not judged by a SYN whose answer may still come', () => {
    const syn = new Talk({ client: OTHER }).client(3, { flags: 'SYN' });
    expect([pathOf(3.9, downloading(), syn).downAt, pathOf(4, downloading(), syn).downAt]).toEqual([null, 3]);
  });

  it('is not judged by a flow’s own SYNs', () => {
    const syn = new Talk().client(3, { flags: 'SYN' }).client(4, { seq: 0, flags: 'SYN' });
    expect(pathOf(30, syn).downAt).toBeNull();
  });
});
