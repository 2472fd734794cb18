import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../../packet/link-type.ts';
import { HTTP_GET, pcapOf, Talk } from '../test-frames.ts';
import { PLACES, readAll, type Taken, Trip, type TripOptions, taken, takenOnAny } from '../test-path.ts';
import { endOf, type FlowView, type JoinedLeg, joinFlows } from './join.ts';

const legsOf = (captures: readonly Taken[]): JoinedLeg[] => joinFlows(readAll(captures));

/** `a.in 10.1.0.10:40000`, by file and the client as that capture has it. */
const nameOf = ({ vantage, watch }: FlowView, captures: readonly Taken[]): string => {
  const { flow } = watch.connection;
  const file = (captures[vantage] as Taken).file.replace('.pcap', '').replace('node-', '');
  return `${file} ${flow.addressOf(flow.client)}:${flow.port[flow.client]}`;
};

/** Every leg as its views, sorted. */
const groups = (captures: readonly Taken[]): string[][] =>
  legsOf(captures)
    .map(({ views }) => views.map((v) => nameOf(v, captures)).sort())
    .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1));

/** A request and its answer, with the timestamps that the options ask for. */
const request = (options: TripOptions = {}, at = 0): Trip =>
  new Trip(options)
    .handshake(at)
    .client(at + 0.1, { payload: HTTP_GET })
    .server(at + 0.101, { payload: 1448 })
    .server(at + 0.102, { payload: 700 })
    .client(at + 0.103);

const INSIDE = '10.1.0.10:40000';

describe('one connection', () => {
  it('in the captures of its way is one leg', () => {
    expect(groups(taken([request()], ['client', 'a.in', 'a.out', 'server']))).toEqual([
      [`a.in ${INSIDE}`, `a.out ${INSIDE}`, `client ${INSIDE}`, `server ${INSIDE}`],
    ]);
  });

  it('that a capture met in mid-stream is known by its numbers', () => {
    const trip = request().through('b').server(5, { payload: 1448 }).client(5.001);
    expect(groups(taken([trip]))).toEqual([
      ['a.in', 'a.out', 'b.in', 'b.out', 'client', 'server'].map((p) => `${p} ${INSIDE}`),
    ]);
  });

  it('of which a capture has only bare acknowledgements is known by what they acknowledge', () => {
    const trip = request({ stamped: false }).through('b').client(5);
    expect(groups(taken([trip], ['client', 'b.in']))).toEqual([[`b.in ${INSIDE}`, `client ${INSIDE}`]]);
  });

  it('with numbers that wrap is one', () => {
    const trip = request({ isn: [4_294_967_200, 4_294_966_000] });
    trip.through('b').server(5, { payload: 1448 }).client(5.001);
    expect(groups(taken([trip])).length).toBe(1);
  });
});

describe('equal addresses and ports join nothing', () => {
  it('where the port is used again with another initial number', () => {
    const again = request({ isn: [900_000_000, 800_000_000] }, 10);
    const captures = taken([request(), again], ['client', 'a.in', 'server']);
    expect(groups(captures)).toEqual([
      ['a.in', 'client', 'server'].map((p) => `${p} ${INSIDE}`),
      ['a.in', 'client', 'server'].map((p) => `${p} ${INSIDE}`),
    ]);
    for (const { views } of legsOf(captures)) {
      expect(new Set(views.map((v) => v.watch.connection.flow.firstSeq)).size).toBe(1);
    }
  });

  it('where a transparent proxy opens its own connection under them', () => {
    const inner = request();
    const outer = request({ isn: [700_000_000, 600_000_000] }, 0.0005);
    const captures = [...taken([inner], ['client', 'a.in']), ...taken([outer], ['a.out', 'server'])];
    expect(groups(captures)).toEqual([
      [`a.in ${INSIDE}`, `client ${INSIDE}`],
      [`a.out ${INSIDE}`, `server ${INSIDE}`],
    ]);
  });

  it('where a capture in mid-stream has numbers far from both', () => {
    const stranger = new Trip({ isn: [2_000_000_000, 3_000_000_000] }).through('b');
    stranger.server(5, { payload: 1448 }).client(5.001);
    expect(groups([...taken([request()], ['client']), ...taken([stranger], ['b.in'])]).length).toBe(2);
  });

  it('and of two uses of a port a view in mid-stream belongs to the one whose numbers it has', () => {
    // Linux counts initial numbers up by 15.6 million a second: the second use is within the slack of the first.
    const again = request({ isn: [10_001_000, 10_005_000] }, 10);
    again.through('b').server(15, { payload: 1448 }).client(15.001);
    const captures = taken([request(), again], ['client', 'server', 'b.in']);
    const home = legsOf(captures).find(({ views }) => views.some((v) => v.vantage === 2));
    expect(home?.views.map((v) => v.watch.connection.flow.firstSeq >>> 0)).toContain(10_001_000);
  });
});

describe('a translated connection', () => {
  const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 61000' };
  const six = (options: TripOptions): Trip =>
    request(options).through('b').server(5, { payload: 1448 }).client(5.001);

  it.each([true, false])('is known by its packets (timestamps: %s)', (stamped) => {
    expect(groups(taken([six({ outside, stamped })]))).toEqual([
      ['a.in', 'b.in', 'client']
        .map((p) => `${p} ${INSIDE}`)
        .concat(['a.out', 'b.out', 'server'].map((p) => `${p} 10.2.0.1:61000`))
        .sort(),
    ]);
  });

  it('is one also where the new node gave it another port', () => {
    const moved = six({ outside: { a: '10.2.0.1 61000', b: '10.2.0.1 62000' } });
    expect(groups(taken([moved]))).toEqual([
      [
        ...['a.in', 'b.in', 'client'].map((p) => `${p} ${INSIDE}`),
        ...['a.out', 'server'].map((p) => `${p} 10.2.0.1:61000`),
        ...['b.out', 'server'].map((p) => `${p} 10.2.0.1:62000`),
      ].sort(),
    ]);
  });

  it('is two views of one capture of both sides of the node', () => {
    const captures = takenOnAny([request({ outside })]);
    expect(groups(captures)).toEqual([
      [`a ${INSIDE}`, 'a 10.2.0.1:61000', `client ${INSIDE}`, 'server 10.2.0.1:61000'],
    ]);
  });

  it('of two connections of one capture, none is the other: they hold the same words by chance', () => {
    // On one link, with one TTL: nothing has been routed in between.
    const talk = (client: string): Talk =>
      new Talk({ client }).handshake().client(1, { payload: HTTP_GET }).server(1.02, { payload: 900 });
    const bytes = pcapOf([talk('10.0.0.1 40000'), talk('10.0.0.1 40001')]);
    expect(legsOf([{ file: 'client.pcap', bytes }]).length).toBe(2);
    const cooked = new Trip();
    for (const at of [0, 0.5]) cooked.client(at, { flags: 'SYN', seq: 0 });
    expect(legsOf([{ file: 'x.pcap', bytes: pcapOf([cooked.anyOf('a')], LinkType.LinuxSll2) }]).length).toBe(
      1,
    );
  });

  it('has one client, also where the translated addresses sort otherwise', () => {
    const flipped = six({
      server: '10.1.128.10 80',
      outside: { a: '192.168.0.1 61000', b: '192.168.0.1 61000' },
    });
    const captures = taken([flipped]);
    const [leg, ...more] = legsOf(captures);
    expect(more).toEqual([]);
    expect(leg?.views.map((v) => nameOf(v, captures)).filter((n) => n.includes('10.1.128.10'))).toEqual([]);
  });
});

describe('a firewall that shifts sequence numbers', () => {
  it.each([
    { shift: [700_000_000, 4_000_000_000] as const, stamped: true },
    { shift: [700_000_000, 4_000_000_000] as const, stamped: false },
    { shift: [0, 900_000_000] as const, stamped: true },
    { shift: [900_000_000, 0] as const, stamped: false },
  ])('leaves a constant distance in each direction %o', ({ shift, stamped }) => {
    const captures = taken([request({ shift, stamped })], ['client', 'a.in', 'a.out', 'server']);
    const [leg, ...more] = legsOf(captures);
    expect(more).toEqual([]);
    const numbers = leg?.views.map((v) => {
      const { flow, sides } = v.watch.connection;
      return [flow.client, flow.server].map((end) => (sides[end].firstSeq + v.shift[end]) >>> 0);
    });
    expect(new Set(numbers?.map(String)).size).toBe(1);
  });

  it('is told from a proxy, whose numbers are no constant distance apart', () => {
    const outer = new Trip({ isn: [70_000, 60_000] }).handshake(0.0005).client(0.1005, { payload: HTTP_GET });
    outer.server(0.101, { payload: 1000 }).server(0.1015, { payload: 1148 }).client(0.103);
    const captures = [...taken([request()], ['client', 'a.in']), ...taken([outer], ['a.out', 'server'])];
    expect(groups(captures).length).toBe(2);
  });

  it('is not seen in two connections that one host opens in the same tick and uses alike', () => {
    const twin = (port: number, isn: readonly [number, number]): Trip =>
      request({ client: `10.1.0.10 ${port}`, isn }, 0);
    const captures = taken(
      [twin(40_000, [1000, 5000]), twin(40_001, [777_000, 555_000])],
      ['client', 'server'],
    );
    expect(groups(captures)).toEqual([
      ['client 10.1.0.10:40000', 'server 10.1.0.10:40000'],
      ['client 10.1.0.10:40001', 'server 10.1.0.10:40001'],
    ]);
  });
});

describe('who is the client', () => {
  it('is told to a capture that could only guess, by the one that saw the opening', () => {
    const trip = request({ client: '10.1.0.10 4000', server: '10.2.0.10 9000' });
    trip.through('b').server(5, { payload: 1448 }).client(5.001);
    const captures = taken([trip], ['b.in', 'client']);
    expect(groups(captures)).toEqual([['b.in 10.1.0.10:4000', 'client 10.1.0.10:4000']]);
  });
});

describe('whatever the order of files', () => {
  const address = fc.constantFrom('10.1.0.10', '10.3.0.10');
  const trips = fc.record({
    client: address,
    server: fc.constantFrom('10.2.0.10', '10.4.0.10'),
    a: fc.constantFrom(null, '10.1.5.1 61000', '10.5.0.1 61000'),
    b: fc.constantFrom(null, '10.1.5.1 61000', '10.5.0.1 62000', '10.0.0.1 63000'),
    shift: fc.constantFrom(undefined, [0, 0] as const, [700_000_000, 4_000_000_000] as const),
    stamped: fc.boolean(),
  });

  it('the legs are the same, with one client each, and numbers that agree', () => {
    fc.assert(
      fc.property(trips, fc.shuffledSubarray([...PLACES], { minLength: 6 }), (plan, order) => {
        const { client, server, a, b, shift, stamped } = plan;
        const outside = { ...(a === null ? {} : { a }), ...(b === null ? {} : { b }) };
        const trip = request({
          client: `${client} 40000`,
          server: `${server} 80`,
          outside,
          stamped,
          ...(shift === undefined ? {} : { shift }),
        });
        trip.through('b').server(5, { payload: 1448 }).client(5.001, { payload: 300 });
        trip.server(5.1, { payload: 600 }).client(5.2, { payload: 100 });
        const legs = legsOf(taken([trip], order));
        expect(legs.length).toBe(1);
        for (const view of legs[0]?.views ?? []) {
          const { flow, sides } = view.watch.connection;
          expect(flow.port[flow.server]).toBe(80);
          const first = (legs[0] as JoinedLeg).views[0] as FlowView;
          expect(endOf(view, flow.client)).toBe(first.watch.connection.flow.client);
          const end = (flow.client === 0 ? view.shift[0] : view.shift[1]) as number;
          const seq =
            (sides[flow.client].next +
              end -
              first.watch.connection.sides[first.watch.connection.flow.client].firstSeq) >>>
            0;
          expect(seq).toBeLessThan(10_000);
        }
      }),
      { numRuns: 80 },
    );
  });
});
