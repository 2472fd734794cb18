import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAnalysis } from './analysis.ts';
import type { Flow, Report } from './report/report.ts';
import { HTTP_GET } from './test-frames.ts';
import { PLACES, type Place, reportOn, type Taken, Trip, taken, takenOnAny } from './test-path.ts';
import { ASKED, BODY, goesOn, lost, opened, PROBE, rungs } from './test-stories.ts';

const flowOn = ({ flows }: Report, port = 40_000): Flow => flows.find((f) => f.client.port === port) as Flow;
const words = (report: Report, port?: number): string => {
  const { outcome, cause } = flowOn(report, port);
  return `${outcome} ${cause ?? '?'}`;
};

const kept = (): Trip => rungs(lost(), 'b.out');

describe('all captures of an incident', () => {
  it('give one flow, judged by its client’s view, with the cause that the nodes show', () => {
    const report = reportOn(taken([kept(), opened({ port: 42_000 })]), { until: 40 });
    expect(report.flows.map((f) => [f.client.port, f.outcome, f.seenAt])).toEqual([
      [40_000, 'hung', ['c1', 'c2', 'c3', 'c5', 'c6']],
      [42_000, 'unaffected', ['c1', 'c4', 'c5', 'c6']],
    ]);
    expect(words(report)).toBe('hung no-state-drop');
    expect(report.problems).toEqual([]);
  });

  it('say the same in any order, named or numbered', () => {
    const files = taken([kept(), opened({ port: 42_000 })]);
    const [first] = reportOn(files, { until: 40 }).flows;
    const all = files.map((f) => f.file);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), fc.boolean(), (order, named) => {
        const report = reportOn(
          order.map((name) => files.find((f) => f.file === name) as Taken),
          { until: 40, named },
        );
        expect(words(report)).toBe('hung no-state-drop');
        expect(report.captures.map((c) => c.id)).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
        expect(report.flows.map((f) => f.id)).toContain(first?.id);
        const { from, to } = report.failovers[0] ?? {};
        expect([from, to]).toEqual(['node-a', 'node-b']);
      }),
      { numRuns: 12 },
    );
  });

  it('say the same with clocks far apart, and all times by the client’s', () => {
    const ahead = { server: 7200, 'a.in': -900, 'a.out': -900, 'b.in': 33, 'b.out': 33 };
    const plain = reportOn(taken([kept()]), { until: 40 });
    const apart = reportOn(taken([kept()], PLACES, { ahead }), { until: 40 });
    expect(words(apart)).toBe(words(plain));
    const dates = ({ failovers }: Report): number[] =>
      failovers
        .flatMap((f) => [f.pathLost, f.pathRestored ?? '0'])
        .map((t) => Number(BigInt(t) / 1_000_000n));
    for (const [i, date] of dates(apart).entries()) expect(Math.abs(date - dates(plain)[i]!)).toBeLessThan(2);
  });
});

describe('a capture given twice', () => {
  const files = taken([kept(), opened({ port: 42_000 })]);
  const again = (name: string, file: string): Taken[] => [
    { ...(files.find((f) => f.file === name) as Taken), file },
    ...files,
  ];

  it('is one capture, under the name that says where it was taken', () => {
    const report = reportOn(again(files[0]!.file, 'copy.pcap'), { until: 40 });
    expect(words(report)).toBe('hung no-state-drop');
    expect(report.problems.map((p) => [p.code, p.at.capture])).toEqual([['capture-copied', 'c1']]);
    expect(report.captures[0]?.vantage.host).toBe(report.captures[1]?.vantage.host);
  });
});

describe('captures that stopped before the others', () => {
  it('of a node prove no drop of what the other end has', () => {
    // The client goes on probing through B, and only the capture of B's outer side has none of it.
    const probes = [6, 7, 8].reduce((t, at) => t.client(at, PROBE), lost());
    const report = reportOn(taken([probes], PLACES, { misses: { 'b.out': () => true } }));
    expect(flowOn(report).cause).toBe(null);
    expect(flowOn(report).claims.filter((c) => c.text.includes('left node-b'))).toEqual([]);
  });

  it('of an end do not explain what went on at the other one', () => {
    const t = lost().server(6, BODY).client(6.01);
    const misses = { server: (at: number) => at > 5, 'b.in': () => true, 'b.out': () => true };
    const report = reportOn(taken([t], PLACES, { misses }));
    expect(words(report)).toBe('undecided ?');
  });
});

describe('fewer captures', () => {
  const views: [Place[], string][] = [
    [['client'], 'hung ?'],
    [['server'], 'hung ?'],
    [['client', 'server'], 'hung ?'],
    [['client', 'a.in', 'a.out', 'server'], 'hung ?'],
    [['client', 'a.in', 'a.out', 'b.in', 'b.out'], 'hung no-state-drop'],
    [['client', 'b.in', 'b.out', 'server'], 'hung no-state-drop'],
  ];
  it.each(views)('%j never name another cause', (places, answer) => {
    const report = reportOn(taken([kept(), opened({ port: 42_000 })], places), { until: 40 });
    expect(words(report)).toBe(answer);
    const { cause, candidates } = flowOn(report);
    expect(cause === 'no-state-drop' || candidates.includes('no-state-drop')).toBe(true);
  });

  it('ask for the vantage that would tell, and for none that is there', () => {
    const some = reportOn(taken([kept()], ['client', 'a.in', 'a.out', 'server']), { until: 40 });
    expect(flowOn(some).splitBy.some((s) => s.startsWith('node-b'))).toBe(true);
    const given = reportOn(taken([kept()], ['client', 'b.out']), { until: 40 });
    expect(flowOn(given).splitBy).not.toContain('node-b.out');
  });
});

describe('a node’s capture of one link that nobody named', () => {
  it('claims nothing about the other link', () => {
    const files = taken([goesOn(lost(), 5.7)], ['client', 'a.in']).map((f, i) => ({
      ...f,
      file: ['client.pcap', 'firewall.pcap'][i] as string,
    }));
    const report = reportOn(files, { until: 40 });
    expect(words(report)).toBe('resumed ?');
    const [, node] = report.captures;
    expect(node?.vantage).toMatchObject({ role: 'node' });
    expect(report.flows[0]?.claims.filter((c) => c.kind === 'absent')).toEqual([]);
  });
});

describe('coverage', () => {
  /** All data came, and the server has more to say at 20 s, which comes to the client; the client's capture ends at 6 s. */
  const cut = (): Report => {
    const t = goesOn(lost(), 5.7);
    const more = t.client(19, { payload: HTTP_GET }).server(20, { payload: 500 }).client(20.1);
    for (const at of [22, 24, 26]) more.server(at, { payload: 500 }).client(at + 0.1, { payload: 5 });
    return reportOn(taken([more], PLACES, { misses: { client: (at) => at > 6 } }), { until: 40 });
  };

  it('of an end’s capture stops where others show frames going on to it', () => {
    expect(flowOn(cut()).outcome).not.toBe('hung');
  });

  it('of one that falls silent runs on where nothing went on to it', () => {
    const silent = reportOn(taken([kept()]));
    expect(words(silent)).toBe('hung no-state-drop');
  });
});

describe('a client that closes and opens another connection', () => {
  it('is named as the one that replaced it', () => {
    const closed = lost().client(3.5, { flags: 'FIN ACK', to: 'client' });
    closed.client(4, { flags: 'FIN ACK', seq: ASKED, to: 'client' });
    const report = reportOn(taken([closed, opened({ port: 42_000, at: 8 })]), { until: 40 });
    expect(flowOn(report).replacedBy).toBe(flowOn(report, 42_000).id);
  });
});

describe('a server’s view alone', () => {
  it('of a connection left idle while its client opened another one is undecided', () => {
    const idle = new Trip().handshake(0).client(1, { payload: HTTP_GET });
    idle.server(1.1, { payload: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' }).client(1.2);
    const next = opened({ port: 42_000, at: 20 });
    const report = reportOn(taken([idle, next], ['server']), { until: 40 });
    expect(flowOn(report).outcome).toBe('undecided');
    const both = reportOn(taken([idle, next], ['client', 'server']), { until: 40 });
    expect(flowOn(both).outcome).toBe('unaffected');
  });
});

describe('odd captures', () => {
  it('an empty one disturbs nobody', () => {
    const files = [...taken([kept()]), { file: 'more.pcap', bytes: taken([], ['client'])[0]!.bytes }];
    const report = reportOn(files, { until: 40 });
    expect(words(report)).toBe('hung no-state-drop');
    expect(report.captures.at(-1)?.vantage.role).toBe('unknown');
  });

  it('none at all give an empty report', () => {
    const { flows, failovers, path, clocks } = reportOn([]);
    expect({ flows, failovers, path, clocks }).toEqual({
      flows: [],
      failovers: [],
      path: { kind: 'unknown', claims: [] },
      clocks: [],
    });
  });

  it('the same capture twice is one flow', () => {
    const [client] = taken([kept()], ['client']);
    const report = reportOn([client!, { ...client!, file: 'client-copy.pcap' }], { until: 40 });
    expect(report.flows.length).toBe(1);
    expect(words(report)).toBe('hung ?');
  });

  it('a wrong name is told, and taken at its word', () => {
    const [client, , , , , server] = taken([kept()]);
    const swapped = [
      { ...client!, file: 'server.pcap' },
      { ...server!, file: 'client.pcap' },
    ];
    const report = reportOn(swapped, { until: 40 });
    // A file's name is only a guess, which the traffic corrects.
    expect(report.captures.map((c) => c.vantage.role)).toEqual(['client', 'server']);
  });
});

describe('whole nodes', () => {
  it('say the same as their sides do', () => {
    for (const story of [
      kept(),
      goesOn(
        lost()
          .client(4, PROBE)
          .server(4.001, { seq: BODY.seq! + 1000 }),
        5.7,
      ),
    ]) {
      const six = reportOn(taken([story, opened({ port: 42_000 })]), { until: 40 });
      const any = reportOn(takenOnAny([story, opened({ port: 42_000 })]), { until: 40 });
      expect(words(any)).toBe(words(six));
      expect(any.path.kind).toBe(six.path.kind);
      const numbered = reportOn(takenOnAny([story, opened({ port: 42_000 })]), { until: 40, named: false });
      expect(words(numbered)).toBe(words(six));
    }
  });
});

describe('a SYN that was answered late', () => {
  const through = (): Trip => opened({ port: 40_000, at: 7 });
  const late = (): Trip => through().client(0, { seq: 0, flags: 'SYN', to: 'b.in' });
  const seenAt = (trip: Trip, ...places: Place[]): string =>
    words(reportOn(taken([trip], places), { until: 20 }));

  it('is no unaffected connection where a node had seen it long before the server', () => {
    expect(seenAt(late(), 'b.in', 'b.out', 'server')).toBe('connect-delayed ?');
  });

  it('is one to the server alone, and where the node saw nothing before', () => {
    expect(seenAt(late(), 'server')).toBe('unaffected ?');
    expect(seenAt(through(), 'b.in', 'b.out', 'server')).toBe('unaffected ?');
  });
});

describe('files of one name', () => {
  const together = (captures: readonly Taken[]): string[] => {
    const analysis = createAnalysis({ tool: { name: 'test', version: '1' } });
    for (const { file, bytes } of captures) {
      const feed = analysis.addCapture({ file, vantage: { host: 'fw', side: 'in' } });
      feed.push(bytes);
      feed.end();
    }
    return analysis.finish().problems.map((p) => p.message);
  };
  const story = [opened({ port: 42_000 })];

  it('were taken at two places where they hold the same packets at two times', () => {
    const [message] = together(taken(story, ['client', 'a.in'])).concat(
      together(taken([kept()], ['client', 'a.in'])),
    );
    expect(message).toContain('client.pcap and node-a.in.pcap were all named fw.in');
  });

  it('are one capture that was cut, or given twice', () => {
    const [whole] = taken([kept()], ['a.in']) as [Taken];
    expect(together([whole, whole])).toEqual([]);
    const [early] = taken([kept()], ['a.in'], { misses: { 'a.in': (t) => t > 3 } }) as [Taken];
    const [rest] = taken([kept()], ['a.in'], { misses: { 'a.in': (t) => t <= 3 } }) as [Taken];
    expect(together([early, rest])).toEqual([]);
  });
});
