import { describe, expect, it } from 'vitest';
import { MAC, type Place, type Step } from '../../test-path.ts';
import {
  ANSWER,
  BODY,
  lost,
  opened,
  outBecause,
  PROBE,
  refused,
  rungs,
  said,
  verdictOn,
} from '../../test-stories.ts';

/** The client's probes pass B and are answered through it. */
const probing = (t = lost(), times: readonly number[] = [5, 6, 7]) =>
  times.reduce((trip, at) => trip.client(at, PROBE).server(at + 0.001, ANSWER), t);

describe('path-not-restored', () => {
  const never = () => rungs(lost(), 'server').client(4, { ...PROBE, to: 'client' });

  it('is what both ends send and no node takes in, to the end', () => {
    expect(said([never()])).toBe('hung path-not-restored');
    const texts = verdictOn([never()]).claims.map((c) => c.text);
    expect(texts).toContain('the server sent 7 segments');
    expect(texts).toContain('they came to neither node-a nor node-b');
  });

  it('is not told where one of the nodes was not captured', () => {
    expect(verdictOn([never()], { places: ['client', 'a.in', 'a.out', 'server'] }).cause).toBeNull();
  });

  it('is not told where nobody saw the client: it may have left meanwhile', () => {
    const flow = verdictOn([never()], { places: ['a.in', 'a.out', 'b.in', 'b.out', 'server'] });
    expect([flow.cause, flow.candidates]).toEqual([null, expect.arrayContaining(['path-not-restored'])]);
  });

  it('is out once a segment came to the new node', () => {
    expect(outBecause(verdictOn([rungs(lost(), 'b.out')]), 'path-not-restored')).toContain('came to node-b');
  });
});

describe('stale-path', () => {
  it('is what comes to the new node’s link and to the old one’s MAC', () => {
    const stray: Step = { ...BODY, to: 'b.out', destinationMac: MAC['a.out'] };
    const t = lost().server(5.7, stray).server(10.5, stray);
    expect(said([t, opened({ port: 42_000 })])).toBe('hung stale-path');
  });

  it('is out where the node passes on segments of the connection', () => {
    expect(outBecause(verdictOn([probing()]), 'stale-path')).toContain('they were steered to it');
  });
});

describe('one-way-path', () => {
  const oneWay = (to: Place) =>
    [5, 6, 7].reduce((t, at) => t.client(at, PROBE).server(at + 0.001, { ...ANSWER, via: 'a', to }), lost());

  it('is one direction that passes the new node while the other still comes to the old one', () => {
    expect(said([oneWay('a.out')])).toBe('hung one-way-path');
    const texts = verdictOn([oneWay('a.out')]).claims.map((c) => c.text);
    expect(texts).toContain('node-b passed on 3 segments of the client');
    expect(texts).toContain('after that 3 segments of the server still came to node-a');
    expect(texts).toContain('nothing of the server came to node-b');
  });

  it('or comes to no node at all', () => {
    expect(said([oneWay('server')])).toBe('hung one-way-path');
  });

  it('is out where both pass', () => {
    expect(outBecause(verdictOn([probing()]), 'one-way-path')).toBe('both directions pass node-b');
  });
});

describe('pmtu-black-hole', () => {
  const big = (payload: number, to: Place, options = {}) =>
    [5, 6, 7].reduce(
      (t, at) =>
        t
          .client(at, PROBE)
          .server(at + 0.001, ANSWER)
          .server(at + 0.5, { ...BODY, payload, to }),
      lost(options),
    );

  it('is what is large and does not leave the new node, among small ones that do', () => {
    expect(said([big(1448, 'b.out')])).toBe('hung pmtu-black-hole');
    expect(verdictOn([big(1448, 'b.out')]).confidence).toBe('high');
  });

  it('or gets lost behind it', () => {
    expect(said([big(1448, 'b.in')])).toBe('hung pmtu-black-hole');
  });

  it('is not shown by segments that fit any path', () => {
    const flow = verdictOn([big(300, 'b.out')]);
    expect([flow.cause, flow.confidence]).not.toEqual(['pmtu-black-hole', 'high']);
  });

  it('is possible where another connection meets one, and of this one nothing small was sent', () => {
    const silent = rungs(lost(), 'b.out');
    expect(said([silent])).toBe('hung no-state-drop');
    const flow = verdictOn([
      silent,
      big(1448, 'b.out', { client: '10.1.0.10 41000', isn: [41_000, 91_000], ticks: 9_000 }),
    ]);
    expect(flow.cause).toBeNull();
    expect(flow.candidates).toEqual(expect.arrayContaining(['no-state-drop', 'pmtu-black-hole']));
  });

  it('is not shown where one as large got through', () => {
    const t = big(1448, 'b.out').server(8, { ...BODY, seq: BODY.seq! + 1448, payload: 1448 });
    expect(verdictOn([t]).confidence).not.toBe('high');
  });
});

describe('peer-gave-up', () => {
  it('is an RST that the server sent itself, and B passed on', () => {
    const t = lost()
      .client(5, PROBE)
      .server(5.001, { ...ANSWER, flags: 'RST' });
    expect(said([t])).toBe('reset peer-gave-up');
    const claim = verdictOn([t]).claims.find((c) => c.text === 'the server itself sent the RST');
    expect(claim?.frames).toEqual([{ capture: 'c6', frame: 13 }]);
  });

  it('is out where a node made the RST', () => {
    const t = lost()
      .client(5, { ...PROBE, to: 'b.in' })
      .server(5.0001, { ...ANSWER, from: 'b.in', flags: 'RST' });
    expect(outBecause(verdictOn([t]), 'peer-gave-up')).toBe('a node made the RST, the peer did not');
  });
});

describe('cloud-flow-pinned', () => {
  it('is an old connection of which nothing comes to B, while new ones pass it', () => {
    const t = rungs(lost(), 'server');
    expect(said([t, opened({ port: 42_000, at: 4 })])).toBe('hung cloud-flow-pinned');
    expect(verdictOn([t]).cause).not.toBe('cloud-flow-pinned');
  });
});

describe('reverse-path-check', () => {
  it('is an answer that is kept to a SYN that was passed on', () => {
    const answerKept = [42_000, 42_001].map((port) => refused({ port }, 'server'));
    expect(said([rungs(lost(), 'b.out'), ...answerKept])).toBe('hung reverse-path-check');
  });
});

describe('policy-mismatch', () => {
  const old = () => rungs(lost(), 'b.out');
  const others = () => [42_002, 42_003].map((port) => opened({ port, service: 443 }));

  it('is new connections to one port that are kept, among others that pass', () => {
    const same = [42_000, 42_001].map((port) => refused({ port }));
    expect(said([old(), ...same, ...others()])).toBe('hung policy-mismatch');
  });

  it('is out where new ones to that port pass', () => {
    const flow = verdictOn([old(), opened({ port: 42_000 }), ...others()]);
    expect(outBecause(flow, 'policy-mismatch')).toBe('new connections to port 80 pass node-b');
  });
});

describe('sequence-offset-lost', () => {
  const shift = [700_000_000, 1_000_000_000] as const;

  it('is an old node that shifted the numbers, and a new one that does not', () => {
    const t = probing(lost({ shift, shifting: ['a'] }));
    expect(said([t])).toBe('hung sequence-offset-lost');
    expect(verdictOn([t]).claims.map((c) => c.text)).toContain(
      'node-a shifted the sequence numbers of the connection by 700,000,000',
    );
  });

  it('is out where both shift them, and where neither does', () => {
    expect(outBecause(verdictOn([probing(lost({ shift }))]), 'sequence-offset-lost')).toBe(
      'node-b shifts sequence numbers as well',
    );
    expect(outBecause(verdictOn([probing()]), 'sequence-offset-lost')).toBe(
      'the gateway does not shift sequence numbers',
    );
  });
});
