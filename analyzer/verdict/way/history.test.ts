import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../../test-frames.ts';
import { Trip } from '../../test-path.ts';
import {
  BODY,
  download,
  HEARD,
  lost,
  old,
  opened,
  outBecause,
  rungs,
  said,
  verdictOn,
} from '../../test-stories.ts';

describe('split-brain', () => {
  it('is a path that changes hands without an outage', () => {
    const t = [1.2, 1.4, 3].reduce((trip, at) => trip.server(at, { ...BODY, to: 'b.out' }), download());
    expect(said([t, opened({ port: 42_000, at: 1.3 })])).toBe('hung split-brain');
  });

  it('is out where seconds lay between', () => {
    const because = outBecause(verdictOn([rungs(lost(), 'b.out')]), 'split-brain');
    expect(because).toMatch(/^4\.60 s lay between/);
  });
});

describe('whose frame shows a node in the path', () => {
  it('is said: here it is the connection itself', () => {
    const t = [1.2, 1.4, 3].reduce((trip, at) => trip.server(at, { ...BODY, to: 'b.out' }), download());
    const { claims } = verdictOn([t, opened({ port: 42_000, at: 1.3 })]);
    const from = (text: RegExp): unknown => claims.find((c) => text.test(c.text))?.shows?.from;
    expect(from(/^the last that node-a passed on/)).toBe('client');
    expect(from(/later the path led to node-b/)).toBe('server');
  });
});

describe('stale-failback', () => {
  /** Through B from 5.7 s to 8 s, then back to A, which keeps what comes. */
  const backTo = (t: Trip): Trip => {
    t.server(5.72, { payload: 2000 }).client(5.73).server(8, { payload: 2000 }).client(8.01).through('a');
    for (const at of [8.1, 8.4, 9]) t.server(at, { seq: HEARD + 5000, payload: 1000, to: 'server' });
    for (const at of [15, 20, 30]) t.server(at, { seq: HEARD + 5000, payload: 1000, to: 'a.out' });
    return t;
  };

  it('is the way back to a node that had the connection before', () => {
    const t = backTo(lost().server(5.7, BODY).client(5.71));
    expect(said([t])).toBe('hung stale-failback');
    expect(verdictOn([t]).claims.map((c) => c.text)).toContain(
      'for 2.31 s the connection went on through node-b',
    );
  });

  it('is out of the first takeover', () => {
    const because = outBecause(verdictOn([rungs(lost(), 'b.out')]), 'stale-failback');
    expect(because).toBe('node-b had not had the path before, as far as the captures reach');
  });

  it('is out for a connection that the node had never had', () => {
    const late = new Trip({ client: '10.1.0.10 40000' })
      .through('b')
      .handshake(6)
      .client(6.1, { payload: HTTP_GET });
    late
      .server(6.101)
      .server(6.2, { payload: 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n' })
      .client(6.201);
    const witness = backTo(old({ port: 41_000 }, 'carried'));
    for (const at of [8.2, 8.5]) late.server(at, { payload: 1000, seq: 42, to: 'server' });
    for (const at of [15, 20]) late.server(at, { payload: 1000, seq: 42, via: 'a', to: 'a.out' });
    expect(verdictOn([late, witness]).cause).not.toBe('stale-failback');
  });
});

describe('delayed-victim', () => {
  /** Idle from 0.3 s on; used again at 20 s. */
  const idle = (): Trip => {
    const t = new Trip().handshake(0).client(0.2, { payload: HTTP_GET });
    t.server(0.3, { payload: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' }).client(0.31).through('b');
    return t;
  };
  const again = { seq: 1 + HTTP_GET.length, payload: HTTP_GET, to: 'b.in' as const };

  it('is a connection that slept through the failover and is kept at its next use', () => {
    const t = [20, 20.3, 20.9, 22.1, 24.5].reduce((trip, at) => trip.client(at, again), idle());
    expect(said([t, old({ port: 41_001 }, 'carried')])).toBe('hung delayed-victim');
  });

  it('or refused', () => {
    const t = idle().client(20, again).server(20.0001, { from: 'b.in', flags: 'RST' });
    expect(said([t, old({ port: 41_001 }, 'carried')])).toBe('reset delayed-victim');
    expect(verdictOn([t, old({ port: 41_001 }, 'carried')]).endedBy?.who).toBe('new-node');
  });

  it('is out where data was sent while the path was gone', () => {
    const t = [3, 4, 5].reduce((trip, at) => trip.server(at, { payload: 500, to: 'server' }), idle());
    const used = [20, 20.3, 20.9, 22.1].reduce((trip, at) => trip.client(at, again), t);
    const flow = verdictOn([used, old({ port: 41_001 }, 'carried')]);
    expect(flow.cause).not.toBe('delayed-victim');
  });

  it('is out where bytes were outstanding', () => {
    expect(outBecause(verdictOn([rungs(lost(), 'b.out')]), 'delayed-victim')).toBe(
      'bytes were outstanding when the path was lost',
    );
  });
});

describe('torn-down-by-old-node', () => {
  it('is an RST that the old node made before the new one was in the path', () => {
    const t = download().server(1.15, { from: 'a.in', via: 'a', flags: 'RST', seq: HEARD });
    expect(said([t, opened({ port: 42_000 })])).toBe('reset torn-down-by-old-node');
    expect(verdictOn([t, opened({ port: 42_000 })]).endedBy?.who).toBe('old-node');
  });

  it('is out where it made none', () => {
    const t = lost().client(5, { seq: HTTP_GET.length, to: 'b.in' });
    t.server(5.0001, { from: 'b.in', flags: 'RST', seq: HEARD });
    expect(outBecause(verdictOn([t]), 'torn-down-by-old-node')).toBe('node-a sent no RST or FIN of its own');
  });
});
