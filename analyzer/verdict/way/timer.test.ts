import { describe, expect, it } from 'vitest';
import { ASKED, BODY, lost, opened, outBecause, PROBE, said, verdictOn } from '../../test-stories.ts';

const fin = (at: number) =>
  lost()
    .client(at, { flags: 'FIN ACK', to: 'client' })
    .client(at + 0.5, { flags: 'FIN ACK', seq: ASKED, to: 'client' });

describe('who closes before the path is back', () => {
  it('has its timer as the cause', () => {
    expect(said([fin(3.5), opened({ port: 42_000, at: 8 })])).toBe('gave-up client-timeout');
  });

  it('or its keepalive, where probes went before', () => {
    const t = [2, 3, 4, 5, 6].reduce((trip, at) => trip.client(at, { ...PROBE, to: 'client' }), lost());
    const closed = t.client(7, { flags: 'RST ACK', to: 'client' });
    expect(said([closed, opened({ port: 42_000, at: 9 })])).toBe('gave-up keepalive-expired');
  });

  it('its keepalive, however short the last probe had to wait', () => {
    const times = [2, 2.9, 3.8, 4.7, 5.6];
    const t = times.reduce((trip, at) => trip.client(at, { ...PROBE, to: 'client' }), lost());
    const closed = t.client(6.5, { flags: 'RST ACK', to: 'client' });
    expect(said([closed, opened({ port: 42_000, at: 9 })])).toBe('gave-up keepalive-expired');
  });

  it('has never met the new node: its faults are out', () => {
    const flow = verdictOn([fin(3.5), opened({ port: 42_000, at: 8 })]);
    for (const cause of ['no-state-drop', 'no-state-reject', 'terminated-proxy'] as const) {
      expect(outBecause(flow, cause)).toContain('nothing of it had reached the new node');
    }
  });

  it('is told by the first sign of the new node', () => {
    const { claims } = verdictOn([fin(3.5), opened({ port: 42_000, at: 8 })]);
    expect(claims.map((c) => c.text)).toContain(
      'the first sign of node-b came 4.50 s after the client had closed',
    );
  });
});

describe('who closes after a segment had come to the new node', () => {
  it('has the node as the cause, its timer as what contributed', () => {
    const t = lost().client(2.5, { ...PROBE, to: 'b.in' });
    t.client(3.5, { flags: 'FIN ACK', to: 'b.in' }).client(4, { flags: 'FIN ACK', seq: ASKED, to: 'b.in' });
    const flow = verdictOn([t, opened({ port: 42_000, at: 2.2 })]);
    expect([flow.outcome, flow.cause, flow.contributing]).toEqual([
      'gave-up',
      'no-state-drop',
      ['client-timeout'],
    ]);
    expect(outBecause(flow, 'client-timeout')).toContain("the node's fault comes first");
  });

  it('may have its timer, where one side of the node was captured: nobody knows what it did with the segment', () => {
    const t = lost().server(5.7, BODY).client(5.71, { flags: 'RST' });
    const flow = verdictOn([t, opened({ port: 42_000, at: 8 })], { places: ['b.out', 'server'] });
    expect([flow.outcome, flow.candidates]).toEqual(['gave-up', expect.arrayContaining(['client-timeout'])]);
  });
});

describe('a peer whose ladder ended in the outage', () => {
  const silent = (last: number) =>
    [5.7, 10.5].filter((at) => at < last).reduce((t, at) => t.server(at, { ...BODY, to: 'server' }), lost());

  it('had given up, where the next try was due long ago', () => {
    expect(said([silent(11), opened({ port: 42_000, at: 12 })])).toBe('hung peer-gave-up');
  });

  it('is not said to have, where the next try is due only later', () => {
    expect(said([silent(11), opened({ port: 42_000, at: 35 })])).not.toContain('peer-gave-up');
  });
});
