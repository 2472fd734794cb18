import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../packet/address.ts';
import { recordOf } from '../../../packet/wire/build.ts';
import { decodeFrame } from '../../../packet/wire/decode.ts';
import { Frame, FrameKind } from '../../../packet/wire/frame.ts';
import { announcementFrames } from './announcement.ts';
import { parseLinks } from './links.ts';

const MAC = '02:00:00:00:00:aa';
const MAC_NUMBER = 0x0200_0000_00aa;
const decoded = (bytes: Uint8Array): Frame => {
  const frame = new Frame();
  decodeFrame(recordOf(bytes), frame);
  return frame;
};

describe('an announcement', () => {
  it('of an IPv4 address is a gratuitous request and a gratuitous reply, to everybody', () => {
    const [word] = parseAddress('10.0.1.1')!.words;
    const frames = announcementFrames('10.0.1.1', MAC).map(decoded);
    expect(frames.map((frame) => frame.arpOperation)).toEqual([1, 2]);
    for (const frame of frames) {
      expect(frame).toMatchObject({ kind: FrameKind.Arp, arpSenderMac: MAC_NUMBER, macSource: MAC_NUMBER });
      expect(frame.macDestination).toBe(0xffff_ffff_ffff);
      expect([frame.arpAddress[0], frame.arpAddress[4]]).toEqual([word, word]);
    }
  });

  it('of an IPv6 address is an unsolicited advertisement of a router that overrides', () => {
    const [bytes, ...more] = announcementFrames('fd00:0:0:1::1', MAC);
    const frame = decoded(bytes!);
    expect(more).toEqual([]);
    expect(frame).toMatchObject({
      icmpType: 136,
      arpSenderMac: MAC_NUMBER,
      macDestination: 0x3333_0000_0001,
    });
    expect([...frame.arpAddress.subarray(0, 4)]).toEqual([...parseAddress('fd00:0:0:1::1')!.words]);
    // Router and override, not solicited (RFC 4861, section 4.4): Ethernet 14, IPv6 40, ICMPv6 4.
    expect(bytes![58]).toBe(0xa0);
    // Neighbour discovery is valid only with this hop limit (section 7.1.2).
    expect(bytes![21]).toBe(255);
  });
});

describe('interfaces', () => {
  it('are read with what was configured on them', () => {
    const text = JSON.stringify([
      {},
      { ifname: 'lo', flags: ['LOOPBACK'], address: '00:00:00:00:00:00', addr_info: [] },
      {
        ifname: 'in',
        flags: ['BROADCAST', 'UP'],
        address: MAC,
        addr_info: [
          { family: 'inet', local: '10.0.1.1', prefixlen: 24, scope: 'global' },
          { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
        ],
      },
    ]);
    expect(parseLinks(text)).toEqual([
      { name: 'lo', mac: '00:00:00:00:00:00', isUp: false, addresses: [] },
      { name: 'in', mac: MAC, isUp: true, addresses: ['10.0.1.1/24'] },
    ]);
    expect(parseLinks('')).toEqual([]);
  });
});
