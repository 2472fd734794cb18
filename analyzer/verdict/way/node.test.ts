import { describe, expect, it } from 'vitest';
import { epoch } from '../../test-frames.ts';
import type { Step, Trip } from '../../test-path.ts';
import {
  ANSWER,
  ASKED,
  BODY,
  download,
  HEARD,
  lost,
  old,
  opened,
  outBecause,
  PROBE,
  refused,
  rungs,
  said,
  verdictOn,
} from '../../test-stories.ts';

const KEPT_IN: Step = { ...PROBE, to: 'b.in' };
const RST_TO_CLIENT: Step = { from: 'b.in', flags: 'RST', seq: HEARD };
const RST_TO_SERVER: Step = { from: 'b.out', flags: 'RST', seq: ASKED };
/** Both nodes translate the client to the same address and port. */
const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 61000' };

const kept = () => rungs(lost(), 'b.out');

describe('no-state-drop', () => {
  it('is what comes to the new node and does not leave it', () => {
    expect(said([kept()])).toBe('hung no-state-drop');
    expect(said([kept(), opened({ port: 42_000 })])).toBe('hung no-state-drop');
  });

  it('cites what came, and the coverage by which nothing left', () => {
    const { claims, confidence } = verdictOn([kept()]);
    const [came, left] = claims.slice(-3);
    expect(came).toMatchObject({
      kind: 'observed',
      text: '3 segments of the server came to node-b on its outer side',
      frames: [1, 2, 3].map((frame) => ({ capture: 'c5', frame })),
    });
    expect(left).toMatchObject({
      kind: 'absent',
      coverage: { from: epoch(5.7).toString(), why: 'the inner side of node-b was captured' },
    });
    // A rule without state would drop the same: the node's table is in no capture.
    expect(confidence).toBe('medium');
  });

  it('is not told where the node passes on what the other end sends', () => {
    const flow = verdictOn([kept().client(20, PROBE).client(30, PROBE)]);
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toContain('no-state-drop');
  });

  it('is not told without a capture of the node’s other side', () => {
    const flow = verdictOn([kept()], { places: ['client', 'a.in', 'a.out', 'b.out', 'server'] });
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toContain('no-state-drop');
  });

  it('is not told where connections that need no state fare the same', () => {
    const flow = verdictOn([kept(), refused({ port: 42_000 }), refused({ port: 42_001 })]);
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toContain('no-state-drop');
  });

  it('comes before the timer that ended the wait, once a segment had come to the node', () => {
    const t = [2, 3, 4, 5, 6].reduce((trip, at) => trip.client(at, KEPT_IN), lost());
    const flow = verdictOn([
      t.client(7, { flags: 'RST ACK', to: 'b.in' }),
      opened({ port: 42_000, at: 1.9 }),
    ]);
    expect([flow.outcome, flow.cause, flow.contributing]).toEqual([
      'gave-up',
      'no-state-drop',
      ['keepalive-expired'],
    ]);
  });

  it('is out where the node passes on both directions', () => {
    const t = lost().client(5, PROBE).server(5.001, ANSWER).client(12, PROBE).server(12.001, ANSWER);
    expect(outBecause(verdictOn([t]), 'no-state-drop')).toBe(
      'node-b passed on what came to it, in both directions',
    );
  });
});

describe('no-state-reject', () => {
  it('is an RST that the new node makes in the server’s name', () => {
    expect(said([lost().client(5, KEPT_IN).server(5.0001, RST_TO_CLIENT)])).toBe('reset no-state-reject');
  });

  it('is none that the server itself sent: then the peer had given up', () => {
    const t = lost().client(5, PROBE).server(5.001, { flags: 'RST', seq: HEARD });
    expect(said([t])).toBe('reset peer-gave-up');
    expect(verdictOn([t]).ruledOut.map((r) => r.cause)).toContain('no-state-drop');
  });
});

describe('out-of-window', () => {
  /** The client heard 8,000 bytes whose acknowledgements were lost with A; the server repeats the first thousand. */
  const repeated = (ackedOnly: boolean): Trip => {
    const t = download()
      .through('a')
      .server(1.2, { ...BODY, payload: ackedOnly ? 1000 : 8000 });
    t.client(1.201, { to: 'a.in' }).through('b');
    for (const at of [5.7, 10.5, 20.1]) t.server(at, BODY).client(at + 0.001, { to: 'b.in' });
    return t;
  };

  it('is the likeliest where the node passes on repeats and keeps acknowledgements of more than came to it', () => {
    const flow = verdictOn([repeated(false)]);
    expect([flow.outcome, flow.cause]).toEqual(['hung', null]);
    expect(flow.candidates.slice(0, 3)).toEqual(['out-of-window', 'one-way-path', 'no-state-drop']);
    // Small segments are what it keeps, and the server shows that it has the connection.
    expect(outBecause(flow, 'pmtu-black-hole')).toBe(
      'node-b passed on full-sized segments, and kept small ones',
    );
    expect(outBecause(flow, 'peer-gave-up')).toContain('it still has the connection');
    expect(flow.splitBy[0]).toBe('state:node-b');
  });

  it('is less likely where what the node keeps acknowledges only what it passed on', () => {
    const flow = verdictOn([repeated(true)]);
    expect([flow.outcome, flow.cause]).toEqual(['hung', null]);
    expect(flow.candidates.slice(0, 2)).toEqual(['one-way-path', 'out-of-window']);
  });

  it('comes after one-way-path to who has the client’s capture only', () => {
    const flow = verdictOn([repeated(false)], { places: ['client'] });
    expect(flow.cause).toBeNull();
    expect(flow.candidates.slice(0, 2)).toEqual(['one-way-path', 'out-of-window']);
    expect(flow.candidates).toContain('pmtu-black-hole');
  });
});

describe('nat-mapping-lost', () => {
  it('is an RST to the server in the client’s name: the node took the translated address for its own', () => {
    const t = rungs(lost({ outside }), 'b.out', [5.7]).client(5.7001, RST_TO_SERVER);
    expect(said([t])).toBe('hung nat-mapping-lost');
    expect(verdictOn([t]).contributing).toContain('no-state-reject');
  });

  it('is what is sent to the translated address and not translated back', () => {
    expect(said([rungs(lost({ outside }), 'b.out')])).toBe('hung nat-mapping-lost');
  });

  it('is another tuple than before', () => {
    const t = lost({ outside: { ...outside, b: '10.2.0.1 63000' } })
      .client(5, PROBE)
      .client(12, PROBE);
    expect(said([t])).toBe('hung nat-mapping-lost');
    const texts = verdictOn([t]).claims.map((c) => c.text);
    expect(texts).toContain("node-a sent the client's segments as 10.2.0.1:61000");
    expect(texts).toContain('node-b sends them as 10.2.0.1:63000');
  });

  it('is out where nothing is translated', () => {
    expect(outBecause(verdictOn([kept()]), 'nat-mapping-lost')).toBe(
      'addresses and ports are the same on both sides of the gateway',
    );
  });
});

describe('snat-port-clash', () => {
  const moved = { ...outside, b: '10.2.0.1 63000' };
  const thief = () => opened({ port: 42_000, at: 4, outside: { b: '10.2.0.1 61000' } });

  it('is a port that another connection has at the new node', () => {
    const t = lost({ outside: moved }).client(5, PROBE).client(12, PROBE);
    expect(said([t, thief()])).toBe('hung snat-port-clash');
  });

  it('is so also where the node then passes on nothing', () => {
    const t = lost({ outside }).client(5, KEPT_IN).client(12, KEPT_IN);
    expect(said([t, thief()])).toBe('hung snat-port-clash');
  });

  it('is none where the port is free at the new node', () => {
    const t = lost({ outside: moved }).client(5, PROBE).client(12, PROBE);
    const flow = verdictOn([t, opened({ port: 42_000, at: 4 })]);
    expect(flow.cause).toBe('nat-mapping-lost');
    expect(outBecause(flow, 'snat-port-clash')).toBe(
      'the port that the old node had used is free at the new one',
    );
  });
});

describe('not-yet-synced', () => {
  it('is by age: the young were not known, the old ones were', () => {
    const young = [kept(), old({ port: 41_001, at: 0.2 }, 'kept')];
    const aged = [old({ port: 41_002, at: -20 }, 'carried'), old({ port: 41_003, at: -30 }, 'carried')];
    expect(said([...young, ...aged])).toBe('hung not-yet-synced');
    expect(verdictOn([...young, ...aged]).claims.at(-1)?.text).toContain('at most 1.1 s old');
  });

  it('is by port, where new connections to that port pass', () => {
    const known = [443, 22].map((service, i) => old({ port: 41_002 + i, service }, 'carried'));
    const same = [kept(), old({ port: 41_001 }, 'kept'), ...known];
    expect(said([...same, opened({ port: 42_000 })])).toBe('hung not-yet-synced');
    expect(verdictOn(same).cause).not.toBe('not-yet-synced');
  });

  it('is not told by two connections', () => {
    const two = [kept(), old({ port: 41_002, at: -20 }, 'carried')];
    expect(verdictOn(two).cause).toBe('no-state-drop');
  });
});

describe('state-not-committed', () => {
  const line = (at: number, event: string): string =>
    JSON.stringify({ time: epoch(at).toString(), node: 'node-b', event, entries: 12, took: 0.01 });
  const journals = (...lines: string[]) => ({ 'node-b.jsonl': lines.join('\n') });

  it('is a commit after the first segment had come, by the node’s journal', () => {
    const log = journals(line(0.5, 'state-received'), line(15, 'state-committed'));
    expect(said([kept()], { journals: log })).toBe('hung state-not-committed');
    const { claims } = verdictOn([kept()], { journals: log });
    expect(claims.flatMap((c) => c.journal ?? [])).toEqual([{ file: 'node-b.jsonl', line: 2 }]);
  });

  it('is out where the commit came first', () => {
    const log = journals(line(0.5, 'state-received'), line(4, 'state-committed'));
    const flow = verdictOn([kept()], { journals: log });
    // It may have known the connection, and have dropped it for another reason.
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toEqual(expect.arrayContaining(['no-state-drop', 'reverse-path-check']));
    expect(outBecause(flow, 'state-not-committed')).toContain('had committed the state before');
  });

  it('is not told by the journal of another node', () => {
    const other = [line(0.5, 'state-received'), line(15, 'state-committed')].map((l) =>
      l.replace('node-b', 'node-a'),
    );
    expect(verdictOn([kept()], { journals: { 'node-a.jsonl': other.join('\n') } }).cause).toBe(
      'no-state-drop',
    );
  });
});

describe('a node whose companion was not captured', () => {
  const places = ['client', 'b.in', 'b.out'] as const;
  const refusing = (t: Trip, at: number): Trip => rungs(t, 'b.out', [at]).client(at + 0.001, RST_TO_SERVER);

  it('refuses for want of state where some time lay between', () => {
    const flow = verdictOn([refusing(lost(), 5.7), opened({ port: 42_000 })], { places });
    expect(flow.cause).toBe('no-state-reject');
  });

  it('may be one of two in service where none did', () => {
    const flow = verdictOn([refusing(download(), 1.2), opened({ port: 42_000 })], { places });
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toEqual(expect.arrayContaining(['no-state-reject', 'split-brain']));
  });
});

describe('a capture that lost a few frames', () => {
  /** After the probe the download goes on, in many small segments. */
  const resumed = (): Trip => {
    const t = lost().client(5, PROBE).server(5.001, ANSWER).server(10.5, BODY).client(10.51);
    for (let i = 0; i < 400; i++) t.server(10.6 + i / 100, { payload: 20 }).client(10.602 + i / 100);
    return t;
  };
  const some = (at: number): boolean => at > 12 && at < 13 && Math.round(at * 1000) % 100 === 0;

  it('does not show that the node kept track of the window', () => {
    const flow = verdictOn([resumed()], { take: { misses: { 'b.in': some } } });
    expect([flow.outcome, flow.cause, flow.contributing]).toEqual(['resumed', null, []]);
    expect(flow.candidates).toContain('midstream-pickup');
  });
});
