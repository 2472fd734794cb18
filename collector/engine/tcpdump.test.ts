import { describe, expect, it } from 'vitest';
import { readTcpdumpLine, tcpdumpArguments } from './tcpdump.ts';

describe('a line of tcpdump', () => {
  it.each([
    [
      'tcpdump: listening on v0, link-type EN10MB (Ethernet), snapshot length 128 bytes',
      { word: 'listening' },
    ],
    [
      'tcpdump: 5 packets captured, 7 packets received by filter, 1 packet dropped by kernel',
      { word: 'counts', received: 7, dropped: 1 },
    ],
    ['1 packet received by filter', { word: 'counts', received: 1, dropped: null }],
    ['0 packets dropped by kernel', { word: 'counts', received: null, dropped: 0 }],
    ['tcpdump: nope: No such device exists', { word: 'trouble', why: 'there is no interface nope' }],
    ['tcpdump: v0: That device is not up', { word: 'trouble', why: 'v0 is down' }],
    ['tcpdump: pcap_loop: The interface disappeared', { word: 'trouble', why: 'the interface is gone' }],
    ['tcpdump: something new', { word: 'trouble', why: 'tcpdump: something new' }],
    ['5 packets captured', null],
    ['(No such device exists)', null],
    ['tcpdump: WARNING: v0: no IPv4 address assigned', null],
  ])('%s', (line, word) => {
    expect(readTcpdumpLine(line)).toEqual(word);
  });

  it('that speaks of permission brings the way to have it', () => {
    const line = "tcpdump: any: You don't have permission to perform this capture on that device";
    expect(readTcpdumpLine(line)).toMatchObject({
      why: 'tcpdump may not capture on any',
      hint: expect.stringMatching(/setcap cap_net_raw/),
    });
  });
});

describe('the arguments of tcpdump', () => {
  const plan = { interface: 'eth1', filter: '-v', snaplen: 0, buffer: 1 };

  it('end before the filter, which may look like one', () => {
    expect(tcpdumpArguments(plan).slice(-2)).toEqual(['--', '-v']);
    expect(tcpdumpArguments({ ...plan, filter: '' }).at(-1)).toBe('-');
  });

  it('never ask for no buffer, which would be the default', () => {
    expect(tcpdumpArguments(plan).join(' ')).toContain('-s 0 -B 1 ');
  });
});
