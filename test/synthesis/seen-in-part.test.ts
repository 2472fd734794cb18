/**
 * Captures that hold a part of the story: begun within the outage, of one direction only, or of one end to which the rest
 * of it does not show. What lies outside of them is not missing, and what they cannot show is not said.
 */
import { describe, expect, test } from 'vitest';
import { millis as ms, type Nanos, seconds as s } from '../../packet/time.ts';
import type { Conversation } from './conversation.ts';
import { diagnose, flowOn, inWords } from './diagnosis.ts';
import { GET, okHead } from './messages.ts';
import { Network, type SynthFrame } from './network.ts';

const since = (time: Nanos) => (frames: SynthFrame[]) => frames.filter((f) => f.time >= time);
const sentBy = (address: string) => (frames: SynthFrame[]) =>
  frames.filter((f) => `${f.bytes[26]}.${f.bytes[27]}.${f.bytes[28]}.${f.bytes[29]}` === address);

/** A download that an outage holds up, at its server: six rungs in vain, the seventh goes through. */
function heldUp(n: Network): Conversation {
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(200_000, { head: okHead(900_000), push: false });
  f.pathDown().server.sends(14_480, { push: false }).climbs(6);
  f.after(ms(210) * 64)
    .pathUp()
    .server.retransmits()
    .client.acks();
  return f.server.retransmitsAll().client.acks().server.streams(600_000);
}

/** Opened, and a request of it answered. */
const answered = (n: Network): Conversation =>
  n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.sends(`${okHead(2)}ok`)
    .client.acks();

test('a capture that begins in the outage lacks nothing: what is acknowledged then was sent before', () => {
  const n = new Network({ at: 'server', snaplen: 96 });
  heldUp(n);
  expect(inWords(diagnose(n))).toBe('resumed by rto-backoff, with a failover');
  expect(inWords(diagnose(n, { arrange: since(s(1)) }))).toBe('resumed by rto-backoff, with a failover');
});

describe('of one direction alone', () => {
  const pooled = (n: Network): Conversation =>
    answered(n)
      .after(s(40))
      .client.sends(GET)
      .server.sends(`${okHead(2)}ok`)
      .client.acks()
      .after(s(9))
      .client.fin();

  test.each(['10.1.0.10', '10.2.0.10'])(
    'a rest is no stall, and a close no giving up: what %s sent',
    (address) => {
      const n = new Network();
      pooled(n).server.fin().client.acks();
      const report = diagnose(n, { arrange: sentBy(address) });
      expect(report.flows[0]?.outcome).toBe('undecided');
      expect(report.flows[0]?.candidates).toContain('application-idle');
      expect(report.failovers).toEqual([]);
      expect(report.headline).not.toMatch(/mid-transfer/);
    },
  );

  test('a sender that repeats in vain still tells, and its last try was not in vain', () => {
    const n = new Network({ at: 'server', snaplen: 96 });
    heldUp(n).server.fin();
    const words = inWords(diagnose(n, { arrange: sentBy('10.2.0.10'), file: 'server.pcap' }));
    expect(words).toBe('resumed by rto-backoff, with a failover');
  });
});

test('a FIN at its own server has nothing before it that was lost', () => {
  const n = new Network({ at: 'server', snaplen: 96 });
  heldUp(n).server.fin().client.fin().server.acks();
  expect(inWords(diagnose(n, { arrange: since(s(1)) }))).toMatch(/^resumed/);
});

test('a probe that came through to a server without the connection was reset', () => {
  const n = new Network({ at: 'server', snaplen: 96 });
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(200_000, { head: okHead(900_000), push: false });
  f.server.sends(2896, { push: false });
  // Its acknowledgment went into the outage, so the probe is the first to bring it.
  f.pathDown('client').client.acks().pathDown().server.sends(14_480, { push: false }).climbs(4);
  f.after(s(20)).pathUp().client.probes().server.rst({ flags: 'RST' });
  const report = diagnose(n);
  expect(inWords(report)).toMatch(/^reset by peer-gave-up/);
});

describe('an idle connection whose next use is in vain for good', () => {
  const used = (n: Network): void => {
    answered(n).after(s(60)).pathDown().client.sends(GET).climbs(7);
  };

  test('may have been forgotten by a firewall: one alone shows no failover', () => {
    const n = new Network();
    used(n);
    const report = diagnose(n, { until: s(140) });
    expect(inWords(report)).toBe('hung, cause open');
    expect(report.flows[0]?.candidates[0]).toBe('delayed-victim');
  });

  test('two at once are a path that was lost', () => {
    const n = new Network();
    used(n);
    used(n);
    expect(diagnose(n, { until: s(140) }).failovers).toHaveLength(1);
  });
});

test('a request that went with the SYN was acknowledged with it: its server may think', () => {
  const n = new Network({ snaplen: 96 });
  const f = n.flow();
  f.client.syn().server.synAck();
  const request = new TextEncoder().encode(GET);
  f.hosts.client.next += request.length;
  f.hosts.server.received += request.length;
  const [syn, answer] = n.frames as [SynthFrame, SynthFrame];
  n.remove(syn);
  n.remove(answer);
  // As TCP Fast Open does it (RFC 7413): the request in the SYN, all of them acknowledged by the SYN-ACK.
  f.at(0).client.says({
    flags: 'SYN',
    seq: f.hosts.client.isn,
    ack: 0,
    payload: request,
  });
  f.after(ms(10)).server.says({ flags: 'SYN ACK', seq: f.hosts.server.isn, ipId: 0 });
  f.client
    .acks()
    .after(s(2))
    .server.sends(`${okHead(2)}ok`)
    .client.acks();
  const report = diagnose(n);
  expect(report.flows[0]?.candidates).toContain('application-idle');
  expect(report.failovers).toEqual([]);
});

describe('a path that loses one segment in three', () => {
  /** Every third segment is lost once; then one of them six times in a row, which is one chance in some dozens. */
  const lossy = (n: Network): Conversation => {
    const f = n.flow().handshake().client.sends(GET);
    for (let i = 0; i < 12; i++) {
      f.server.sends(1448).client.acks().server.sends(1448).client.acks().after(ms(70));
      f.server.sends(1448).lost().after(ms(210)).server.retransmits().client.acks().after(ms(70));
    }
    f.server.sends(1448).lost().climbs(4);
    f.after(ms(210) * 16)
      .server.retransmits()
      .client.acks();
    return f.server.sends(1448).client.acks();
  };

  test.each(['client', 'server'] as const)(
    'leaves loss among the causes, and shows no failover: at the %s',
    (at) => {
      const n = new Network({ at, snaplen: 96 });
      lossy(n);
      const report = diagnose(n);
      const flow = flowOn(report, 41_001);
      expect(report.failovers).toEqual([]);
      if (flow.outcome !== 'unaffected') expect(flow.candidates).toContain('loss');
    },
  );
});
