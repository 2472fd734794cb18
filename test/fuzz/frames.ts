/**
 * Random frames that a program might send: every link layer, tag, tunnel,
 * extension header and protocol that is decoded, and TCP between a few hosts
 * whose numbers mean nothing.
 */
import type { WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { LinkType } from '../../packet/link-type.ts';
import {
  buildArp,
  buildIcmp,
  buildNeighbour,
  buildTcp,
  buildUdp,
  buildVrrp,
  type Envelope,
  type LinkName,
  type TcpFrame,
  type Tunnel,
} from '../../packet/wire/build.ts';
import { pick, type Random } from './mutations.ts';

export const LINK_TYPES: Record<LinkName, number> = {
  ethernet: LinkType.Ethernet,
  sll: LinkType.LinuxSll,
  sll2: LinkType.LinuxSll2,
  null: LinkType.Null,
  'null-swapped': LinkType.Null,
  loop: LinkType.Loop,
  raw: LinkType.Raw,
};
export const LINKS = Object.keys(LINK_TYPES) as LinkName[];

const TUNNELS: readonly Tunnel['type'][] = ['vxlan', 'geneve', 'gre', 'erspan2', 'erspan3', 'ipip'];
const HOSTS_V4 = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.7'];
const HOSTS_V6 = ['fd00::1', 'fd00::2', 'fd00::3', '2001:db8::7'];
const PORTS = [0, 22, 80, 443, 1024, 40_000, 40_001, 65_535];
const WORDS = [0, 1, 1000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
const TEXTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01',
];
const GAPS = [
  0n,
  1_000n,
  1_000_000n,
  200_000_000n,
  1_100_000_000n,
  3_000_000_000n,
  40_000_000_000n,
  -5_000_000n,
];

/** `count` frames of one link type, in order. */
export function randomFrames(random: Random, link: LinkName, count: number): WrittenPacket[] {
  const packets: WrittenPacket[] = [];
  let time = 1_790_000_000_000_000_000n;
  for (let i = 0; i < count; i++) {
    time += pick(random, GAPS);
    const data = randomFrame(random, envelopeOf(random, link));
    packets.push({ time, data, originalLength: data.length });
  }
  return packets;
}

function randomFrame(random: Random, envelope: Envelope): Uint8Array {
  const { source = '', destination = '' } = envelope;
  switch (random(12)) {
    case 0:
      return buildUdp({ ...envelope, payload: random(200) });
    case 1: {
      const body = buildTcp({ ...segmentOf(random), source: destination, destination: source, link: 'raw' });
      return buildIcmp({ ...envelope, type: random(16), code: random(16), mtu: random(2000), body });
    }
    case 2:
      return buildArp({
        ...linkOf(envelope),
        senderAddress: pick(random, HOSTS_V4),
        senderMac: macOf(random),
      });
    case 3:
      return buildNeighbour({ ...linkOf(envelope), target: pick(random, HOSTS_V6), mac: macOf(random) });
    case 4:
      return buildVrrp({
        ...linkOf(envelope),
        source: pick(random, [...HOSTS_V4, ...HOSTS_V6]),
        id: random(3),
      });
    default:
      return buildTcp({ ...envelope, ...segmentOf(random) });
  }
}

const linkOf = ({ link, sourceMac }: Envelope): Pick<Envelope, 'link' | 'sourceMac'> => ({
  link: link ?? 'ethernet',
  ...(sourceMac === undefined ? {} : { sourceMac }),
});

const macOf = (random: Random): string => `02:00:00:00:00:0${random(9)}`;

function envelopeOf(random: Random, link: LinkName): Envelope {
  const hosts = random(3) === 0 ? HOSTS_V6 : HOSTS_V4;
  const plain: Envelope = {
    link,
    source: pick(random, hosts),
    destination: pick(random, hosts),
    sourceMac: macOf(random),
    ttl: pick(random, [1, 62, 63, 64, 127, 255]),
    ipId: random(65_536),
    packetType: random(5),
    deviceIndex: random(4),
  };
  switch (random(10)) {
    case 0:
      return { ...plain, tunnels: Array.from({ length: 1 + random(6) }, () => tunnelOf(random)) };
    case 1:
      return link === 'ethernet'
        ? { ...plain, vlans: [random(4096), { id: random(4096), type: 0x88a8 }] }
        : plain;
    case 2:
      return { ...plain, fragment: { offset: 8 * random(4), length: 8 * (1 + random(20)) } };
    case 3:
      return { ...plain, ipLength: pick(random, [0, 1, 19, 20, 40, 65_535]) };
    case 4:
      return { ...plain, padTo: random(200) };
    default:
      return plain;
  }
}

function tunnelOf(random: Random): Tunnel {
  return { type: pick(random, TUNNELS), ethernet: random(2) === 0 };
}

function segmentOf(random: Random): TcpFrame {
  return {
    sourcePort: pick(random, PORTS),
    destinationPort: pick(random, PORTS),
    seq: random(3) === 0 ? random(2 ** 32) : (pick(random, WORDS) + random(3000)) >>> 0,
    ack: random(3) === 0 ? random(2 ** 32) : (pick(random, WORDS) + random(3000)) >>> 0,
    flags: random(3) === 0 ? random(512) : pick(random, [0x02, 0x12, 0x10, 0x10, 0x18, 0x11, 0x04, 0x14]),
    window: pick(random, [0, 1, 500, 65_535]),
    options: optionsOf(random),
    payload: random(3) === 0 ? pick(random, TEXTS) : pick(random, [0, 0, 1, 1448, 9000]),
  };
}

function optionsOf(random: Random): NonNullable<TcpFrame['options']> {
  switch (random(4)) {
    case 0:
      return { mss: random(65_536), windowScale: random(256), sackPermitted: true };
    case 1:
      return { sack: [{ left: random(2 ** 32), right: random(2 ** 32) }] };
    case 2:
      return { timestamps: { value: random(2 ** 32), echo: random(2 ** 32) } };
    default:
      return {};
  }
}
