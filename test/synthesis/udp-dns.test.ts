/**
 * DNS across a failover, as one capture shows it and as several do, and
 * what only looks like a victim. Every report is held against the contract.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { detectStyle } from '../../cli/render/style.ts';
import { renderText } from '../../cli/render/text.ts';
import { millis as ms, seconds as s } from '../../packet/time.ts';
import { buildIcmp, buildUdp } from '../../packet/wire/build.ts';
import { checkReport } from '../report-shape.ts';
import { fates, onlyFlow, UdpIncident, type UdpWay } from './udp.ts';

const ALL = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'];
/** It leaves the client, and nobody else sees it. */
const LOST: UdpWay = { to: 'client' };
const A: UdpWay = { node: 'a', outerPort: 41_000 };
const B: UdpWay = { node: 'b', outerPort: 41_000 };

function diagnose(incident: UdpIncident, vantages: readonly string[], until = s(120), options = {}): Report {
  const report = incident.diagnose(vantages, { until, ...options });
  expect(checkReport(report)).toEqual([]);
  return report;
}
const said = (...args: Parameters<typeof diagnose>): string[] => fates(diagnose(...args));

/** A client that asks a name every second, answered at once, but for the outage. */
function busyDns(outage: { from: number; to: number }): UdpIncident {
  const incident = new UdpIncident();
  const dns = incident.dns();
  for (let k = 0; k < 40; k++) {
    if (k >= outage.from && k < outage.to) continue;
    dns.exchange(s(k), { id: 100 + k, name: `n${k}.example`, port: 50_000 + k }, k < outage.from ? A : B);
  }
  return incident;
}

describe('DNS, one capture', () => {
  const name = 'www.example.com';
  const question = { id: 0x1a2b, name, type: 28 };

  test('answered at the repeat after 5 s: resumed, and one lost datagram does not tell why', () => {
    const incident = busyDns({ from: 10, to: 15 });
    incident.dns().asks(s(10.5), question, LOST).exchange(s(15.5), question, B);
    const flow = onlyFlow(diagnose(incident, ['client']));
    expect(flow).toMatchObject({ protocol: 'udp', outcome: 'resumed', cause: null, confidence: 'medium' });
    expect(flow.client).toEqual({ address: '10.1.0.10', port: 40_001 });
    expect(flow.server).toEqual({ address: '10.2.0.53', port: 53 });
    expect(flow.candidates.slice(0, 2)).toEqual(['outage', 'loss']);
    expect(flow.stalls[0]).toMatchObject({
      waiting: 'client',
      owedBy: 'server',
      duration: 5.021,
      censored: false,
    });
    expect(flow.claims.map((c) => c.text)).toEqual([
      'question of the client (AAAA www.example.com, id 0x1a2b)',
      'asked again 5.00 s after the first time',
      'no answer of the server to it',
      'answered 21 ms after the question was asked the last time',
    ]);
    expect(flow.claims.map((c) => c.frames.length)).toEqual([1, 1, 0, 1]);
  });

  test('the newest try in vain was just before the one that was answered: the outage', () => {
    const incident = busyDns({ from: 10, to: 16 });
    const dns = incident.dns();
    dns.asks(s(10.3), question, LOST).asks(s(15.3), question, B).answers(s(15.312), question, B);
    const other = { id: 9, name: 'other.example', port: 40_009 };
    dns.asks(s(10), other, LOST).asks(s(15), other, LOST).exchange(s(20), other, B);
    const report = diagnose(incident, ['client']);
    expect(fates(report)).toEqual(['resumed, cause open', 'resumed by outage']);
    expect(report.flows[1]?.claims.at(-1)?.text).toContain(
      'the newest 300 ms before the one that was answered',
    );
  });

  test('a path that was back a second before the repeat is not all of the outage', () => {
    const incident = busyDns({ from: 10, to: 14 });
    const dns = incident.dns();
    dns.asks(s(10.3), question, LOST).exchange(s(15.3), question, B);
    const other = { id: 9, name: 'other.example', port: 40_009 };
    dns.asks(s(10), other, LOST).asks(s(13), other, LOST).exchange(s(16), other, B);
    expect(said(incident, ['client'])).toEqual(['resumed, cause open', 'resumed, cause open']);
  });

  test('never answered, while others were: hung, and the path is not among the candidates', () => {
    const incident = busyDns({ from: 40, to: 40 });
    const dns = incident.dns();
    for (const t of [10.5, 15.5, 20.5]) dns.asks(s(t), question, LOST);
    const flow = onlyFlow(diagnose(incident, ['client']));
    expect([flow.outcome, flow.cause, flow.candidates[0]]).toEqual(['hung', null, 'udp-mapping']);
    expect(flow.ruledOut.find((r) => r.cause === 'path-not-restored')?.because).toMatch(/heard by others/);
    expect(flow.splitBy).toContain('node-b.out');
  });

  test('never answered, and nobody else was: the path first', () => {
    const incident = busyDns({ from: 10, to: 40 });
    for (const t of [10.5, 15.5]) incident.dns().asks(s(t), question, LOST);
    const report = diagnose(incident, ['client']);
    expect(fates(report)).toEqual(['hung, cause open']);
    expect(onlyFlow(report).candidates.slice(0, 2)).toEqual(['path-not-restored', 'udp-mapping']);
    expect(report.headline).toContain('hung: nothing moved for the last 109.50 s');
  });

  test('each try from a new port makes a mapping of its own', () => {
    const incident = busyDns({ from: 10, to: 40 });
    for (const k of [0, 1, 2])
      incident.dns().asks(s(10.5 + 2 * k), { ...question, id: k, port: 45_000 + k }, LOST);
    const flow = onlyFlow(diagnose(incident, ['client']));
    expect(flow.candidates).not.toContain('udp-mapping');
    expect(flow.ruledOut.find((r) => r.cause === 'udp-mapping')?.because).toMatch(/new port/);
  });

  test('another server answered: the client gave this one up', () => {
    const incident = busyDns({ from: 10, to: 40 });
    incident.dns().asks(s(10.5), question, LOST);
    incident.dns({ server: '10.2.0.54' }).exchange(s(15.5), question);
    const flow = onlyFlow(diagnose(incident, ['client']));
    expect(flow).toMatchObject({ outcome: 'gave-up', cause: null, stalls: [{ duration: 5 }] });
  });

  test('A and AAAA from one port are one flow', () => {
    const incident = busyDns({ from: 10, to: 15 });
    for (const type of [1, 28]) {
      const one = { id: type, name, type };
      incident.dns().asks(s(10.5), one, LOST).exchange(s(15.5), one, B);
    }
    const flow = onlyFlow(diagnose(incident, ['client']));
    expect(flow.claims.some((c) => c.text.startsWith('1 more question from the same port'))).toBe(true);
  });

  test('a capture that ends after one try cannot tell', () => {
    const incident = busyDns({ from: 10, to: 40 });
    incident.dns().asks(s(10.5), question, LOST);
    const report = diagnose(incident, ['client'], s(14));
    expect(onlyFlow(report)).toMatchObject({
      outcome: 'undecided',
      confidence: 'low',
      stalls: [{ censored: true }],
    });
    expect(report.headline).toContain('ends too soon');
  });

  test.each([60, 68, 96])('a snap length of %i leaves the verdict', (snaplen) => {
    const incident = busyDns({ from: 10, to: 15 });
    incident.dns().asks(s(10.5), question, LOST).exchange(s(15.5), question, B);
    expect(said(incident, ['client'], s(60), { snaplen })).toEqual(['resumed, cause open']);
  });

  test('an ICMP error that refuses the question puts a rejecting node first', () => {
    const incident = busyDns({ from: 10, to: 40 });
    const ends = { source: '10.1.0.10', destination: '10.2.0.53', sourcePort: 40_001, destinationPort: 53 };
    const body = buildUdp({ ...ends, link: 'raw', payload: 20 });
    for (const t of [10.5, 15.5]) {
      incident.dns().asks(s(t), question, LOST);
      const refusal = { type: 3, code: 13, source: '10.1.0.1', destination: '10.1.0.10', body };
      incident.add('client', s(t) + ms(1), buildIcmp(refusal));
    }
    expect(onlyFlow(diagnose(incident, ['client'])).candidates[0]).toBe('no-state-reject');
  });
});

describe('DNS, what is no victim', () => {
  const one = { id: 7, name: 'slow.example' };

  test('names that are found at once are not in the report', () => {
    expect(diagnose(busyDns({ from: 40, to: 40 }), ['client'])).toMatchObject({
      flows: [],
      summary: { flows: 0 },
    });
  });

  test('one datagram lost while the server answers others all the time', () => {
    const incident = busyDns({ from: 40, to: 40 });
    for (let k = 0; k < 400; k++) {
      incident.dns().exchange(ms(100 * k), { id: 1000 + k, name: `f${k}.example`, port: 20_000 + k });
    }
    incident.dns().asks(s(10.5), one, LOST).exchange(s(15.5), one);
    expect(said(incident, ['client'])).toEqual([]);
  });

  test('a server that takes its time, asked once or answering each time', () => {
    const incident = new UdpIncident();
    const dns = incident.dns();
    dns.asks(0, one).answers(s(9), one);
    const twice = { id: 8, name: 'slower.example' };
    dns.asks(s(20), twice).asks(s(25), twice).answers(s(27), twice).answers(s(27.4), twice);
    expect(said(incident, ['client'])).toEqual([]);
  });

  test('a dead server beside one that answers: that is no failover', () => {
    const incident = new UdpIncident();
    for (let k = 0; k < 5; k++) {
      const each = { id: k, name: `n${k}.example`, port: 30_000 + k };
      incident.dns({ server: '10.9.9.9' }).asks(s(20 * k), each, LOST);
      incident.dns().exchange(s(20 * k + 5), each);
    }
    expect(said(incident, ['client'])).toEqual([]);
  });

  test('two servers asked at once', () => {
    const incident = busyDns({ from: 40, to: 40 });
    incident.dns({ server: '10.2.0.54' }).exchange(0, { id: 1, name: 'x.example' }).asks(s(10), one, LOST);
    incident.dns().exchange(s(10) + 1000, { ...one, port: 40_002 });
    expect(said(incident, ['client'])).toEqual([]);
  });

  test('a question that reaches its server and is not answered there', () => {
    const incident = busyDns({ from: 40, to: 40 });
    for (const t of [10.5, 15.5]) incident.dns().asks(s(t), one);
    expect(said(incident, ['server'])).toEqual([]);
  });
});

describe('DNS, several captures', () => {
  const question = { id: 7, name: 'b.example' };
  function undelivered(): UdpIncident {
    const incident = new UdpIncident();
    const dns = incident.dns();
    dns.exchange(0, { id: 1, name: 'a.example', port: 41_111 }, A).asks(s(5), question, LOST);
    for (const t of [10, 15]) {
      dns.asks(s(t), question, B).answers(s(t) + ms(12), question, { ...B, to: 'out' });
    }
    return incident;
  }

  test('answers that end at the new node: the mapping, shown', () => {
    const flow = onlyFlow(diagnose(undelivered(), ALL));
    expect(flow).toMatchObject({
      outcome: 'hung',
      cause: 'udp-mapping',
      confidence: 'high',
      path: 'translated',
    });
    expect(flow.translated).toEqual([{ address: '203.0.113.1', port: 41_000 }]);
    expect(flow.seenAt).toEqual(['c1', 'c4', 'c5', 'c6']);
    const answer = flow.claims.find((c) => c.text.startsWith('answer of the server at node-b.out'));
    expect(answer?.frames).toEqual([{ capture: 'c5', frame: 2 }]);
  });

  test('in any order of files', () => {
    const [one, other] = [ALL, [...ALL].reverse()].map((order) => onlyFlow(diagnose(undelivered(), order)));
    expect([other?.id, other?.outcome, other?.cause]).toEqual([one?.id, one?.outcome, one?.cause]);
  });

  test('from the client and the outer side alone it may as well be the way behind the node', () => {
    expect(said(undelivered(), ['client', 'node-b.out'])).toEqual(['hung, cause open']);
    const incident = undelivered();
    incident.dns().exchange(s(20), { id: 3, name: 'c.example', port: 42_222 }, B);
    expect(said(incident, ['client', 'node-b.out'])).toEqual(['hung by udp-mapping']);
  });

  test('an answer that only the old node got, as it lost its inner side, proves nothing', () => {
    const incident = new UdpIncident();
    const dns = incident.dns();
    dns.exchange(0, { id: 1, name: 'a.example', port: 41_111 }, A);
    dns.asks(s(5), question, A).answers(s(5) + ms(12), question, { ...A, to: 'out' });
    for (const t of [10, 15]) dns.asks(s(t), question, LOST);
    expect(said(incident, ALL)).toEqual(['hung, cause open']);
  });

  test('a question that a node keeps points to its rules', () => {
    const incident = new UdpIncident();
    const dns = incident.dns();
    for (let k = 0; k < 30; k++)
      dns.exchange(s(k), { id: k, name: `n${k}.example`, port: 50_000 + k }, k < 5 ? A : B);
    for (const t of [10.5, 15.5, 20.5])
      dns.asks(s(t), { id: 77, name: 'kept.example' }, { node: 'b', to: 'in' });
    const flow = onlyFlow(diagnose(incident, ALL));
    expect([flow.cause, flow.candidates[0]]).toEqual([null, 'policy-mismatch']);
    expect(flow.claims.at(-1)?.text).toContain('reached node-b.in and did not leave node-b.out');
  });
});

describe('in print', () => {
  test('UDP is named where a flow is named, and its ladder is that of its tries', () => {
    const incident = busyDns({ from: 10, to: 15 });
    const question = { id: 7, name: 'b.example' };
    incident.dns().asks(s(10.5), question, LOST).exchange(s(15.5), question, B);
    const report = diagnose(incident, ['client'], s(60), { ladderFor: ':40001' });
    const style = detectStyle({ color: 'never', env: {}, isTerminal: false, columns: 100 });
    expect(renderText(report, { style, detail: 'normal' })).toContain(
      '--> 10.1.0.10:40001 -> 10.2.0.53:53 (UDP)',
    );
    expect(onlyFlow(report).ladder?.map((r) => [r.from, r.flags, r.label])).toEqual([
      ['client', 'DNS query', 'asks'],
      ['client', 'DNS query', 'asks again, 5.00 s'],
      ['server', 'DNS answer', 'answer, after 5.02 s'],
    ]);
    expect(renderText(report, { style, detail: 'verbose' })).toContain('10.2.0.53:53 (UDP)');
  });
});
