/**
 * Many small pcap files as one, so that tshark starts once and not two hundred
 * times. The captures of the fixtures were all taken on the same few addresses;
 * so that no two share a stream, the first byte of every IPv4 address is made
 * one of its capture's own. Frames and streams are then those of the capture
 * on its own, but for where they begin to count.
 * The trap: an ICMP error quotes addresses, which must change too.
 */

/** The first byte of an address in the so many-th capture of its file, from 1 on, by what it is there. */
export type FirstByte = (byte: number, capture: number) => number;

/** The capture's number, whatever it was. */
const NUMBERED: FirstByte = (_byte, capture) => capture;
/** May be undone by itself, and so for few captures: those of one incident lie in networks that differ in higher bits. */
export const TURNED: FirstByte = (byte, capture) => byte ^ capture;
/** As it is: captures share streams, of which nothing is asked. */
export const UNCHANGED: FirstByte = (byte) => byte;

export interface NamedCapture {
  name: string;
  /** A little-endian pcap of Ethernet or SLL2. */
  bytes: Uint8Array;
}

export interface MergedCapture {
  bytes: Uint8Array;
  /** The captures in it, in order. */
  parts: { name: string; bytes: Uint8Array; frames: number }[];
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const IPV4 = 0x0800;
const ICMP = 1;
/** So that there is work for several tsharks; at most 223, the first bytes of unicast addresses. */
const PARTS = 50;

/** Merges captures that have the same link type and resolution; others go into another file. */
export function mergeCaptures(
  captures: readonly NamedCapture[],
  firstByte: FirstByte = NUMBERED,
): MergedCapture[] {
  const kinds = new Set(captures.map(kindOf));
  return [...kinds].flatMap((kind) => {
    const alike = captures.filter((capture) => kindOf(capture) === kind);
    return Array.from({ length: Math.ceil(alike.length / PARTS) }, (_, i) =>
      mergeAlike(alike.slice(i * PARTS, (i + 1) * PARTS), firstByte),
    );
  });
}

/** First byte of the magic number and of the link type. */
const kindOf = ({ bytes }: NamedCapture): string => `${bytes[0]} ${bytes[20]}`;

function mergeAlike(captures: readonly NamedCapture[], firstByte: FirstByte): MergedCapture {
  const size = captures.reduce((sum, { bytes }) => sum + bytes.length - FILE_HEADER, FILE_HEADER);
  const merged: MergedCapture = { bytes: new Uint8Array(size), parts: [] };
  merged.bytes.set(captures[0]?.bytes.subarray(0, FILE_HEADER) ?? []);
  let at = FILE_HEADER;
  for (const { name, bytes } of captures) {
    const part = merged.bytes.subarray(at, at + bytes.length - FILE_HEADER);
    part.set(bytes.subarray(FILE_HEADER));
    at += part.length;
    const linkHeader = bytes[20] === 1 ? 14 : 20;
    const number = merged.parts.length + 1;
    const frames = changeAddresses(part, linkHeader, (byte) => firstByte(byte, number));
    merged.parts.push({ name, bytes, frames });
  }
  return merged;
}

/** Returns the number of frames. */
function changeAddresses(
  records: Uint8Array,
  linkHeader: number,
  firstByte: (byte: number) => number,
): number {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  let frames = 0;
  for (let at = 0; at < records.length; frames++) {
    const frame = at + RECORD_HEADER;
    at = frame + view.getUint32(at + 8, true);
    const etherType = view.getUint16(frame + (linkHeader === 14 ? 12 : 0));
    if (etherType !== IPV4) continue;
    const ip = frame + linkHeader;
    const change = (header: number): void => {
      for (const at of [header + 12, header + 16]) records[at] = firstByte(records[at] ?? 0);
    };
    change(ip);
    const quoted = ip + 20 + 8;
    if (records[ip + 9] === ICMP && quoted + 20 <= at) change(quoted);
  }
  return frames;
}
