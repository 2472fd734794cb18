import { describe, expect, it } from 'vitest';
import type { ClockFit } from './clock-fit.ts';
import { sameHosts } from './same-host.ts';
import type { Station } from './stations.ts';

const client: Station = { place: 'client', node: -1 } as Station;
const node = (index: number): Station => ({ place: 'node', node: index }) as Station;
const link = (a: number, b: number) => ({ a, b, fits: [{} as ClockFit] });
const holds = () => false;

describe('captures of one node', () => {
  it('are tied where only one of them reaches the reference: the sides of a proxy', () => {
    // client, A in | A out, B out | B in
    const stations = [client, node(0), node(0), node(1), node(1)];
    const links = [link(0, 1), link(2, 3)];
    expect(sameHosts(stations, 0, links, holds)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('are left alone where packets tie both, where neither reaches the reference, and where one is empty', () => {
    const stations = [client, node(0), node(0)];
    expect(sameHosts(stations, 0, [link(0, 1), link(1, 2)], holds)).toEqual([]);
    expect(sameHosts(stations, 0, [], holds)).toEqual([]);
    expect(sameHosts(stations, 0, [{ a: 0, b: 1, fits: [] }], holds)).toEqual([]);
    expect(sameHosts(stations, 0, [link(0, 1)], (i) => i === 2)).toEqual([]);
  });

  it('of a node that nobody named are not taken for one', () => {
    expect(sameHosts([client, node(-1), node(-1)], 0, [link(0, 1)], holds)).toEqual([]);
  });
});
