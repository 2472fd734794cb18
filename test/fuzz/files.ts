/** Packets as the bytes of a capture file, in any of the forms that readers meet. */
import { createPcapWriter, type WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { createPcapngWriter, type PcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { concat } from '../../packet/wire/bytes.ts';
import { pick, type Random } from './mutations.ts';

export function toPcap(packets: readonly WrittenPacket[], linkType: number, random: Random): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk), {
    linkType,
    nanoseconds: random(2) === 0,
    bigEndian: random(4) === 0,
    snaplen: pick(random, [262_144, 262_144, 96, 0xffffffff]),
  });
  // Seconds of a pcap are unsigned; what lies before 1970 is written as they wrap.
  for (const packet of packets) writer.packet({ ...packet, time: BigInt.asUintN(62, packet.time) });
  return concat(...chunks);
}

/** µs, ns, s, 2^-10 s, 2^-63 s, 10^-20 s. */
const RESOLUTIONS = [undefined, 6, 9, 9, 0, 0x8a, 0xbf, 20];

/** Several sections and interfaces, with what else a pcapng holds strewn in between. */
export function toPcapng(packets: readonly WrittenPacket[], linkType: number, random: Random): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk), { bigEndian: random(4) === 0 });
  let interfaces = addInterfaces(writer, linkType, random);
  for (const packet of packets) {
    if (random(60) === 0) {
      writer.section({ bigEndian: random(2) === 0, comments: ['another'] });
      interfaces = addInterfaces(writer, linkType, random);
    }
    if (random(20) === 0) addOther(writer, packet.time, random(interfaces), random);
    if (random(40) === 0) writer.simplePacket(packet);
    else writer.packet({ ...packet, interfaceId: random(interfaces) });
  }
  if (random(2) === 0) addOther(writer, packets.at(-1)?.time ?? 0n, 0, random);
  return concat(...chunks);
}

function addInterfaces(writer: PcapngWriter, linkType: number, random: Random): number {
  const count = 1 + random(3);
  for (let i = 0; i < count; i++) {
    const resolution = pick(random, RESOLUTIONS);
    writer.addInterface({
      linkType: random(30) === 0 ? random(300) : linkType,
      snaplen: pick(random, [0, 0, 96, 262_144]),
      name: `eth${i}`,
      ...(resolution === undefined ? {} : { resolution }),
      ...(random(8) === 0 ? { offsetSeconds: pick(random, [3600n, -3600n, 2n ** 40n, -(2n ** 63n)]) } : {}),
    });
  }
  return count;
}

function addOther(writer: PcapngWriter, time: bigint, interfaceId: number, random: Random): void {
  const endTime = time + pick(random, [0n, 60_000_000_000n, -60_000_000_000n, 2n ** 62n]);
  switch (random(4)) {
    case 0:
      writer.statistics({ interfaceId, time, endTime, interfaceDropped: BigInt(random(1000)) });
      break;
    case 1:
      writer.names([[Uint8Array.of(10, 0, 0, random(256)), ['a.example.net', '\x1b[31m']]]);
      break;
    case 2:
      writer.block(pick(random, [0x0bad, 9, 0x204, 0x1234]), new Uint8Array(4 * random(20)));
      break;
    default:
      writer.block(random(2 ** 32), new Uint8Array(4 * random(20)));
  }
}
