import { expect, test } from 'vitest';
import { compareLayers } from './compare-layers.ts';

const layer = (name: string, fields: Record<string, string>) => ({
  name,
  fields: Object.entries(fields).map(([field, value]) => ({ name: field, value })),
});

test('one row a field, marked where sightings do not agree', () => {
  const layers = compareLayers([
    [layer('IPv4', { source: '10.0.0.1', TTL: '64' }), layer('TCP', { flags: 'ACK' })],
    [layer('IPv4', { source: '10.0.0.1', TTL: '63' }), layer('TCP', { flags: 'ACK' })],
  ]);
  expect(layers).toEqual([
    {
      name: 'IPv4',
      rows: [
        { name: 'source', values: ['10.0.0.1', '10.0.0.1'], differs: false },
        { name: 'TTL', values: ['64', '63'], differs: true },
      ],
    },
    { name: 'TCP', rows: [{ name: 'flags', values: ['ACK', 'ACK'], differs: false }] },
  ]);
});

test("a tunnel has IPv4 twice; what one sighting alone has, and what is the capture's own, is no difference", () => {
  const layers = compareLayers([
    [layer('IPv4', { TTL: '64' })],
    [layer('IPv4', { TTL: '64' }), layer('GRE', {}), layer('IPv4', { TTL: '9' })],
  ]);
  expect(layers.map(({ name }) => name)).toEqual(['IPv4', 'GRE', 'IPv4']);
  expect(layers[2]?.rows).toEqual([{ name: 'TTL', values: [null, '9'], differs: false }]);
  const own = compareLayers([[layer('Frame', { Number: '1' })], [layer('Frame', { Number: '2' })]]);
  expect(own[0]?.rows).toEqual([{ name: 'Number', values: ['1', '2'], differs: false }]);
});
