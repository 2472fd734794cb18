/**
 * A copy of one packet that is being rewritten: addresses and MACs replaced where they stand, checksums mended at the end.
 * The trap: a checksum covers what is inside, which may have one of its own (a quoted packet, a tunnel): the innermost first.
 */
import { type Address, isGroup } from '../../packet/address.ts';
import { readMac, viewOf, writeMac } from '../../packet/wire/bytes.ts';
import { internetChecksum, pseudoHeaderSum } from '../../packet/wire/checksum.ts';
import { IpProtocol } from '../../packet/wire/ip-protocol.ts';
import { macOfGroup } from './mac-map.ts';
import type { Redaction } from './redaction.ts';

interface Checksum {
  /** Where it stands. */
  readonly at: number;
  /** What it covers; bytes behind what is kept count as zeros. */
  readonly from: number;
  readonly end: number;
  readonly seed: number;
  /** 0 says that there is none, so the sum 0 has another form (RFC 768). */
  readonly zeroIsNone: boolean;
}

interface Ends {
  readonly source: Address;
  readonly destination: Address;
}

export class Rewriting {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Offset behind the last byte that is kept. Nothing is, unless somebody says so. */
  keep = 0;
  readonly #redaction: Redaction;
  readonly #checksums: Checksum[] = [];
  /** Of the innermost Ethernet: where its destination stands, and what it was. */
  #macTo: { at: number; mac: number } | null = null;
  /** Of the innermost IP header, as they are now. */
  #ends: Ends | null = null;

  constructor(bytes: Uint8Array, redaction: Redaction) {
    this.bytes = bytes.slice();
    this.view = viewOf(this.bytes);
    this.#redaction = redaction;
  }

  mac(at: number): void {
    writeMac(this.view, at, this.#redaction.macs.map(readMac(this.view, at)));
  }

  ethernetEnds(at: number): void {
    this.#macTo = { at, mac: readMac(this.view, at) };
    this.mac(at);
    this.mac(at + 6);
  }

  address(at: number, version: 4 | 6): Address {
    const words = new Uint32Array(4);
    const count = version === 4 ? 1 : 4;
    for (let i = 0; i < count; i++) words[i] = this.view.getUint32(at + 4 * i);
    const made = this.#redaction.addresses.map({ version, words });
    for (let i = 0; i < count; i++) this.view.setUint32(at + 4 * i, made.words[i] ?? 0);
    return made;
  }

  /** Source and destination of an IP header, and the MAC of the group that it may be for. */
  ipEnds(at: number, version: 4 | 6): void {
    const size = version === 4 ? 4 : 16;
    const lastAt = at + 2 * size - 4;
    const last = this.view.getUint32(lastAt);
    this.#ends = { source: this.address(at, version), destination: this.address(at + size, version) };
    const to = this.#macTo;
    this.#macTo = null;
    if (to === null || !isGroup(to.mac) || to.mac !== macOfGroup(version, last)) return;
    writeMac(this.view, to.at, macOfGroup(version, this.view.getUint32(lastAt)));
  }

  fill(from: number, end: number, value: number): void {
    this.bytes.fill(value, from, end);
  }

  /** Of the innermost IP header. */
  get version(): 4 | 6 {
    return this.#ends?.source.version ?? 4;
  }

  /** To be mended when all is rewritten. */
  checksum(at: number, from: number, end: number): void {
    this.#checksums.push({ at, from, end, seed: 0, zeroIsNone: false });
  }

  /** The same with the pseudo header of the innermost IP packet (RFC 9293, section 3.1; RFC 8200, section 8.1). */
  checksumOverEnds(at: number, from: number, length: number, protocol: number): void {
    const ends = this.#ends;
    const seed = ends === null ? 0 : pseudoHeaderSum(ends.source, ends.destination, protocol, length);
    const zeroIsNone = protocol === IpProtocol.Udp;
    this.#checksums.push({ at, from, end: from + length, seed, zeroIsNone });
  }

  /** What is kept, with its checksums. */
  finish(): Uint8Array {
    for (const { at, from, end, seed, zeroIsNone } of this.#checksums.reverse()) {
      // A header that was captured in part may lack the field.
      if (at + 2 > this.keep) continue;
      this.view.setUint16(at, 0);
      const covered = this.bytes.subarray(from, Math.min(end, this.keep));
      this.view.setUint16(at, internetChecksum(covered, seed) || (zeroIsNone ? 0xffff : 0));
    }
    return this.bytes.subarray(0, this.keep);
  }
}
