import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../test-frames.ts';
import { type Place, readAll, Trip, taken } from '../test-path.ts';
import { joinFlows } from './join.ts';
import { legTimes } from './leg-times.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const near = (): Trip =>
  new Trip().handshake(0).client(0.1, { payload: HTTP_GET }).server(0.3, { payload: OK });
const far = (): Trip =>
  new Trip({ client: '10.2.0.1 61000', isn: [7e8, 6e8], ticks: 9e8 })
    .handshake(0.0004)
    .client(0.1004, { payload: HTTP_GET })
    .server(0.2, { payload: OK });

/** ms at which each of two captures of the two legs saw what the client, and what the server, said first. */
function tie(inner: Trip, outer: Trip, nearPlaces: readonly Place[], farPlaces: readonly Place[]) {
  const analyses = readAll([...taken([inner], nearPlaces), ...taken([outer], farPlaces)]);
  const legs = joinFlows(analyses);
  const first = Math.min(...analyses.map((a) => Number(a.origin)));
  const shifts = analyses.map((a) => Number(a.origin) - first);
  return legTimes([{ legs, pairedBy: 'payload' }], shifts).map(({ a, b, packets }) => ({
    a,
    b,
    packets: packets.map((p) => `${p.dir} ${(p.a / 1e6).toFixed(1)} ${(p.b / 1e6).toFixed(1)}`),
  }));
}

describe('legTimes', () => {
  it('ties every capture of the one leg to every capture of the other by the request and the answer', () => {
    expect(tie(near(), far(), ['client', 'a.in'], ['server'])).toEqual([
      { a: 0, b: 2, packets: ['c 100.0 100.6', 's 300.2 200.0'] },
      { a: 1, b: 2, packets: ['c 100.1 100.6', 's 300.1 200.0'] },
    ]);
  });

  it('names the capture that was given first `a`, also where it holds the outer leg', () => {
    const analyses = readAll([...taken([far()], ['server']), ...taken([near()], ['client'])]);
    const legs = [...joinFlows(analyses)].reverse();
    expect(legTimes([{ legs, pairedBy: 'payload' }], [0, 0]).map(({ a, b }) => [a, b])).toEqual([[0, 1]]);
  });

  it('has nothing of an end that was not heard', () => {
    const silent = new Trip().handshake(0).client(0.1, { payload: HTTP_GET });
    expect(tie(silent, far(), ['client'], ['server'])[0]?.packets.map((p) => p[0])).toEqual(['c']);
  });

  it('has nothing of a flow of one leg', () => {
    const legs = joinFlows(readAll(taken([near()], ['client', 'server'])));
    expect(legTimes([{ legs, pairedBy: null }], [0, 0])).toEqual([]);
  });
});
