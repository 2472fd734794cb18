/**
 * MACs to MACs that are administered locally. Group addresses of protocols stay, and so do VRRP's virtual ones (RFC 9568,
 * section 7.3): they tell the number of the group and nothing else.
 * The trap: the MAC of an IP group is made of the group's address, so it is made again of what that was mapped to.
 */
import { isGroup } from '../../packet/address.ts';
import type { AddressMap } from './address-map.ts';

const UNICAST = 0x0a005e000000;
const GROUP = 0x0b005e000000;
const BROADCAST = 0xffffffffffff;
const TWO_24 = 0x1000000;
const TWO_16 = 0x10000;
const TWO_8 = 0x100;

/** 01:80:c2:00:00, 01:00:5e:00:00, 33:33:00:00 (each with what follows), and both of VRRP. */
const FIVE_BYTES = new Set([0x0180c20000, 0x01005e0000, 0x00005e0001, 0x00005e0002]);
const FOUR_BYTES = 0x33330000;
/** 33:33:ff: the group that asks for a neighbour. */
const SOLICITED = 0x3333ff;

export class MacMap {
  readonly #addresses: AddressMap;
  readonly #mapped = new Map<number, number>();
  readonly #taken = new Set<number>();
  #used = 0;

  constructor(addresses: AddressMap) {
    this.#addresses = addresses;
  }

  /** Before anything is mapped: one that is there. */
  learn(mac: number): void {
    this.#taken.add(mac);
  }

  map(mac: number): number {
    if (saysOnlyWhatFor(mac)) return mac;
    if (Math.floor(mac / TWO_24) === SOLICITED)
      return SOLICITED * TWO_24 + this.#addresses.mapLow(mac % TWO_24);
    const known = this.#mapped.get(mac);
    if (known !== undefined) return known;
    const made = this.#next(isGroup(mac) ? GROUP : UNICAST);
    this.#mapped.set(mac, made);
    return made;
  }

  #next(base: number): number {
    do this.#used += 1;
    while (this.#taken.has(base + this.#used));
    return base + this.#used;
  }
}

function saysOnlyWhatFor(mac: number): boolean {
  if (mac === 0 || mac === BROADCAST) return true;
  return FIVE_BYTES.has(Math.floor(mac / TWO_8)) || Math.floor(mac / TWO_16) === FOUR_BYTES;
}

/** The MAC of a group's packets (RFC 1112, section 6.4; RFC 2464, section 7). */
export const macOfGroup = (version: 4 | 6, lastWord: number): number =>
  version === 4 ? 0x01005e000000 + (lastWord & 0x7fffff) : 0x333300000000 + lastWord;
