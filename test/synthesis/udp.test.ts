/**
 * QUIC across a failover, as one capture shows it and as several do, and
 * what only looks like a victim. Every report is held against the contract.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { millis as ms, seconds as s } from '../../packet/time.ts';
import { checkReport } from '../report-shape.ts';
import { fates, onlyFlow, UdpIncident, type UdpWay } from './udp.ts';

const ALL = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'];
/** It leaves the client, and nobody else sees it. */
const LOST: UdpWay = { to: 'client' };
const A: UdpWay = { node: 'a', outerPort: 41_000 };
const B: UdpWay = { node: 'b', outerPort: 41_000 };
/** The new node's mapping has another port. */
const MOVED: UdpWay = { node: 'b', outerPort: 61_234 };

function diagnose(incident: UdpIncident, vantages: readonly string[], until = s(120), options = {}): Report {
  const report = incident.diagnose(vantages, { until, ...options });
  expect(checkReport(report)).toEqual([]);
  return report;
}
const said = (...args: Parameters<typeof diagnose>): string[] => fates(diagnose(...args));

describe('QUIC, one capture', () => {
  /** Talks each second until 4 s, then its path is gone and it probes in vain. */
  function silent(tries = 6): UdpIncident {
    const incident = new UdpIncident();
    const quic = incident.quic().opens(0);
    for (let k = 1; k < 5; k++) quic.asks(s(k));
    quic.sends(s(5.5), 90, LOST).probes(s(5.5), tries, ms(500), LOST);
    return incident;
  }

  test('silence, waits that double, idle death: hung', () => {
    const flow = onlyFlow(diagnose(silent(), ['client']));
    expect(flow).toMatchObject({ protocol: 'udp', outcome: 'hung', cause: null });
    expect(flow.candidates.slice(0, 3)).toEqual(['path-not-restored', 'udp-mapping', 'stale-path']);
    const texts = flow.claims.map((c) => c.text);
    expect(texts).toContain('the client sends 7 times, unanswered');
    expect(texts.some((t) => t.startsWith('the waits double: 2.00 s, 4.00 s, 8.00 s, 16.00 s'))).toBe(true);
    expect(texts.some((t) => t.includes('given up in silence'))).toBe(true);
    expect(flow.stalls[0]).toMatchObject({ duration: 114.5, censored: false, nextRetry: null });
  });

  test('a capture that ends before the next probe says when that is due', () => {
    const flow = onlyFlow(diagnose(silent(4), ['client'], s(15)));
    expect(flow.stalls[0]).toMatchObject({ censored: true, end: null });
    // The last wait was 4 s, to 13.0 s: the next one is 8 s.
    expect(BigInt(flow.stalls[0]?.nextRetry as string) - BigInt(flow.start)).toBe(21_000_000_000n);
  });

  test('went on at a probe: resumed, for one of three reasons that look alike', () => {
    const incident = silent(4);
    expect(said(incident, ['client'])).toEqual(['hung, cause open']);
    const quic = new UdpIncident();
    const talk = quic.quic().opens(0).asks(s(1));
    const last = talk.sends(s(5.5), 90, LOST).probes(s(5.5), 4, ms(500), LOST);
    talk.asks(last + s(8), B).asks(last + s(9), B);
    const flow = onlyFlow(diagnose(quic, ['client']));
    expect(flow).toMatchObject({ outcome: 'resumed', cause: null });
    expect(flow.candidates.slice(0, 3)).toEqual(['outage', 'rto-backoff', 'udp-mapping']);
  });

  test('a path that was back within half a second of the probe: the outage', () => {
    const incident = new UdpIncident();
    const quic = incident.quic().opens(0).asks(s(1));
    quic.sends(s(2.5), 90, LOST);
    for (const t of [2.7, 3.1, 3.5, 3.9]) quic.sends(s(t), 30, LOST);
    quic.asks(s(4.3), B);
    expect(said(incident, ['client'])).toEqual(['resumed by outage']);
  });

  test('a new connection to the same server: the old one was given up', () => {
    const incident = silent();
    incident.quic({ clientPort: 41_001, seed: 5 }).opens(s(50));
    expect(onlyFlow(diagnose(incident, ['client']))).toMatchObject({
      outcome: 'gave-up',
      stalls: [{ duration: 44.5 }],
    });
  });

  test('an Initial that is answered late, or never', () => {
    const incident = new UdpIncident();
    incident.quic({ clientPort: 42_000, seed: 7 }).opens(0);
    const late = incident.quic({ seed: 8 });
    for (const t of [5, 6, 8, 12]) late.initial(s(t), LOST);
    late.opens(s(20));
    const never = incident.quic({ clientPort: 43_000, seed: 9 });
    for (const t of [30, 31, 33, 37]) never.initial(s(t), LOST);
    expect(said(incident, ['client'])).toEqual(['connect-delayed, cause open', 'not-connected, cause open']);
  });

  test('a bulk download that stops is seen from the server, not from the client that only listens', () => {
    const incident = new UdpIncident();
    const quic = incident.quic().opens(0, A).asks(s(1), A);
    for (let k = 0; k < 1000; k++) {
      quic.replies(s(1.1) + ms(2) * k, 1200, A);
      if (k % 2 === 1) quic.sends(s(1.1) + ms(2) * k + ms(12), 35, A);
    }
    quic.probes(s(3.2), 7, ms(300), { ...A, to: 'server' }, 'server');
    expect(said(incident, ['client'])).toEqual([]);
    const flow = onlyFlow(diagnose(incident, ['server']));
    expect(flow).toMatchObject({
      outcome: 'hung',
      cause: null,
      stalls: [{ waiting: 'server', owedBy: 'client' }],
    });
  });
});

describe('QUIC, what is no victim', () => {
  test('a connection that idles, is used again, is kept alive, and is closed', () => {
    const incident = new UdpIncident();
    const quic = incident.quic().opens(0, A);
    for (const t of [1, 2, 40, 100, 115, 130, 145]) quic.asks(s(t), A);
    quic.sends(s(170), 40, A);
    for (const vantages of [['client'], ['server'], ['node-a.out'], ALL]) {
      expect(said(incident, vantages, s(600))).toEqual([]);
    }
  });

  test('a bulk flow that runs', () => {
    const incident = new UdpIncident();
    const quic = incident.quic().opens(0);
    for (let k = 0; k < 3000; k++) {
      quic.replies(s(1) + ms(2) * k, 1200);
      if (k % 2 === 1) quic.sends(s(1) + ms(2) * k + ms(12), 35);
    }
    for (const vantages of [['client'], ['server'], ['node-a.in', 'node-a.out']]) {
      expect(said(incident, vantages)).toEqual([]);
    }
  });

  test('a new port after a rest, as NATs give it', () => {
    const incident = new UdpIncident();
    incident
      .quic()
      .opens(0, A)
      .asks(s(1), A)
      .asks(s(100), { ...A, outerPort: 50_505 })
      .asks(s(101), { ...A, outerPort: 50_505 });
    for (const vantages of [['server'], ['node-a.out'], ALL]) expect(said(incident, vantages)).toEqual([]);
  });

  test('an Initial to a server that nobody ever heard: a blocked port looks the same', () => {
    const incident = new UdpIncident();
    for (const t of [1, 2, 4, 8]) incident.quic().initial(s(t), LOST);
    expect(said(incident, ['client'])).toEqual([]);
  });

  test('one direction alone', () => {
    const incident = new UdpIncident();
    const quic = incident.quic().initial(0);
    for (let k = 1; k < 30; k++) quic.sends(s(k), 60);
    expect(said(incident, ['client'])).toEqual([]);
  });
});

describe.each([
  ['IPv4', {}],
  ['IPv6', { client: 'fd00:1::10', server: 'fd00:2::10' }],
])('QUIC, several captures, %s', (_, ends) => {
  test('goes on from another port of the new node: the mapping was lost, and rebuilt', () => {
    const incident = new UdpIncident();
    const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
    quic.sends(s(5.5), 90, LOST).probes(s(5.5), 4, ms(500), LOST);
    quic.asks(s(21), MOVED).asks(s(22), MOVED);
    const flow = onlyFlow(diagnose(incident, ALL));
    expect(flow).toMatchObject({
      outcome: 'resumed',
      cause: 'udp-mapping',
      confidence: 'high',
      path: 'translated',
    });
    expect(flow.translated?.map((t) => t.port)).toEqual([41_000, 61_234]);
    const texts = flow.claims.map((c) => c.text);
    expect(
      texts.some((t) => /^at node-a\.out the client's datagrams come from .*41000, to the silence/.test(t)),
    ).toBe(true);
    expect(
      texts.some((t) => /^at node-b\.out they come from .*61234, under the same connection ID/.test(t)),
    ).toBe(true);
    expect(said(incident, ['client', 'node-a.out', 'node-b.out'])).toEqual(['resumed by udp-mapping']);
    // Who sees only one of the two ports does not know the other.
    expect(said(incident, ['client', 'node-b.out'])).toEqual(['resumed, cause open']);
  });

  test('the same where each node was captured on both sides at once', () => {
    for (const [way, fate] of [
      [MOVED, 'resumed by udp-mapping'],
      [B, 'resumed, cause open'],
    ] as const) {
      const incident = new UdpIncident();
      const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
      quic.sends(s(5.5), 90, LOST).probes(s(5.5), 4, ms(500), LOST);
      quic.asks(s(21), way).asks(s(22), way);
      incident.join('node-a').join('node-b');
      expect(said(incident, ['client', 'node-a', 'node-b'])).toEqual([fate]);
      expect(said(incident, ['node-a', 'node-b'])).toEqual([]);
    }
  });

  test('with the same port nothing shows that the mapping was lost', () => {
    const incident = new UdpIncident();
    const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
    quic.sends(s(5.5), 90, LOST).probes(s(5.5), 4, ms(500), LOST);
    quic.asks(s(21), B).asks(s(22), B);
    expect(said(incident, ALL)).toEqual(['resumed, cause open']);
  });

  test('answers that stop at the new node: the mapping, shown', () => {
    const incident = new UdpIncident();
    const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
    quic.sends(s(5.5), 90, LOST).probes(s(5.5), 3, ms(500), LOST);
    for (const t of [13, 21, 29]) quic.sends(s(t), 30, B).replies(s(t) + ms(12), 30, { ...B, to: 'out' });
    const flow = onlyFlow(diagnose(incident, ALL));
    expect(flow).toMatchObject({ outcome: 'hung', cause: 'udp-mapping', confidence: 'high' });
    expect(said(incident, ['client'])).toEqual(['hung, cause open']);
  });

  test('a server that does not take the new port: its mapping; a server that does: its way back', () => {
    const to = (answered: boolean): UdpIncident => {
      const incident = new UdpIncident();
      const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
      quic.sends(s(5.5), 90, LOST).probes(s(5.5), 3, ms(500), LOST);
      for (const t of [13, 21, 29]) {
        quic.sends(s(t), 30, MOVED);
        if (answered) quic.replies(s(t) + ms(12), 30, { ...MOVED, to: 'server' });
      }
      return incident;
    };
    expect(said(to(false), ALL)).toEqual(['hung by udp-mapping']);
    expect(said(to(true), ALL)).toEqual(['hung, cause open']);
  });

  test('a download that waits at the new node for the client to speak', () => {
    const incident = new UdpIncident();
    const quic = incident.quic(ends).opens(0, A).asks(s(1), A);
    quic.probes(s(4), 3, ms(300), { ...A, to: 'server' }, 'server');
    quic.probes(s(6.1), 3, s(2), { ...A, node: 'b', to: 'out' }, 'server');
    quic
      .sends(s(25), 30, MOVED)
      .replies(s(25.012), 1200, MOVED)
      .sends(s(25.03), 35, MOVED)
      .asks(s(26), MOVED);
    expect(said(incident, ['server'])).toEqual(['resumed by udp-mapping']);
    const flow = onlyFlow(diagnose(incident, ALL));
    expect(flow).toMatchObject({ outcome: 'resumed', cause: 'udp-mapping', confidence: 'high' });
    expect(flow.stalls[0]).toMatchObject({ waiting: 'server', owedBy: 'client' });
  });
});
