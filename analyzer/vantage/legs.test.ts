import { describe, expect, it } from 'vitest';
import { LinkType } from '../../packet/link-type.ts';
import { ORIGIN, pcapOf } from '../test-frames.ts';
import { type Place, readAll, type Taken, Trip, taken } from '../test-path.ts';
import { vantageFromName } from './file-name.ts';
import { joinFlows } from './join.ts';
import { type JoinedFlow, joinLegs } from './legs.ts';

const get = (name: string): string => `GET /${name} HTTP/1.1\r\nHost: files.example\r\nAccept: */*\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';

/** A ClientHello whose random is told by a number. */
function hello(random: number): Uint8Array {
  const bytes = new Uint8Array(200).fill(random);
  bytes.set([0x16, 0x03, 0x01, 0x00, 0xc3, 0x01, 0x00, 0x00, 0xbf, 0x03, 0x03]);
  return bytes;
}

interface ProxiedOptions {
  nth?: number;
  at?: number;
  asks?: string | Uint8Array;
  /** What the proxy asks for, if not the same. */
  passes?: string | Uint8Array;
  answers?: string;
  /** The proxy keeps the client's address and port. */
  transparent?: boolean;
  /** Seconds by which the clocks of the far side are ahead. */
  ahead?: number;
}

/** The two connections of a proxied flow: the client's, and the proxy's 0.4 ms later. */
function proxied(options: ProxiedOptions = {}): [Trip, Trip] {
  const { nth = 0, at = nth * 0.1, asks = get('a'), passes = asks, answers = OK, ahead = 0 } = options;
  const client = `10.1.0.10 ${40_000 + nth}`;
  const isn = (by: number) => [by + nth * 1_000_003, by / 2 + nth * 900_007] as const;
  const near = new Trip({ client, isn: isn(100_000) }).handshake(at).client(at + 0.01, { payload: asks });
  near.server(at + 0.03, { payload: answers });
  const far = new Trip({
    client: options.transparent === true ? client : `10.2.0.1 ${61_000 - nth}`,
    isn: isn(3_000_000_000),
    ticks: 800_000_000 + nth * 5000,
  });
  const then = at + ahead + 0.0004;
  far.handshake(then).client(then + 0.01, { payload: passes });
  return [near, far.server(then + 0.02, { payload: answers })];
}

const NEAR: readonly Place[] = ['client', 'a.in'];
const FAR: readonly Place[] = ['a.out', 'server'];

function pairOf(captures: readonly Taken[]): JoinedFlow[] {
  const analyses = readAll(captures);
  const sources = analyses.map(({ cooked, origin }, i) => ({
    place: vantageFromName(captures[i]?.file ?? '').place,
    cooked,
    shift: Number(origin - ORIGIN),
  }));
  return joinLegs(joinFlows(analyses), sources);
}

const ends = (flow: JoinedFlow): string =>
  flow.legs
    .map(({ views }) => {
      const { flow: f } = views[0]!.watch.connection;
      return f.port[f.client];
    })
    .join(' > ');

/** `40000 > 61000`: client ports of the legs, the client's own leg first; one port where there is one leg. */
const pairs = (trips: readonly [Trip, Trip][], near = NEAR, far = FAR): string[] =>
  pairOf([
    ...taken(
      trips.map(([t]) => t),
      near,
    ),
    ...taken(
      trips.map(([, t]) => t),
      far,
    ),
  ]).map(ends);

describe('the two legs of a proxied flow', () => {
  it('are one flow, the client’s first', () => {
    expect(pairs([proxied()])).toEqual(['40000 > 61000']);
  });

  it('in any order of files', () => {
    const [near, far] = proxied();
    const captures = [...taken([far], FAR), ...taken([near], NEAR)];
    expect(pairOf(captures).map(ends)).toEqual(['40000 > 61000']);
    expect(pairOf([...captures].reverse()).map(ends)).toEqual(['40000 > 61000']);
  });

  it('between the two sides of the node alone', () => {
    expect(pairs([proxied()], ['a.in'], ['a.out'])).toEqual(['40000 > 61000']);
  });

  it('are known by what was asked, whatever the order', () => {
    const flows = [
      proxied({ nth: 0, asks: get('a'), at: 0.2 }),
      proxied({ nth: 1, asks: get('b'), at: 0.1 }),
    ];
    expect(pairs(flows).sort()).toEqual(['40000 > 61000', '40001 > 60999']);
    expect(pairOf([...taken([flows[0]![0]], NEAR), ...taken([flows[0]![1]], FAR)])[0]?.pairedBy).toBe(
      'payload',
    );
  });

  it('are two hellos where the proxy speaks TLS itself', () => {
    const [near, far] = proxied({ asks: hello(1), passes: hello(2) });
    const [flow, ...more] = pairOf([...taken([near], NEAR), ...taken([far], FAR)]);
    expect(more).toEqual([]);
    expect(flow?.pairedBy).toBe('hello');
  });

  it('keep the random of a hello that is passed on', () => {
    const flows = [
      proxied({ nth: 0, asks: hello(1), at: 0.1 }),
      proxied({ nth: 1, asks: hello(2), at: 0.1 }),
    ];
    expect(pairs(flows).sort()).toEqual(['40000 > 61000', '40001 > 60999']);
  });

  it('keep the tuple where the proxy is transparent', () => {
    const flows = [0, 1, 2].map((nth) => proxied({ nth, transparent: true }));
    expect(pairs(flows)).toEqual(['40000 > 40000', '40001 > 40001', '40002 > 40002']);
  });

  it('pair up in the order in which they were opened, where all ask for the same', () => {
    const flows = [0, 1, 2, 3].map((nth) => proxied({ nth }));
    expect(pairs(flows)).toEqual(['40000 > 61000', '40001 > 60999', '40002 > 60998', '40003 > 60997']);
  });

  it('are told by their ends where clocks are hours apart', () => {
    expect(pairs([proxied({ ahead: 3600 })], ['client'], ['server'])).toEqual(['40000 > 61000']);
  });

  it('stand in one capture of the whole node', () => {
    const [near, far] = proxied();
    // On the node itself the client's leg only comes and goes inside, the server's outside.
    const bytes = pcapOf(
      [near, far].map((t, i) => ({
        packets: t.anyOf('a').packets.filter((_, n) => n % 2 === (i === 0 ? 0 : 1)),
      })),
      LinkType.LinuxSll2,
    );
    expect(pairOf([{ file: 'node-a.pcap', bytes }]).map(ends)).toEqual(['40000 > 61000']);
  });
});

describe('no legs of one flow are', () => {
  const alone = (flows: readonly [Trip, Trip][], near = NEAR, far = FAR): number =>
    pairs(flows, near, far).filter((p) => p.includes('>')).length;

  it('two routed connections that ask for the same', () => {
    const trips = [0, 1].map((nth) => proxied({ nth })[0]);
    expect(pairOf(taken(trips, ['client', 'a.in', 'a.out', 'server'])).map(ends)).toEqual(['40000', '40001']);
  });

  it('connections that ask for other things', () => {
    expect(alone([proxied({ passes: get('b') })])).toBe(0);
  });

  it('connections that are answered otherwise', () => {
    const [near] = proxied();
    const [, far] = proxied({ answers: 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' });
    expect(alone([[near, far]])).toBe(0);
  });

  it('connections opened at other times, where the clocks could tell', () => {
    expect(alone([proxied({ ahead: 10 })], ['a.in'], ['a.out'])).toBe(0);
    expect(alone([proxied({ ahead: -0.05 })], ['a.in'], ['a.out'])).toBe(0);
  });

  it('any of those that could be either, where not as many wait on both sides', () => {
    const flows = [0, 1, 2].map((nth) => proxied({ nth }));
    const captures = [
      ...taken(
        flows.map(([t]) => t),
        NEAR,
      ),
      ...taken(
        flows.slice(0, 2).map(([, t]) => t),
        FAR,
      ),
    ];
    expect(pairOf(captures).map(ends)).toEqual(['40000', '40001', '40002', '61000', '60999']);
  });

  it('connections to other servers', () => {
    const [near] = proxied();
    const other = new Trip({ client: '10.2.0.1 61000', server: '10.2.0.11 80', isn: [7e8, 6e8], ticks: 9e8 });
    other
      .handshake(0.0004)
      .client(0.0104, { payload: get('a') })
      .server(0.0204, { payload: OK });
    expect(alone([[near, other]])).toBe(0);
  });
});

describe('many flows of one service', () => {
  it.each(['other', 'the same'])('through a proxy are paired in no time (they ask for %s)', (what) => {
    const flows = Array.from({ length: 210 }, (_, nth) =>
      proxied({ nth, at: nth * 0.01, asks: get(what === 'other' ? `file-${nth}` : 'a') }),
    );
    const begun = process.hrtime.bigint();
    expect(pairs(flows)).toEqual(flows.map((_, nth) => `${40_000 + nth} > ${61_000 - nth}`));
    expect(Number(process.hrtime.bigint() - begun) / 1e9).toBeLessThan(10);
  });
});
