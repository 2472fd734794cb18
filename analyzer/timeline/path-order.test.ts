import { expect, test } from 'vitest';
import type { Station } from '../vantage/stations.ts';
import { pathOrder, pathPositions } from './path-order.ts';

const end = (place: 'client' | 'server' | 'unknown'): Station => ({
  place,
  host: place,
  node: -1,
  inferred: false,
});
const node = (index: number, side?: 'in' | 'out'): Station => ({
  place: 'node',
  host: `node-${index}`,
  node: index,
  inferred: false,
  ...(side === undefined ? {} : { side }),
});

const STATIONS = [
  end('unknown'),
  node(1, 'out'),
  end('server'),
  node(0, 'out'),
  node(1, 'in'),
  node(2),
  node(0, 'in'),
  end('client'),
];

test('vantages stand from the client to the server, the sides of a node together', () => {
  expect(pathOrder(STATIONS)).toEqual([7, 6, 3, 4, 1, 5, 2, 0]);
});

test('positions are the order turned around', () => {
  const positions = pathPositions(STATIONS);
  expect(pathOrder(STATIONS).map((i) => positions[i])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('captures of one place keep their order', () => {
  expect(pathOrder([end('server'), end('client'), end('client')])).toEqual([1, 2, 0]);
});
