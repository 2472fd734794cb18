import { describe, expect, it } from 'vitest';
import { placeOfHost, vantageFromName } from './file-name.ts';

describe('vantageFromName', () => {
  it.each([
    ['node-a.out.pcap.gz', { host: 'node-a', side: 'out', place: 'node' }],
    ['node-a.in.2.pcap.gz', { host: 'node-a', side: 'in', place: 'node' }],
    ['10.0.0.2.pcap', { host: '10.0.0.2', place: 'unknown' }],
    ['captures/run 7/node-b_in.pcapng', { host: 'node-b', side: 'in', place: 'node' }],
    ['C:\\tmp\\fw1-inside.cap', { host: 'fw1', side: 'in', place: 'node' }],
    ['gw.OUTSIDE.PCAP', { host: 'gw', side: 'out', place: 'node' }],
    ['client.pcapng.zst', { host: 'client', place: 'client' }],
    ['web-server.pcap', { host: 'web-server', place: 'server' }],
    ['trace.pcap', { host: 'trace', place: 'unknown' }],
    ['in.pcap', { host: 'in', place: 'unknown' }],
    ['-', { host: '-', place: 'unknown' }],
    ['', { host: '', place: 'unknown' }],
  ])('%s', (path, vantage) => {
    expect(vantageFromName(path)).toEqual(vantage);
  });
});

describe('placeOfHost', () => {
  it('knows the usual names, where a word begins', () => {
    const places = {
      client: ['client', 'client2', 'my-laptop', 'WORKSTATION-7'],
      server: ['server', 'origin1', 'db-backend', 'web01'],
      node: ['node-a', 'fw', 'aws-gateway', 'nat1', 'router', 'active', 'secondary'],
      unknown: ['tcpdump', 'subclient', 'cobweb', 'inactive', ''],
    };
    const found = Object.entries(places).map(([place, hosts]) => [place, hosts.map(placeOfHost)]);
    expect(found).toEqual(Object.entries(places).map(([place, hosts]) => [place, hosts.map(() => place)]));
  });

  it('takes the side of whoever connects, where a name holds both', () => {
    expect(placeOfHost('client-of-server')).toBe('client');
  });
});
