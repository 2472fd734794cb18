/**
 * Addresses as text. IPv6 follows RFC 5952: lower case, no leading zeros, `::`
 * for the longest run of two or more zero groups (the first of equals), and
 * dotted decimals for IPv4-mapped addresses.
 * The trap: a `Frame` keeps two addresses in one array of eight words, so
 * every function here takes the index of the first word.
 */

/** An address apart from any frame. IPv4 uses word 0, the rest are 0. */
export interface Address {
  readonly version: 4 | 6;
  readonly words: Uint32Array;
}

/** The address in `words`, starting at word `at`, as text. */
export function formatAddress(words: Uint32Array, at: 0 | 4, version: 4 | 6): string {
  return version === 4 ? formatIpv4(words[at]!) : formatIpv6(words, at);
}

/** A 48-bit MAC as six colon-separated hex bytes; an absent one (-1) as ''. */
export function formatMac(mac: number): string {
  if (mac < 0) return '';
  const hex = mac.toString(16).padStart(12, '0');
  return hex.replace(/..(?!$)/g, '$&:');
}

/** A MAC from six hex bytes separated by `:` or `-`; -1 for anything else. */
export function parseMac(text: string): number {
  if (!/^[\da-f]{2}([:-][\da-f]{2}){5}$/i.test(text)) return -1;
  return Number.parseInt(text.replace(/[:-]/g, ''), 16);
}

/** An IPv4 or IPv6 address from text; null for anything else (also for a zone such as `%eth0`). */
export function parseAddress(text: string): Address | null {
  const words = new Uint32Array(4);
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    if (word === null) return null;
    words[0] = word;
    return { version: 4, words };
  }
  const groups = parseIpv6(text);
  if (groups === null) return null;
  for (let i = 0; i < 4; i++) words[i] = groups[2 * i]! * 0x10000 + groups[2 * i + 1]!;
  return { version: 6, words };
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function formatIpv6(words: Uint32Array, at: number): string {
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff) {
    return `::ffff:${formatIpv4(words[at + 3]!)}`;
  }
  const groups: number[] = [];
  for (let i = at; i < at + 4; i++) groups.push(words[i]! >>> 16, words[i]! & 0xffff);
  const run = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return bytes.reduce((word, byte) => word * 256 + byte, 0);
}

/** Eight 16-bit groups, or null. */
function parseIpv6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group; without it all eight must be written.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Colon-separated hex groups; the last may be dotted decimals where `last` says it ends the address. */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const word = last && index === parts.length - 1 ? parseIpv4(part) : null;
    if (word === null) return null;
    groups.push(word >>> 16, word & 0xffff);
  }
  return groups;
}

/** Group bit of a MAC: broadcast or multicast. */
export const isGroup = (mac: number): boolean => mac >= 0 && (Math.floor(mac / 2 ** 40) & 1) === 1;
