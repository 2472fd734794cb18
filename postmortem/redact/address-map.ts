/**
 * Addresses to addresses, the same for the same: so that a redacted report's filters work in the redacted capture. The
 * ranges are those that documentation uses (RFC 5737, RFC 3849), one for clients, one for servers, one for the rest.
 * The traps: what says only what it is for (broadcast, VRRP's group, loopback) stays, or nobody could read the capture;
 * the group that asks for an IPv6 neighbour holds its low 24 bits (RFC 4291, section 2.7.1), so these are mapped apart
 * from the rest; and no address that stands for another may be one that was there.
 */
import { type Address, formatAddress } from '../../packet/address.ts';

export type AddressRole = 'client' | 'server' | 'other';

/** Of 254 addresses each: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24. */
const RANGES: Record<AddressRole, number> = { client: 0xc0000200, server: 0xc6336400, other: 0xcb007100 };
const RANGE_SIZE = 254;
/** 240.0.0.0/4: reserved, so nobody has them; for what is beyond the ranges. */
const BEYOND = 0xf0000000;
/** 233.252.0.0/24, groups for documentation (RFC 6676), and what lies above. */
const GROUPS = 0xe9fc0000;
const DOCUMENTATION = 0x20010db8;
const LINK_LOCAL = 0xfe800000;
const LOW_24 = 0xffffff;

export class AddressMap {
  /** Originals as text, in the order in which they are to be numbered. */
  readonly #learned = new Map<string, { address: Address; role: AddressRole }>();
  readonly #mapped = new Map<string, Address>();
  readonly #taken = new Set<string>();
  readonly #used: Record<string, number> = {};
  /** First 104 bits, and last 24, of IPv6 addresses. */
  readonly #high = new Map<string, number>();
  readonly #low = new Map<number, number>();

  /** Before anything is mapped: in which order, and for whom. The first role of an address counts. */
  learn(address: Address, role: AddressRole): void {
    const text = textOf(address);
    if (!this.#learned.has(text)) this.#learned.set(text, { address, role });
  }

  /** Before anything is mapped: one that is there, and is numbered where it is met. It stands for no other. */
  reserve(address: Address): void {
    this.#taken.add(textOf(address));
    if (address.version === 6) this.#taken.add(highOf(address.words));
  }

  map(address: Address): Address {
    this.#assignLearned();
    return this.#of(address, 'other');
  }

  /** The low 24 bits of an IPv6 address, as its groups and their MACs hold them. */
  mapLow(low: number): number {
    this.#assignLearned();
    return numberOf(this.#low, low);
  }

  #assignLearned(): void {
    if (this.#learned.size === 0) return;
    const all = [...this.#learned];
    this.#learned.clear();
    for (const [, { address }] of all) this.reserve(address);
    for (const [, { address, role }] of all) this.#of(address, role);
  }

  #of(address: Address, role: AddressRole): Address {
    const text = textOf(address);
    const known = this.#mapped.get(text);
    if (known !== undefined) return known;
    const made = address.version === 4 ? this.#ipv4(address, role) : this.#ipv6(address);
    this.#mapped.set(text, made);
    return made;
  }

  #ipv4(address: Address, role: AddressRole): Address {
    const word = address.words[0]!;
    if (saysOnlyWhatFor(word)) return address;
    if (word >>> 28 === 14) return this.#next('groups', (n) => GROUPS + n);
    return this.#next(role, (n) => (n <= RANGE_SIZE ? RANGES[role] + n : null));
  }

  /** The next one of a range that is nobody's; those beyond where it is used up. */
  #next(range: string, at: (n: number) => number | null): Address {
    for (;;) {
      const n = (this.#used[range] ?? 0) + 1;
      this.#used[range] = n;
      const word = at(n);
      if (word === null) return this.#next('beyond', (beyond) => BEYOND + beyond);
      const made = ipv4(word);
      if (!this.#taken.has(textOf(made))) return made;
    }
  }

  #ipv6(address: Address): Address {
    const [first = 0, second = 0, third = 0, last = 0] = address.words;
    // ::, ::1 and groups of protocols, such as ff02::1.
    if ((first === 0 || first >>> 24 === 0xff) && second === 0 && third === 0 && last < 0x10000)
      return address;
    if (holdsIpv4(address.words)) {
      const inner = this.#of(ipv4(last), 'other');
      return ipv6(first, second, third, inner.words[0]!);
    }
    const low = numberOf(this.#low, last & LOW_24);
    if (first >>> 24 === 0xff && second === 0 && third === 1 && last >>> 24 === 0xff)
      return ipv6(first, second, third, (0xff000000 | low) >>> 0);
    return ipv6(prefixOf(first), 0, this.#highNumber(address.words), low);
  }

  #highNumber(words: Uint32Array): number {
    const key = highOf(words);
    const known = this.#high.get(key);
    if (known !== undefined) return known;
    const prefix = prefixOf(words[0]!);
    do this.#used.high = (this.#used.high ?? 0) + 1;
    while (this.#taken.has(highOf(ipv6(prefix, 0, this.#used.high, 0).words)));
    this.#high.set(key, this.#used.high);
    return this.#used.high;
  }
}

const textOf = ({ words, version }: Address): string => formatAddress(words, 0, version);

function ipv4(word: number): Address {
  const words = new Uint32Array(4);
  words[0] = word;
  return { version: 4, words };
}

const ipv6 = (...words: [number, number, number, number]): Address => ({
  version: 6,
  words: Uint32Array.from(words),
});

/** Its number by order of appearance, from 1. */
function numberOf<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size + 1);
  return numbers.size;
}

const highOf = (words: Uint32Array): string =>
  `${words[0]}:${words[1]}:${words[2]}:${(words[3] ?? 0) >>> 24}`;

/** Unspecified, loopback, broadcast, and groups of protocols on the link (224.0.0.0/24). */
const saysOnlyWhatFor = (word: number): boolean =>
  word === 0 || word === 0x7f000001 || word === 0xffffffff || word >>> 8 === 0xe00000;

/** ::ffff:0:0/96 (RFC 4291) and 64:ff9b::/96 (RFC 6052). */
function holdsIpv4([first = 0, second = 0, third = 0]: Uint32Array): boolean {
  if (second !== 0) return false;
  return (first === 0 && third === 0xffff) || (first === 0x0064ff9b && third === 0);
}

/** Scope stays: on the link, a group of this scope, or anywhere. */
function prefixOf(first: number): number {
  if (first >>> 24 === 0xff) return (first & 0xffff0000) >>> 0;
  return first >>> 22 === LINK_LOCAL >>> 22 ? LINK_LOCAL : DOCUMENTATION;
}
