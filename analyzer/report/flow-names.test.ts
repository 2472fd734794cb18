import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../test-frames.ts';
import { PLACES, reportOn, type Taken, Trip, type TripOptions, taken, takenOnAny } from '../test-path.ts';
import type { Flow } from './report.ts';

const request = (options: TripOptions = {}, at = 0): Trip => {
  const t = new Trip(options)
    .handshake(at)
    .client(at + 1, { payload: HTTP_GET })
    .server(at + 1.1, { payload: 900 });
  return t
    .client(at + 1.2)
    .through('b')
    .server(at + 5, { payload: 900 })
    .client(at + 5.1);
};
const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 62000' };
const only = (captures: readonly Taken[]): Flow => {
  const { flows } = reportOn(captures);
  expect(flows.length).toBe(1);
  return flows[0] as Flow;
};

describe('a translated flow', () => {
  it('is named by the client before translation, and lists the others', () => {
    const flow = only(taken([request({ outside })]));
    expect(flow.client).toEqual({ address: '10.1.0.10', port: 40_000 });
    expect(flow.server).toEqual({ address: '10.2.0.10', port: 80 });
    expect(flow.translated).toEqual([
      { address: '10.2.0.1', port: 61_000 },
      { address: '10.2.0.1', port: 62_000 },
    ]);
  });

  it('is so from a capture of the whole node', () => {
    const [, a] = takenOnAny([request({ outside })]);
    const flow = only([a!]);
    expect([flow.client.address, flow.translated?.map((t) => t.port)]).toEqual(['10.1.0.10', [61_000]]);
  });

  it('is what the capture shows, where none is on the client’s side', () => {
    expect(
      only(taken([request({ outside: { a: '10.2.0.1 61000', b: '10.2.0.1 61000' } })], ['a.out', 'server']))
        .client,
    ).toEqual({ address: '10.2.0.1', port: 61_000 });
  });
});

describe('a flow’s id', () => {
  it('is the same in any order of files', () => {
    const files = taken([request({ outside })]);
    const { id } = only(files);
    fc.assert(
      fc.property(fc.shuffledSubarray([...PLACES], { minLength: 6 }), (places) => {
        expect(only(taken([request({ outside })], places)).id).toBe(id);
      }),
      { numRuns: 10 },
    );
  });

  it('is the same from the client alone', () => {
    expect(only(taken([request({ outside })], ['client'])).id).toBe(only(taken([request({ outside })])).id);
  });

  it('is another for every use of a port', () => {
    const again = request({ isn: [900_000_000, 800_000_000] }, 20);
    const { flows } = reportOn(taken([request(), again]));
    expect(new Set(flows.map((f) => f.id)).size).toBe(2);
    // Even with the same numbers, at two times.
    const same = reportOn(taken([request({}, 0)], ['client']));
    expect(same.flows[0]?.id).toBe(flows[0]?.id);
  });
});

describe('a flow of several captures', () => {
  it('lasts from its first to its last segment anywhere, by the reference’s clock', () => {
    const t = request().server(9, { payload: 900, to: 'server' });
    const flow = only(taken([t], PLACES, { ahead: { server: 600, 'b.out': -5 } }));
    const second = (time: string): number => Number(BigInt(time) / 1_000_000n - 1_700_000_000_000n) / 1000;
    expect(second(flow.start)).toBeCloseTo(0, 2);
    expect(second(flow.end)).toBeCloseTo(9, 2);
  });

  it('has the stream number of each capture, as tshark counts there', () => {
    const first = new Trip({ client: '10.1.0.10 39999', isn: [8e8, 9e8] }).handshake(-0.5 + 0.5);
    const { flows } = reportOn(taken([first, request({}, 1)], ['client', 'b.in', 'server']));
    const flow = flows.find((f) => f.client.port === 40_000);
    expect(flow?.seenAt).toEqual(['c1', 'c2', 'c3']);
    expect(flow?.streams).toEqual({ c1: 1, c2: 0, c3: 1 });
  });
});

describe('a proxied flow', () => {
  it('has two legs, the client’s first, and is named by it', () => {
    const near = new Trip()
      .handshake(0)
      .client(0.1, { payload: HTTP_GET })
      .server(0.3, { payload: 'HTTP/1.1 200 OK\r\n\r\n' });
    const far = new Trip({ client: '10.2.0.1 61000', isn: [7e8, 6e8], ticks: 9e8 })
      .handshake(0.001)
      .client(0.101, { payload: HTTP_GET })
      .server(0.2, { payload: 'HTTP/1.1 200 OK\r\n\r\n' });
    const flow = only([...taken([near], ['client', 'a.in']), ...taken([far], ['a.out', 'server'])]);
    expect(flow.legs).toEqual([
      { client: { address: '10.1.0.10', port: 40_000 }, server: flow.server, seenAt: ['c1', 'c2'] },
      { client: { address: '10.2.0.1', port: 61_000 }, server: flow.server, seenAt: ['c3', 'c4'] },
    ]);
    expect([flow.client.port, flow.path]).toEqual([40_000, 'terminated']);
  });

  it('of one leg has none', () => {
    expect(only(taken([request()])).legs).toBeUndefined();
  });
});
