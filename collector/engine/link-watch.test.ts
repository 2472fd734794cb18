import { describe, expect, it } from 'vitest';
import { parseLink } from './link-watch.ts';

describe('a line of `ip -o monitor link`', () => {
  it.each([
    [
      '7: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue',
      { name: 'v0', state: { ifindex: 7, up: true }, deleted: false },
    ],
    [
      // Up is not the same as having a carrier, nor is LOWER_UP the same as up.
      '2: eth0.5@eth0: <BROADCAST,MULTICAST,LOWER_UP> mtu 1500',
      { name: 'eth0.5', state: { ifindex: 2, up: false }, deleted: false },
    ],
    [
      'Deleted 7: v0@NONE: <BROADCAST,MULTICAST> mtu 1500',
      { name: 'v0', state: { ifindex: 7, up: false }, deleted: true },
    ],
    [
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536',
      { name: 'lo', state: { ifindex: 1, up: true }, deleted: false },
    ],
    ['    link/ether 52:34:0b:a9:7d:0b brd ff:ff:ff:ff:ff:ff', null],
  ])('%s', (line, link) => {
    expect(parseLink(line)).toEqual(link);
  });
});
