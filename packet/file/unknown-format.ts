/**
 * Says what a file that is no capture looks like, from its first bytes, so that
 * the user knows at once which mistake it was: the wrong file, still compressed,
 * or a capture of a kind that has to be converted first.
 */
import type { ProblemKind } from '../problem.ts';

export interface UnknownFormat {
  readonly kind: ProblemKind;
  readonly code: 'empty-file' | 'not-a-capture';
  readonly message: string;
}

/** Magic bytes of what people hand to a capture tool by mistake, and what to do about it. */
const LOOKS_LIKE: readonly (readonly [magic: readonly number[], what: string])[] = [
  [[0x1f, 0x8b], 'it is gzip inside another compression; decompress it with "gzip -dc" first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is zstd inside another compression; decompress it with "zstd -dc" first'],
  [[0x04, 0x22, 0x4d, 0x18], 'it is lz4 inside another compression; decompress it with "lz4 -dc" first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'it is xz; decompress it with "xz -dc" first'],
  [[0x42, 0x5a, 0x68], 'it is bzip2; decompress it with "bzip2 -dc" first'],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a zip archive; unpack it first'],
  [ascii('GMBU'), 'it is a Microsoft Network Monitor 2 capture; convert it with "editcap -F pcapng"'],
  [ascii('RTSS'), 'it is a Microsoft Network Monitor 1 capture; convert it with "editcap -F pcapng"'],
  [ascii('snoop\0\0\0'), 'it is a Solaris snoop capture; convert it with "editcap -F pcapng"'],
  [ascii('btsnoop\0'), 'it is a Bluetooth btsnoop capture, which holds no TCP'],
  [ascii('TRSNIFF data'), 'it is a Sniffer capture; convert it with "editcap -F pcapng"'],
  [ascii('XCP\0'), 'it is a NetXRay capture; convert it with "editcap -F pcapng"'],
  [ascii('\x7fELF'), 'it is a program'],
  [ascii('%PDF'), 'it is a PDF document'],
];

/** `head` holds the first bytes of the file, up to some tens; all of it where the file is shorter. */
export function explainUnknown(head: Uint8Array): UnknownFormat {
  if (head.length === 0) return { kind: 'truncated', code: 'empty-file', message: 'The file is empty.' };
  return {
    kind: 'unsupported',
    code: 'not-a-capture',
    message: `This is no pcap or pcapng file: ${describe(head)}.`,
  };
}

function describe(head: Uint8Array): string {
  for (const [magic, what] of LOOKS_LIKE) {
    if (magic.every((byte, i) => head[i] === byte)) return what;
  }
  if (looksLikeErf(head)) return 'it may be an Endace ERF capture; convert it with "editcap -F pcapng"';
  if (isText(head)) return 'it is text';
  if (head.every((byte) => byte === 0)) return 'it begins with zeros';
  const hex = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `it begins with ${hex}`;
}

/** ERF has no magic: an Ethernet record's type 2 at byte 8, and a record length that holds its own header and the wire length's order of size. */
function looksLikeErf(head: Uint8Array): boolean {
  if (head.length < 18 || (head[8]! & 0x7f) !== 2) return false;
  const recordLength = (head[10]! << 8) | head[11]!;
  const wireLength = (head[14]! << 8) | head[15]!;
  return recordLength >= 18 && wireLength > 0 && recordLength <= wireLength + 32;
}

/** UTF-8 without control characters; the last character may be cut. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => (byte < 0x20 && !TEXT_CONTROLS.has(byte)) || byte === 0x7f)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Tab, line feed, carriage return. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d]);

function ascii(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}
