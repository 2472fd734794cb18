/**
 * The inputs of a fuzz run: number `n` is always the same bytes. Most are a real
 * capture with a few mutations; some are frames or segments made up, and some no
 * capture at all.
 */
import type { WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { createRandom, framesOf, randomSegments } from '../random-tcp.ts';
import type { BaseCapture } from './base-captures.ts';
import { toPcap, toPcapng } from './files.ts';
import { LINK_TYPES, LINKS, randomFrames } from './frames.ts';
import { BYTE_MUTATIONS, PACKET_MUTATIONS, pick, type Random } from './mutations.ts';

/** Where an input is said to have been taken; often nowhere. */
export const VANTAGES = [
  undefined,
  undefined,
  { host: 'client' },
  { host: 'server' },
  { host: 'node-b', side: 'out' as const },
];

export interface FuzzInput {
  /** What was done, for whoever has to understand a failure. */
  readonly story: string;
  readonly bytes: Uint8Array;
}

const ETHERNET = 1;

export function makeInput(seed: number, bases: readonly BaseCapture[]): FuzzInput {
  const random = createRandom(seed);
  for (let i = 0; i < 8; i++) random(2); // neighbouring seeds begin alike
  switch (random(20)) {
    case 0:
    case 1:
      return finish('random frames', ...madeUp(random), random);
    case 2:
      return finish(
        'random segments',
        framesOf(seed, randomSegments(seed, 20 + random(300))),
        ETHERNET,
        random,
      );
    case 3:
      return { story: 'bytes behind a magic', bytes: behindMagic(random) };
    default: {
      const base = pick(random, bases);
      return finish(base.name, [...base.packets], ETHERNET, random);
    }
  }
}

function madeUp(random: Random): [WrittenPacket[], number] {
  const link = pick(random, LINKS);
  return [randomFrames(random, link, 1 + random(200)), LINK_TYPES[link]];
}

/** Mutates the packets, writes them in some format, and now and then mutates the file. */
function finish(start: string, packets: WrittenPacket[], linkType: number, random: Random): FuzzInput {
  const story = [start];
  for (let n = random(5); n > 0 && packets.length > 0; n--) {
    const [name, mutate] = pick(random, Object.entries(PACKET_MUTATIONS));
    story.push(name);
    packets = mutate(packets, random);
  }
  if (random(40) === 0) {
    linkType = pick(random, [0, 12, 101, 108, 113, 228, 229, 276, random(65_536)]);
    story.push(`link type ${linkType}`);
  }
  const write = random(3) === 0 ? toPcapng : toPcap;
  story.push(write === toPcapng ? 'pcapng' : 'pcap');
  let bytes = write(packets, linkType, random);
  for (let n = Math.max(0, random(5) - 2); n > 0; n--) {
    const [name, mutate] = pick(random, Object.entries(BYTE_MUTATIONS));
    story.push(name);
    bytes = mutate(bytes, random);
  }
  return { story: story.join(', '), bytes };
}

const MAGICS = ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '34cdb2a1', '0a0d0d0a', '1f8b0800', ''];

function behindMagic(random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: random(4000) }, () => random(256));
  const magic = Buffer.from(pick(random, MAGICS), 'hex');
  bytes.set(magic.subarray(0, bytes.length));
  return bytes;
}
