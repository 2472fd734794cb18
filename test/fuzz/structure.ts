/**
 * Mutations that know what a capture file is made of: records of a pcap, blocks of a pcapng. Units are
 * doubled, left out, swapped and taken over from another file, of the other byte order too; lengths, types
 * and counts inside a unit get numbers at their edges. What is left is almost a capture, which is
 * where readers go wrong.
 */
import { concat } from '../../packet/wire/bytes.ts';
import { EDGES, pick, type Random } from './mutations.ts';

const PCAP_HEAD = 24;
const RECORD_HEAD = 16;
const SECTION = 0x0a0d0d0a;
const BIG_ENDIAN_SECTION = 0x1a2b3c4d;
const MOST_UNITS = 400;

/** The file's header, then its records or blocks, as far as they are whole. */
export function splitCapture(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < PCAP_HEAD) return [bytes];
  const isNg = view.getUint32(0) === SECTION;
  let littleEndian = (view.getUint8(0) & 0xf0) !== 0xa0;
  const units: Uint8Array[] = isNg ? [] : [bytes.subarray(0, PCAP_HEAD)];
  let at = isNg ? 0 : PCAP_HEAD;
  const head = isNg ? 12 : RECORD_HEAD;
  while (at + head <= bytes.length && units.length < MOST_UNITS) {
    // Each section of a pcapng has a byte order of its own.
    if (isNg && view.getUint32(at) === SECTION) littleEndian = view.getUint32(at + 8) !== BIG_ENDIAN_SECTION;
    const length = isNg ? view.getUint32(at + 4, littleEndian) : head + view.getUint32(at + 8, littleEndian);
    const end = at + Math.max(head, length);
    if (end > bytes.length) break;
    units.push(bytes.subarray(at, end));
    at = end;
  }
  if (at < bytes.length && units.length < MOST_UNITS) units.push(bytes.subarray(at));
  return units;
}

type Mutation = (units: Uint8Array[], other: readonly Uint8Array[], random: Random) => Uint8Array[];

export const STRUCTURE_MUTATIONS: Record<string, Mutation> = {
  'a unit twice': (units, _, random) => {
    const at = random(units.length);
    return units.toSpliced(at, 0, ...Array.from({ length: 1 + random(3) }, () => units[at]!));
  },
  'a unit missing': (units, _, random) => units.toSpliced(random(units.length), 1),
  'units swapped': (units, _, random) => {
    const [a, b] = [random(units.length), random(units.length)];
    return units.with(a, units[b]!).with(b, units[a]!);
  },
  'a unit of another file': (units, other, random) =>
    units.toSpliced(random(units.length + 1), random(2), pick(random, other)),
  'spliced with another file': (units, other, random) => [
    ...units.slice(0, random(units.length + 1)),
    ...other.slice(random(other.length)),
  ],
  'a word of a unit': (units, _, random) => {
    const at = random(units.length);
    return units.with(at, withWord(units[at]!, random));
  },
  'words at the beginning of units': (units, _, random) =>
    units.map((unit) => (random(6) === 0 ? withWord(unit.slice(0), random, 32) : unit)),
  'a unit cut': (units, _, random) => {
    const at = random(units.length);
    return units.with(at, units[at]!.subarray(0, random(units[at]!.length + 1)));
  },
  'a unit grown': (units, _, random) => {
    const at = random(units.length);
    return units.with(at, concat(units[at]!, new Uint8Array(4 * random(40))));
  },
  'the byte order of a unit': (units, _, random) => {
    const at = random(units.length);
    return units.with(at, swapped(units[at]!, 4 * (1 + random(8))));
  },
};

/** Some of those, on `bytes`; `other` is what is spliced in. */
export function mutateStructure(
  bytes: Uint8Array,
  other: Uint8Array,
  random: Random,
): { story: string[]; bytes: Uint8Array } {
  let units = splitCapture(bytes);
  const from = splitCapture(other);
  const story: string[] = [];
  for (let n = 1 + random(5); n > 0 && units.length > 0; n--) {
    const [name, mutate] = pick(random, Object.entries(STRUCTURE_MUTATIONS));
    story.push(name);
    units = mutate(units, from, random);
  }
  return { story, bytes: concat(...units) };
}

/** One aligned word, among the first `within` bytes, or the last, where a block says its length again. */
function withWord(unit: Uint8Array, random: Random, within = unit.length): Uint8Array {
  if (unit.length < 4) return unit;
  const copy = unit.slice();
  const view = new DataView(copy.buffer);
  const words = Math.floor(Math.min(within, copy.length) / 4);
  const at = random(5) === 0 ? copy.length - 4 : 4 * random(words);
  const littleEndian = random(4) !== 0;
  const value = view.getUint32(at, littleEndian);
  const changed = pick(random, [
    value + 1,
    value - 1,
    value + 4,
    value - 4,
    value * 2,
    pick(random, EDGES),
    random(2 ** 32),
  ]);
  if (random(3) === 0) view.setUint16(at + 2 * random(2), changed & 0xffff, littleEndian);
  else view.setUint32(at, changed >>> 0, littleEndian);
  return copy;
}

/** Its first `count` bytes, word by word, in the other order. */
function swapped(unit: Uint8Array, count: number): Uint8Array {
  const copy = unit.slice();
  for (let at = 0; at + 4 <= Math.min(count, copy.length); at += 4) copy.subarray(at, at + 4).reverse();
  return copy;
}
