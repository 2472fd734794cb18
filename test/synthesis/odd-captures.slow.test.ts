/**
 * Captures as they come: cut, copied, reordered, with a clock that steps, taken
 * at other places and of other links; and whole populations of connections.
 */
import { expect, test } from 'vitest';
import { millis as ms, seconds as s } from '../../packet/time.ts';
import type { ConversationOptions } from './conversation.ts';
import { diagnose, flowOn, inWords } from './diagnosis.ts';
import { GET, okHead, tlsHello } from './messages.ts';
import { Network, type NetworkOptions, type SynthFrame } from './network.ts';

const said = (n: Network, o = {}) => {
  const r = diagnose(n, o);
  const f = r.flows[0];
  if (f === undefined) return 'no flows';
  return `${inWords(r)} | ${f.contributing.join()} | ${f.candidates.slice(0, 12).join(' ')}`;
};
const resumedDownload = (no: NetworkOptions = {}, o: ConversationOptions = {}) => {
  const n = new Network({ snaplen: 512, ...no });
  const f = n
    .flow(o)
    .handshake()
    .client.sends(GET)
    .server.streams(800_000, { head: okHead(2_000_000), push: false });
  f.pathDown()
    .server.sends(14480, { push: false })
    .after(ms(20))
    .retransmits('last')
    .climbs(5)
    .after(ms(210) * 32)
    .pathUp()
    .retransmits()
    .client.acks();
  f.server
    .retransmitsAll()
    .client.acks()
    .server.streams(2_000_000 - 800_000 - 14480)
    .server.fin()
    .client.fin()
    .server.acks();
  return n;
};
const plainDownload = (no: NetworkOptions = {}, o: ConversationOptions = {}) => {
  const n = new Network({ snaplen: 512, ...no });
  n.flow(o)
    .handshake()
    .client.sends(GET)
    .server.streams(800_000, { head: okHead(800_000) })
    .server.fin()
    .client.fin()
    .server.acks();
  return n;
};
for (const snaplen of [54, 60, 64, 66, 68, 74, 96, 262144]) {
  test(`snaplen ${snaplen} v4 resumed`, () =>
    expect(said(resumedDownload({ snaplen }))).toMatch(/^resumed by rto-backoff/));
  // Below 70 bytes not even the 16 bytes of an IPv6 segment that make a flow are left.
  if (snaplen >= 70)
    test(`snaplen ${snaplen} v6 resumed`, () =>
      expect(
        said(
          resumedDownload(
            { snaplen },
            { client: { address: '2001:db8::1' }, server: { address: '2001:db8::2' } },
          ),
        ),
      ).toMatch(/^resumed/));
  test(`snaplen ${snaplen} v4 plain`, () =>
    expect(said(plainDownload({ snaplen }))).toMatch(/^unaffected \|/));
}
const ways: Record<string, (f: SynthFrame[]) => SynthFrame[]> = {
  'SPAN duplicates (each frame twice, 3 us later)': (fs) =>
    fs.flatMap((f) => [f, { ...f, time: f.time + 3000 }]),
  'SPAN duplicates 200 us later, interleaved': (fs) =>
    fs.flatMap((f) => [f, { ...f, time: f.time + 200_000 }]).sort((a, b) => a.time - b.time),
  'neighbours swapped (reordering)': (fs) =>
    fs.map((f, i) => (i % 7 === 3 && fs[i + 1] !== undefined ? fs[i + 1]! : i % 7 === 4 ? fs[i - 1]! : f)),
  'clock steps back 2 s in the first quarter': (fs) =>
    fs.map((f, i) => (i < fs.length / 4 ? f : { ...f, time: f.time - 2e9 })),
  'clock steps forward 2 s in the first quarter': (fs) =>
    fs.map((f, i) => (i < fs.length / 4 ? f : { ...f, time: f.time + 2e9 })),
  'two interfaces in one pcapng, each frame on both': (fs) =>
    fs.flatMap((f) => [f, { ...f, device: 1, time: f.time + 20_000 }]).sort((a, b) => a.time - b.time),
};
for (const [name, arrange] of Object.entries(ways)) {
  const no = name.includes('pcapng') ? { devices: 2 } : {};
  test(`${name}: resumed`, () =>
    expect(said(resumedDownload(no), { arrange })).toMatch(/^resumed by rto-backoff/));
  test(`${name}: plain`, () => expect(said(plainDownload(no), { arrange })).toMatch(/^unaffected \|/));
  test(`${name}: v6 plain`, () =>
    expect(
      said(plainDownload(no, { client: { address: '2001:db8::1' }, server: { address: '2001:db8::2' } }), {
        arrange,
      }),
    ).toMatch(/^unaffected \|/));
  test(`${name}: IP ID 0 plain`, () =>
    expect(said(plainDownload(no, { server: { ipId: 'zero' } }), { arrange })).toMatch(/^unaffected \|/));
}
test('SLL2 any capture on the client', () => {
  expect(said(resumedDownload({ link: 'sll2' }))).toMatch(/^resumed by rto-backoff/);
  expect(said(plainDownload({ link: 'sll2' }))).toMatch(/^unaffected \|/);
});
test('raw IP (tun)', () => {
  expect(said(resumedDownload({ link: 'raw' }))).toMatch(/^resumed by rto-backoff/);
});
for (const keep of ['10.2.0.10', '10.1.0.10']) {
  const oneWay = (fs: SynthFrame[]) =>
    fs.filter((f) => `${f.bytes[26]}.${f.bytes[27]}.${f.bytes[28]}.${f.bytes[29]}` === keep);
  test(`one direction only (from ${keep}), plain: no failover`, () =>
    expect(said(plainDownload(), { arrange: oneWay })).toMatch(/^unaffected \|/));
  test(`one direction only (from ${keep}), resumed`, () =>
    expect(said(resumedDownload(), { arrange: oneWay })).toMatch(/^(resumed|undecided|unaffected)/));
}
test('frames of 5 s missing from the capture (drops): capture-gap, unaffected', () => {
  const n = new Network({ snaplen: 512 });
  n.flow()
    .handshake()
    .client.sends(GET)
    .server.streams(8_000_000, { head: okHead(8_000_000) })
    .server.fin()
    .client.fin()
    .server.acks();
  expect(said(n, { arrange: (fs: SynthFrame[]) => fs.filter((f) => f.time < 1e9 || f.time > 4e9) })).toMatch(
    /^unaffected \|/,
  );
});
test('GRO super-segments, resumed', () => {
  const n = new Network({ snaplen: 120 });
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(1_448_000, { segment: 28_960, head: '', push: false, pace: ms(10) });
  f.pathDown()
    .server.sends(14480, { push: false })
    .climbs(5)
    .after(ms(210) * 32)
    .pathUp()
    .retransmits()
    .client.acks();
  f.server
    .retransmitsAll()
    .client.acks()
    .server.streams(1_448_000, { segment: 28_960, pace: ms(10) })
    .server.fin()
    .client.fin()
    .server.acks();
  expect(said(n)).toMatch(/^resumed by rto-backoff/);
});
test('GRO super-segments, app pause 5 s', () => {
  const n = new Network({ snaplen: 120 });
  n.flow()
    .handshake()
    .client.sends(GET)
    .server.streams(1_448_000, { segment: 28_960, push: false, pace: ms(10) })
    .after(s(5))
    .streams(1_448_000, { segment: 28_960, pace: ms(10) })
    .server.fin()
    .client.fin()
    .server.acks();
  expect(said(n)).toMatch(/^unaffected \|/);
});
test('50 downloads, half hang half resume', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 50; i++) {
    const f = n
      .flow({ start: ms(10 * i) })
      .handshake()
      .client.sends(GET)
      .server.streams(80_000, { push: false, pace: ms(20) });
    f.at(s(3) + ms(i))
      .pathDown()
      .sends(14480, { push: false });
    if (i % 2 === 0) {
      f.climbs(5)
        .after(ms(210) * 32)
        .pathUp()
        .retransmits()
        .client.acks()
        .server.retransmitsAll()
        .client.acks()
        .server.streams(800_000)
        .server.fin()
        .client.fin()
        .server.acks();
    }
  }
  const r = diagnose(n, { until: s(80) });
  expect(r.failovers.length).toBe(1);
  expect(r.summary.byOutcome).toEqual({ hung: 25, resumed: 25 });
  // All are heard within 50 ms of each other: whether the path had been back for longer, nobody tried to find out.
  expect(new Set(r.flows.map((f) => f.cause))).toEqual(new Set([null]));
  for (const f of r.flows.filter((f) => f.outcome === 'resumed')) {
    expect(f.candidates).toEqual(['rto-backoff', 'outage']);
  }
});
test('one silent flow among 49 moving ones: others heard, no path loss', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 50; i++) {
    const f = n
      .flow({ start: ms(10 * i) })
      .handshake()
      .client.sends(GET)
      .server.streams(80_000, { push: false, pace: ms(20) });
    if (i !== 7)
      f.server
        .streams(2_000_000, { pace: ms(30), push: false })
        .server.fin()
        .client.fin()
        .server.acks();
  }
  const r = diagnose(n);
  const f = flowOn(r, 41_008);
  expect(r.failovers).toEqual([]);
  expect(`${f.outcome} ${f.cause}`).toBe('hung null');
  expect(f.candidates).not.toContain('path-not-restored');
  expect(f.candidates).not.toContain('stale-path');
});
test('one resumed flow (rung) among 20 moving ones', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 20; i++) {
    const f = n
      .flow({ start: ms(10 * i) })
      .handshake()
      .client.sends(GET)
      .server.streams(80_000, { push: false, pace: ms(20) });
    if (i !== 7)
      f.server
        .streams(1_000_000, { pace: ms(30), push: false })
        .server.fin()
        .client.fin()
        .server.acks();
    else {
      f.pathDown()
        .sends(14480, { push: false })
        .climbs(5)
        .after(ms(210) * 32)
        .pathUp()
        .retransmits()
        .client.acks()
        .server.retransmitsAll()
        .client.acks()
        .server.streams(800_000)
        .server.fin()
        .client.fin()
        .server.acks();
    }
  }
  const r = diagnose(n);
  const f = flowOn(r, 41_008);
  expect(`${f.outcome} ${f.cause}`).toBe('resumed rto-backoff');
});
test('log shipper: client sends 200 B every 10 s after a banner, server only acks', () => {
  const n = new Network({ snaplen: 96 });
  const f = n
    .flow({ server: { port: 5140, ipId: 'random' } })
    .handshake()
    .server.sends(60)
    .client.acks();
  for (let i = 0; i < 12; i++) f.after(s(10)).client.sends(200).server.acks();
  expect(said(n, { until: s(180) })).toMatch(/^unaffected \|/);
});
test('MQTT/AMQP heartbeat one-way then quiet 60 s', () => {
  const n = new Network({ snaplen: 96 });
  const f = n
    .flow({ server: { port: 5672 } })
    .handshake()
    .client.sends(8)
    .server.sends(500)
    .client.sends(300)
    .server.sends(20)
    .client.acks();
  for (let i = 0; i < 4; i++)
    f.after(s(30)).client.sends(8).server.acks().after(s(1)).server.sends(8).client.acks();
  f.after(s(30)).client.sends(8).server.acks();
  expect(said(n, { until: s(180) })).toMatch(/^(unaffected|undecided)/);
});
test('idle DB pool, KA answered, across silence of capture', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 10; i++)
    n.flow({ server: { port: 5432 }, start: ms(i * 50) })
      .handshake()
      .client.sends(80)
      .server.sends(400)
      .client.acks()
      .client.probesEvery(s(30), 6, true);
  const r = diagnose(n);
  expect(r.failovers).toEqual([]);
  expect(r.summary.byOutcome).toEqual({ unaffected: 10 });
});
test('idle DB pool, 3 KAs unanswered (outage), then answered: unaffected', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 10; i++)
    n.flow({ server: { port: 5432 }, start: ms(i * 50) })
      .handshake()
      .client.sends(80)
      .server.sends(400)
      .client.acks()
      .client.probesEvery(s(30), 2, true)
      .pathDown()
      .probesEvery(s(10), 3, false)
      .pathUp()
      .probesEvery(s(10), 3, true)
      .client.sends(60)
      .server.sends(300)
      .client.acks();
  const r = diagnose(n);
  expect(r.summary.byOutcome).toEqual({ unaffected: 10 });
});
test('TLS idle pool in a browser: 6 connections 60 s idle, then server FINs', () => {
  const n = new Network({ snaplen: 128 });
  for (let i = 0; i < 6; i++)
    n.flow({ server: { port: 443, ipId: 'random' }, start: ms(i * 50) })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(300_000)
      .after(s(60))
      .server.sends(24)
      .server.fin()
      .client.acks()
      .client.fin()
      .server.acks();
  const r = diagnose(n);
  expect(r.failovers).toEqual([]);
  expect(r.summary.byOutcome).toEqual({ unaffected: 6 });
});
test('server capture: download hangs, ladder at the server', () => {
  const n = new Network({ snaplen: 120, at: 'server' });
  n.flow()
    .handshake()
    .client.sends(GET)
    .server.streams(800_000, { head: okHead(2_000_000), push: false })
    .pathDown()
    .sends(14480, { push: false })
    .climbs(8);
  expect(said(n)).toMatch(/^hung, cause open/);
});
test('server capture: resumed at rung', () => {
  expect(said(resumedDownload({ at: 'server' }))).toMatch(/^resumed by rto-backoff/);
});
test('ICMP admin prohibited answers upload retransmission, client aborts', () => {
  const n = new Network({ snaplen: 200 });
  const f = n
    .flow()
    .handshake()
    .client.streams(500_000, { push: false, head: 'POST /u HTTP/1.1\r\nContent-Length: 900000\r\n\r\n' })
    .pathDown()
    .client.sends(14480, { push: false })
    .climbs(4);
  f.after(s(3.4)).client.retransmits();
  n.icmp(f.now + ms(1), '10.1.0.1', 3, 13, f.lastFields);
  f.after(s(6.8)).client.retransmits();
  n.icmp(f.now + ms(1), '10.1.0.1', 3, 13, f.lastFields);
  const r = diagnose(n, { until: s(40) });
  expect(inWords(r)).toMatch(/(reset|hung) by no-state-reject/);
});
test('ICMP admin prohibited to a SYN, last words', () => {
  const n = new Network({ snaplen: 200 });
  const f = n.flow().client.syn();
  n.icmp(f.now + ms(1), '10.1.0.1', 3, 13, f.lastFields);
  f.after(s(1)).client.syn();
  n.icmp(f.now + ms(1), '10.1.0.1', 3, 13, f.lastFields);
  expect(said(n, { until: s(20) })).toMatch(/^not-connected/);
});
test('connection opened and closed by client inside the outage (SYN, 3 tries, gives up)', () => {
  const n = new Network({ snaplen: 96 });
  n.flow().client.syn().lost().after(s(1)).client.syn().lost().after(s(2)).client.syn().lost();
  n.flow({ start: s(40) })
    .handshake()
    .client.sends(GET)
    .server.sends(`${okHead(10)}0123456789`)
    .client.acks()
    .client.fin()
    .server.fin()
    .client.acks();
  expect(said(n)).toMatch(/^not-connected/);
});
test('zero window ends during an outage: window update lost, probes unanswered, then resumed', () => {
  const n = new Network({ snaplen: 512 });
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(300_000, { head: okHead(900_000), push: false })
    .server.sends(14480, { push: false })
    .client.window(0)
    .acks();
  f.after(ms(220)).server.probes().client.acks().after(ms(440)).server.probes().client.acks();
  f.pathDown().after(ms(300)).client.window(501).acks();
  for (const t of [0.88, 1.76, 3.5, 7]) f.after(s(t)).server.probes();
  f.pathUp()
    .after(s(14))
    .server.probes()
    .client.acks()
    .server.streams(900_000 - 314_480)
    .server.fin()
    .client.fin()
    .server.acks();
  expect(said(n)).toMatch(/^resumed/);
});
