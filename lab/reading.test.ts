/** What the lab reads off programs and the kernel: links, drops, sockets, processes, words of clients. */
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../gateway/linux/process-time.ts';
import { parseWords, toldConnections } from './client-run.ts';
import { eventOf, lossOf } from './host-collector.ts';
import { findProcesses } from './processes.ts';
import { parseSockets } from './sockets.ts';
import { describeSwept } from './sweep.ts';

describe('a collector of the lab', () => {
  it.each([
    ['{"event":"gap","vantage":"node-a.in","why":"tcpdump was ended by SIGKILL"}', 'was ended by SIGKILL'],
    [
      '{"event":"gap","vantage":"client","why":"the disk was full (ENOSPC)"}',
      'has no room left for its file: the disk was full (ENOSPC)',
    ],
    ['{"event":"gap","vantage":"node-b.in","why":"there is no interface in"}', null],
    ['{"event":"gap","vantage":"node-a.in","why":"in is gone"}', null],
    ['{"event":"capturing","vantage":"client"}', null],
  ])('that says %s', (line, loss) => {
    expect(lossOf(eventOf(line)!)).toBe(loss);
  });

  it('says other things, too', () => {
    expect(eventOf('Warning: something')).toBeNull();
    expect(eventOf('[1]')).toBeNull();
    expect(eventOf('null')).toBeNull();
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
