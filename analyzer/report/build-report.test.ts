import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../analysis.ts';
import { epoch, HTTP_GET, pcapOf, Talk } from '../test-frames.ts';
import { matchesFlow } from './build-report.ts';
import type { Flow, Report } from './report.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const downloading = (port = 40000): Talk =>
  new Talk({ client: `10.0.0.1 ${port}` })
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11);
const hung = (port?: number): Talk => downloading(port);
const done = (port?: number): Talk => downloading(port).server(1.2, { payload: 9000 }).client(1.21);

function report(
  captures: Record<string, Talk[]>,
  options: { until?: number; ladderFor?: string } = {},
): Report {
  const { until = 60, ...rest } = options;
  const analysis = createAnalysis({ tool: { name: 'test', version: '1' }, until: epoch(until), ...rest });
  for (const [file, talks] of Object.entries(captures)) {
    const feed = analysis.addCapture({ file });
    feed.push(pcapOf(talks));
    feed.end();
  }
  return analysis.finish();
}

describe('matchesFlow', () => {
  const flow = (client = '10.0.0.1', server = '10.0.0.2'): Flow =>
    ({
      id: 'f0123456789',
      client: { address: client, port: 40000 },
      server: { address: server, port: 80 },
    }) as Flow;
  const matching = (wanted: string[], f = flow()) => wanted.map((w) => matchesFlow(f, w));

  it('knows a flow by its id', () => {
    expect(matching(['f0123456789', 'f0123456780', 'f01'])).toEqual([true, false, false]);
  });

  it('knows it by its tuple, in either order, however it is written', () => {
    const tuples = [
      '10.0.0.1:40000-10.0.0.2:80',
      '10.0.0.2:80-10.0.0.1:40000',
      '10.0.0.1:40000 -> 10.0.0.2:80',
      '10.0.0.1:40000 <-> 10.0.0.2:80',
      '10.0.0.1:40000,10.0.0.2:80',
      '10.0.0.1:40000 10.0.0.2:80',
    ];
    expect(matching(tuples)).toEqual(tuples.map(() => true));
  });

  it('knows it by one half, or a part of it', () => {
    const halves = ['10.0.0.1:40000', '10.0.0.2:80', '10.0.0.1', '10.0.0.2', ':40000', '40000'];
    expect(matching(halves)).toEqual(halves.map(() => true));
  });

  it('knows IPv6 with and without brackets', () => {
    const f = flow('fd00::1', 'fd00::2');
    expect(matching(['[fd00::1]:40000-[fd00::2]:80', 'fd00::1', '[fd00::2]'], f)).toEqual([true, true, true]);
  });

  it('knows no other, and nothing by nothing', () => {
    const others = ['10.0.0.1:40001', '10.0.0.1:40000-10.0.0.3:80', '10.0.0.2:40000', '400', '', ' - '];
    expect(matching(others)).toEqual(others.map(() => false));
  });
});

describe('buildReport', () => {
  it('counts flows by outcome', () => {
    const { summary, flows } = report({ 'client.pcap': [hung(40000), done(40001), hung(40002)] });
    expect(summary).toEqual({ flows: 3, byOutcome: { hung: 2, unaffected: 1 } });
    expect(flows.map((f) => [f.client.port, f.outcome])).toEqual([
      [40000, 'hung'],
      [40001, 'unaffected'],
      [40002, 'hung'],
    ]);
  });

  it('groups flows by their cause, with the worst stall', () => {
    const closed = (port: number, at: number): Talk =>
      new Talk({ client: `10.0.0.1 ${port}` })
        .client(0, { flags: 'SYN' })
        .client(at - 1, { seq: 0, flags: 'SYN' })
        .client(at, { seq: 0, flags: 'SYN' })
        .server(at + 0.02, { flags: 'SYN ACK' })
        .client(at + 0.03);
    // Opened at once, before the path was lost: nobody is heard between the SYNs of the others.
    const before = new Talk({ client: '10.0.0.1 40002' }).handshake();
    const { causes, flows } = report({ 'client.pcap': [closed(40000, 6.9), closed(40001, 7), before] });
    expect(causes).toEqual([
      { id: 'syn-backoff', flows: flows.slice(0, 2).map((f) => f.id), worstStall: 7.02 },
    ]);
  });

  it('adds the ladder to the flow that was asked for, and to no other', () => {
    const asked = report({ 'client.pcap': [hung(40000), hung(40001)] }, { ladderFor: ':40001' });
    expect(asked.flows.map((f) => f.ladder !== undefined)).toEqual([false, true]);
  });

  it('names the connection that took over', () => {
    const old = downloading(40000).client(30, { flags: 'RST ACK' });
    const { flows } = report({ 'client.pcap': [old, new Talk({ client: '10.0.0.1 40001' }).handshake(31)] });
    expect(flows.map((f) => f.replacedBy)).toEqual([flows[1]?.id, undefined]);
  });

  it('dates and bounds the failover', () => {
    const tried = downloading().client(5, { seq: HTTP_GET.length, flags: 'ACK' });
    tried.server(2, { payload: 9000, lost: true }).server(21.1, { seq: 1 + HEAD.length, payload: 9000 });
    const { failovers } = report({ 'client.pcap': [tried.client(21.11)] });
    expect(failovers).toEqual([
      {
        id: 'failover-1',
        pathLost: epoch(1.1).toString(),
        pathRestored: epoch(21.1).toString(),
        restoredBy: 'bound',
        outage: 20,
        lostWithin: 3.9,
        restoredWithin: 16.1,
        marks: [],
      },
    ]);
  });

  it('shows a flow of two captures once, seen at both, by whichever way round they are given', () => {
    const once = report({ 'client.pcap': [hung()], 'server.pcap': [hung()] });
    expect(once.flows.map((f) => [f.outcome, f.seenAt])).toEqual([['hung', ['c1', 'c2']]]);
    // Frame by frame the same, which no two places are.
    expect(once.problems.map((p) => p.code)).toEqual(['capture-copied']);
    const swapped = report({ 'server.pcap': [hung()], 'client.pcap': [hung()] });
    expect(swapped.flows.map((f) => [f.outcome, f.id])).toEqual([['hung', once.flows[0]?.id]]);
  });

  it('of nothing is a report as well', () => {
    const { headline, flows, failovers, summary } = report({});
    expect({ headline, flows, failovers, summary }).toEqual({
      headline: 'The captures hold no frames.',
      flows: [],
      failovers: [],
      summary: { flows: 0, byOutcome: {} },
    });
  });
});
