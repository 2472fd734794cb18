import { expect, test } from 'vitest';
import { sampleFlow } from '../../cli/sample-report.ts';
import { flowFilters } from './wireshark-filter.ts';

const filters = (more: Parameters<typeof sampleFlow>[1]): Record<string, string[]> =>
  Object.fromEntries(flowFilters(sampleFlow(1, more)));

test('the whole flow: the stream number of each capture', () => {
  expect(filters({ seenAt: ['c1', 'c2', 'c3'], streams: { c1: 7, c2: 7, c3: 0 } })).toEqual({
    'tcp.stream == 7': ['c1', 'c2'],
    'tcp.stream == 0': ['c3'],
  });
  expect(filters({ protocol: 'udp', seenAt: ['c1'], streams: { c1: 3 } })).toEqual({
    'udp.stream == 3': ['c1'],
  });
});

test('without one, its addresses and ports; those of the leg that the capture shows', () => {
  const tuple = 'ip.addr == 10.0.1.17 && ip.addr == 10.9.0.5 && tcp.port == 51544 && tcp.port == 443';
  expect(filters({ seenAt: ['c1', 'c2'], streams: { c1: 1 } })).toEqual({
    'tcp.stream == 1': ['c1'],
    [tuple]: ['c2'],
  });
  const legs = [
    {
      client: { address: '10.0.1.17', port: 51544 },
      server: { address: '10.9.0.5', port: 443 },
      seenAt: ['c1'],
    },
    {
      client: { address: 'fd00::1', port: 4000 },
      server: { address: 'fd00::5', port: 443 },
      seenAt: ['c2'],
    },
  ];
  expect(filters({ seenAt: ['c1', 'c2'], streams: {}, legs })).toEqual({
    [tuple]: ['c1'],
    'ipv6.addr == fd00::1 && ipv6.addr == fd00::5 && tcp.port == 4000 && tcp.port == 443': ['c2'],
  });
});

test('translated: whichever ports the capture shows', () => {
  const translated = (port: number) => ({
    seenAt: ['c1'],
    streams: {},
    translated: [{ address: '10.9.0.1', port }],
  });
  expect(filters(translated(51544))).toEqual({ 'tcp.port == 51544 && tcp.port == 443': ['c1'] });
  expect(filters(translated(1024))).toEqual({
    '(tcp.port == 51544 && tcp.port == 443) || (tcp.port == 1024 && tcp.port == 443) || (tcp.port == 51544 && tcp.port == 1024)':
      ['c1'],
  });
});
