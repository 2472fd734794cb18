import { describe, expect, it } from 'vitest';
import type { TcpFrame } from '../../packet/wire/build.ts';
import { PacketType } from '../../packet/wire/frame.ts';
import { segment } from '../test-frames.ts';
import { CopyFilter, CopyRows } from './copy-filter.ts';

type Captured = TcpFrame & { at: number };

/** Whether `second` looks like `first`, captured again. */
function isCopy(first: Captured, second: Captured, sender: 0 | 1 = 0): boolean {
  const filter = new CopyFilter(new CopyRows());
  filter.remember(segment(first), 0);
  return filter.isCopy(segment(second), sender);
}

const DATA = { seq: 1000, ack: 5, payload: 100, ipId: 321 };

describe('a packet with an IP identification', () => {
  it('is a copy where every number is the same, up to 100 ms later, with another TTL and MAC as well', () => {
    expect(isCopy({ ...DATA, at: 1 }, { ...DATA, at: 1 })).toBe(true);
    const forwarded = { ...DATA, at: 1.1, ttl: 63, sourceMac: '02:00:00:00:00:99' };
    expect(isCopy({ ...DATA, at: 1 }, forwarded)).toBe(true);
    expect(isCopy({ ...DATA, at: 1 }, { ...forwarded, at: 1.101 })).toBe(false);
  });

  it('sent again has a new identification', () => {
    expect(isCopy({ ...DATA, at: 1 }, { ...DATA, at: 1.0001, ipId: 322 })).toBe(false);
  });

  it('differs by any other number as well', () => {
    const others = [{ seq: 1001 }, { ack: 6 }, { payload: 99 }, { flags: 'PSH ACK' }];
    const copies = others.map((other) => isCopy({ ...DATA, at: 1 }, { ...DATA, ...other, at: 1 }));
    expect(copies).toEqual([false, false, false, false]);
  });

  it('is none of the other end', () => {
    expect(isCopy({ ...DATA, at: 1 }, { ...DATA, at: 1 }, 1)).toBe(false);
  });

  it('is no copy of a later one, where time runs backwards', () => {
    expect(isCopy({ ...DATA, at: 1 }, { ...DATA, at: 0.9 })).toBe(false);
  });
});

describe('duplicate acknowledgements', () => {
  it('count up in their identification, however quickly they come', () => {
    const ack = { seq: 1, ack: 5000, ipId: 70 };
    expect(isCopy({ ...ack, at: 1 }, { ...ack, ipId: 71, at: 1.00001 })).toBe(false);
  });
});

describe('a packet without an identification', () => {
  const bare: [string, TcpFrame][] = [
    ['IPv6', { ...DATA, source: 'fd00::1', destination: 'fd00::2' }],
    ['the SYN-ACK of Linux', { seq: 9, ack: 10, flags: 'SYN ACK', ipId: 0 }],
  ];
  it.each(bare)('%s: is a copy only within a millisecond', (_, fields) => {
    expect(isCopy({ ...fields, at: 1 }, { ...fields, at: 1.001 })).toBe(true);
    expect(isCopy({ ...fields, at: 1 }, { ...fields, at: 1.0011 })).toBe(false);
  });

  it.each(bare)('%s: is a copy where a cooked capture shows it leaving by another device', (_, fields) => {
    const came = { ...fields, link: 'sll2' as const, deviceIndex: 2, packetType: PacketType.Host, at: 1 };
    const left = { ...came, deviceIndex: 3, packetType: PacketType.Outgoing, at: 1.05 };
    expect(isCopy(came, left)).toBe(true);
    expect(isCopy(came, { ...left, at: 1.11 })).toBe(false);
    expect(isCopy(came, { ...left, deviceIndex: 2 })).toBe(false);
    expect(isCopy(came, { ...left, packetType: PacketType.Host })).toBe(false);
  });
});

describe('CopyFilter', () => {
  it('remembers the last 32 packets', () => {
    const filter = new CopyFilter(new CopyRows());
    const nth = (i: number) => segment({ ...DATA, seq: i * 100, ipId: i + 1 });
    for (let i = 0; i < 33; i++) filter.remember(nth(i), 0);
    expect([0, 1, 32].map((i) => filter.isCopy(nth(i), 0))).toEqual([false, true, true]);
  });

  it('knows no copy before it remembers anything', () => {
    expect(new CopyFilter(new CopyRows()).isCopy(segment(DATA), 0)).toBe(false);
  });
});
