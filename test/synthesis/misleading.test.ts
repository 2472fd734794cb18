/**
 * Captures in which something true hides something else: many harmless pauses
 * before the one that matters, a closed window before a dead path, a client
 * that aborts after a resume, a host that was never there. Each of them had
 * misled the diagnosis once.
 */
import { describe, expect, test } from 'vitest';
import { CAUSE_IDS } from '../../analyzer/index.ts';
import { millis as ms, seconds as s } from '../../packet/time.ts';
import { diagnose, flowOn, inWords } from './diagnosis.ts';
import { GET, okHead } from './messages.ts';
import { Network } from './network.ts';

describe('a failover after sixty ordinary pauses', () => {
  const pooled = (n: Network) => {
    const f = n.flow().handshake();
    for (let i = 0; i < 60; i++) {
      f.client.sends(200).server.acks().after(s(1.5)).server.sends(300).client.acks().after(ms(50));
    }
    return f.pathDown().client.sends(200).climbs(5);
  };

  test('that resumed', () => {
    const n = new Network();
    pooled(n)
      .after(ms(210) * 32)
      .pathUp()
      .client.retransmits()
      .server.sends(300)
      .client.acks();
    expect(inWords(diagnose(n))).toBe('resumed by rto-backoff, with a failover');
  });

  test('that the client gave up', () => {
    const n = new Network();
    pooled(n).after(s(3)).client.fin();
    expect(inWords(diagnose(n))).toMatch(/^gave-up/);
  });
});

describe('a window', () => {
  const full = (n: Network, window: number) =>
    n
      .flow()
      .handshake()
      .client.sends(GET)
      .server.streams(200_000, { push: false })
      .client.window(window)
      .acks();

  test('that is closed hides no dead path: the own keepalives went unanswered', () => {
    const n = new Network();
    full(n, 0).pathDown().probesEvery(s(5), 9, false).after(s(5)).rst();
    expect(inWords(diagnose(n))).toMatch(/^gave-up, cause open/);
  });

  test('that is merely small is not closed', () => {
    const n = new Network();
    full(n, 8).pathDown().probesEvery(s(5), 9, false);
    const report = diagnose(n, { until: s(90) });
    expect(inWords(report)).toMatch(/^hung, cause open/);
    expect(report.flows[0]?.claims.some((c) => c.text.includes('closed receive window'))).toBe(false);
  });

  test('that is closed where the capture ends leaves every cause accounted for', () => {
    const n = new Network();
    full(n, 0).after(s(2)).server.probes().client.acks();
    const flow = flowOn(diagnose(n, { until: s(20) }), diagnose(n).flows[0]!.client.port);
    expect([flow.outcome, flow.candidates[0]]).toEqual(['undecided', 'zero-window']);
    expect(flow.candidates.length + flow.ruledOut.length).toBe(CAUSE_IDS.length);
  });
});

test('a client that aborts after a resume was not cut short by the server', () => {
  const n = new Network({ snaplen: 512 });
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(400_000, { head: okHead(2_000_000), push: false });
  f.pathDown()
    .server.sends(14480, { push: false })
    .climbs(5)
    .after(ms(210) * 32)
    .pathUp()
    .retransmits()
    .client.acks();
  f.server.retransmitsAll().client.acks().server.streams(100_000).client.fin().server.fin().client.acks();
  expect(inWords(diagnose(n))).toMatch(/^resumed/);
});

test('a host that never answered is no failover, also beside a server that thinks', () => {
  const n = new Network();
  n.flow().handshake().client.sends(GET).server.acks().after(s(20)).server.sends(3000).client.acks();
  const dead = n.flow({ start: s(2), server: { address: '198.51.100.7' } });
  for (const wait of [1, 2, 4, 8]) dead.syn().lost().after(s(wait));
  const report = diagnose(n);
  expect(report.failovers).toEqual([]);
  expect(report.summary.byOutcome).toEqual({ unaffected: 1, 'not-connected': 1 });
});
