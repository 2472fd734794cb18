/** The default filter, as tcpdump compiles it for each kind of interface: what it promises is kept, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../../server/jobs/test-worker.ts';
import { DEFAULT_FILTER } from '../config.ts';
import { arp, canCapture, makeNamespace, type TestCollector, type TestNamespace } from './test-namespace.ts';

const [IP, IP6, ARP] = [0x0800, 0x86dd, 0x0806];
const [ICMP, TCP, UDP, ICMP6, VRRP] = [1, 6, 17, 58, 112];

const u16 = (value: number): number[] => [value >> 8, value & 0xff];

const ipv4 = (protocol: number, payload: readonly number[], fragment = 0): number[] => [
  ...[0x45, 0, ...u16(20 + payload.length), 0, 1, ...u16(fragment), 64, protocol, 0, 0],
  ...[10, 0, 0, 1, 10, 0, 0, 2],
  ...payload,
];
const ipv6 = (next: number, payload: readonly number[]): number[] => [
  ...[0x60, 0, 0, 0, ...u16(payload.length), next, 64],
  ...Array.from({ length: 32 }, (_, i) => (i % 16 === 0 ? 0xfd : i % 16 === 15 ? 1 : 0)),
  ...payload,
];
const tcp = [
  ...u16(40_000),
  ...u16(80),
  ...new Array<number>(8).fill(0),
  0x50,
  2,
  ...new Array<number>(6).fill(0),
];
const udp = (from: number, to: number): number[] => [...u16(from), ...u16(to), 0, 12, 0, 0, 1, 2, 3, 4];
/** An extension header of 8 bytes. */
const extension = (next: number, rest: readonly number[]): number[] => [next, 0, 1, 4, 0, 0, 0, 0, ...rest];
const vlan = (type: number, payload: readonly number[]): number[] => [0, 5, ...u16(type), ...payload];

const KEPT: Readonly<Record<string, readonly [type: number, payload: readonly number[]]>> = {
  'TCP over IPv4': [IP, ipv4(TCP, tcp)],
  'TCP over IPv6': [IP6, ipv6(TCP, tcp)],
  'a fragment of it that is not the first': [IP, ipv4(TCP, [1, 2, 3, 4, 5, 6, 7, 8], 0x00b9)],
  'a first fragment of it': [IP, ipv4(TCP, tcp, 0x2000)],
  'a later fragment of anything': [IP, ipv4(UDP, [1, 2, 3, 4, 5, 6, 7, 8], 0x0001)],
  ICMP: [IP, ipv4(ICMP, [3, 4, 0, 0, 0, 0, 5, 0xdc])],
  'ICMPv6, packet too big': [IP6, ipv6(ICMP6, [2, 0, 0, 0, 0, 0, 5, 0xdc])],
  'a neighbour solicitation': [IP6, ipv6(ICMP6, [135, ...new Array<number>(23).fill(0)])],
  'a listener report, behind hop-by-hop options': [
    IP6,
    ipv6(0, extension(ICMP6, [143, 0, 0, 0, 0, 0, 0, 0])),
  ],
  'TCP behind a routing header': [IP6, ipv6(43, extension(TCP, tcp))],
  'TCP behind destination options': [IP6, ipv6(60, extension(TCP, tcp))],
  'a fragment over IPv6': [IP6, ipv6(44, [TCP, 0, 0, 9, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8])],
  'VRRP over IPv4': [IP, ipv4(VRRP, [0x31, 1, 100, 1, 0, 100, 0, 0, 10, 0, 0, 9])],
  'VRRP over IPv6': [IP6, ipv6(VRRP, [0x31, 1, 100, 1, 0, 100, 0, 0, ...new Array<number>(16).fill(0)])],
  ARP: [ARP, [...arp(9).subarray(14)]],
  'a DNS question': [IP, ipv4(UDP, udp(50_000, 53))],
  'a DNS answer over IPv6': [IP6, ipv6(UDP, udp(53, 50_000))],
  QUIC: [IP, ipv4(UDP, udp(50_000, 443))],
  "conntrackd's state": [IP, ipv4(UDP, udp(3780, 3780))],
  'a heartbeat': [IP, ipv4(UDP, udp(7879, 7879))],
  'TCP behind a VLAN tag': [0x8100, vlan(IP, ipv4(TCP, tcp))],
  'ARP behind a VLAN tag': [0x8100, vlan(ARP, [...arp(8).subarray(14)])],
  'TCP over IPv6 behind two VLAN tags': [0x88a8, vlan(0x8100, vlan(IP6, ipv6(TCP, tcp)))],
};
const LEFT: typeof KEPT = {
  'UDP of others': [IP, ipv4(UDP, udp(50_000, 9999))],
  'UDP of others over IPv6': [IP6, ipv6(UDP, udp(50_000, 9999))],
  'a first fragment of others': [IP, ipv4(UDP, udp(50_000, 9999), 0x2000)],
  'another kind of frame': [0x88cc, [1, 2, 3, 4]],
};
const NAMES = [...Object.keys(KEPT), ...Object.keys(LEFT)];
const END = 0xee;

/** The name's number is the last byte of the sender, which every link type keeps. */
function frame(id: number, [type, payload]: readonly [number, readonly number[]]): Uint8Array {
  const bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, id, ...u16(type), ...payload];
  return Uint8Array.from([...bytes, ...new Array<number>(Math.max(0, 60 - bytes.length)).fill(0)]);
}

describe.skipIf(!canCapture)('the default filter, with tcpdump as root in a network namespace', () => {
  let namespace: TestNamespace;
  let collector: TestCollector;
  const devices = ['v0', 'lo', 'any'];

  beforeAll(async () => {
    namespace = makeNamespace(await bundled('collector/engine/test-collector.ts'));
    namespace.ip('link set v1 address 02:00:00:00:00:77');
    const plan = { filter: DEFAULT_FILTER, snaplen: 256, buffer: 2_000_000, vantage: 'node-a.in' };
    collector = await namespace.collect({ captures: devices.map((of) => ({ ...plan, interface: of })) });
    for (const of of devices) await collector.heard(of, (said) => said.sink === 'begin' && said.of === of);
    const frames = Object.values({ ...KEPT, ...LEFT }).map((of, id) => frame(id, of));
    const end = frame(END, KEPT.ARP!);
    namespace.send('v1', [...frames, end]);
    namespace.send('lo', [...frames, end]);
    for (const of of devices)
      await collector.heard(
        `end on ${of}`,
        (said) => said.sink === 'packet' && said.of === of && idOf(said) === END,
      );
  });
  afterAll(async () => {
    await namespace?.close();
  });

  /** Of frames that are the test's: the kernel sends some itself. */
  function idOf(said: Readonly<Record<string, unknown>>): number | null {
    const at = said.of === 'any' ? 12 : 6;
    const sender = Buffer.from(String(said.hex), 'hex').subarray(at, at + 6);
    return sender.readUIntBE(0, 5) === 0x02_0000_0000 ? sender[5]! : null;
  }

  it.each(devices)('keeps on %s what it promises, and nothing else', (of) => {
    const ids = collector.said.flatMap((said) =>
      said.sink === 'packet' && said.of === of ? (idOf(said) ?? []) : [],
    );
    const kept = NAMES.filter((_, id) => ids.includes(id));
    expect(kept).toEqual(Object.keys(KEPT));
  });
});
