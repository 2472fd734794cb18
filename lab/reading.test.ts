/** What the lab reads off programs and the kernel: links, drops, sockets, processes, words of clients. */
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../gateway/linux/process-time.ts';
import { droppedIn, upDevice } from './captures.ts';
import { parseWords, toldConnections } from './client-run.ts';
import { findProcesses } from './processes.ts';
import { parseSockets } from './sockets.ts';
import { describeSwept } from './sweep.ts';

describe('ip -o link', () => {
  it.each([
    ['5: in@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue', 'in'],
    ['6: out: <BROADCAST,MULTICAST,UP> mtu 1500', 'out'],
    ['5: in@if7: <BROADCAST,MULTICAST> mtu 1500', null],
    ['7: sync@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500', null],
    ['8: spare-in@if9: <BROADCAST,UP> mtu 1500', null],
    ['Deleted 5: in@if7: <BROADCAST,MULTICAST> mtu 1500', null],
  ])('%s', (line, device) => {
    expect(upDevice(line)).toBe(device);
  });
});

describe('tcpdump', () => {
  it('says how many packets it dropped', () => {
    expect(
      droppedIn(['3 packets captured', '3 packets received by filter', '0 packets dropped by kernel']),
    ).toBe(0);
    expect(droppedIn(['1 packet dropped by kernel'])).toBe(1);
    expect(droppedIn(['tcpdump: listening on in'])).toBeNull();
  });
});

describe('/proc/net/tcp', () => {
  it('has ports in hexadecimal', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0A01000A:9C40 0A02000A:0050 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
`;
    expect(parseSockets(text)).toEqual([
      { inode: '4711', localPort: 40_000, remotePort: 80, listens: false },
      { inode: '4712', localPort: 80, remotePort: 0, listens: true },
    ]);
  });
});

describe('a client of the lab', () => {
  const output = [
    '{"event":"connection","time":5,"localPort":40000,"remotePort":8080,"of":1}',
    'some other line',
    '{"event":"done","time":6,"what":"GET","took":1}',
    '{"event":"done","ti',
  ].join('\n');

  it('says words between other lines, the last one perhaps cut off', () => {
    expect(parseWords(output).map(({ event }) => event)).toEqual(['connection', 'done']);
    expect(toldConnections(output, null)).toEqual([{ localPort: 40_000, remotePort: 8080, time: 5, of: 1 }]);
  });
});

describe.skipIf(process.platform !== 'linux')('processes (needs Linux)', () => {
  it('are known by the time they started', () => {
    expect(startTimeOf(process.pid)).toMatch(/^\d+$/);
    expect(startTimeOf(2 ** 22 + 1)).toBeNull();
  });

  it('never find the one that asks', () => {
    expect(findProcesses({ namespaces: new Set(), runs: new Set() })).toEqual([]);
  });
});

describe('what a sweep removed', () => {
  it('is a sentence, or nothing', () => {
    expect(describeSwept({ runs: 0, namespaces: 0, processes: 0 })).toBeNull();
    expect(describeSwept({ runs: 1, namespaces: 5, processes: 1 })).toBe(
      'removed what an earlier run left: 5 namespaces, 1 process',
    );
  });
});
