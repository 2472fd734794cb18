/**
 * Redaction of link layers and of what wraps packets in packets. Each returns the offset behind what is kept.
 * The trap: reserved fields and options of tunnels carry policies and names of customers; they become zeros.
 */
import type { LayerSpan } from '../../packet/wire/decode.ts';
import { ERSPAN_TYPE_II, ERSPAN_TYPE_III } from '../../packet/wire/gre.ts';
import type { Rewriting } from './rewriting.ts';

const MAC_LENGTH = 6;
/** Bytes for an address in a Linux cooked header, however long it is. */
const COOKED_ADDRESS = 8;
/** Checksum and source routes: their fields are not rewritten here. */
const GRE_MORE = 0xc000;

export function rewriteEthernet(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.ethernetEnds(at);
  return end;
}

/** Linux cooked, both kinds; `addressAt` is where the address stands in the header. */
export function rewriteSll(packet: Rewriting, { at, end }: LayerSpan, addressAt: 6 | 12): number {
  const address = at + addressAt;
  // One byte or two, and the address right behind it.
  const length = addressAt === 6 ? packet.view.getUint16(address - 2) : packet.view.getUint8(address - 1);
  // Tunnels have IP addresses there.
  const isMac = length === MAC_LENGTH;
  if (isMac) packet.mac(address);
  packet.fill(address + (isMac ? MAC_LENGTH : 0), address + COOKED_ADDRESS, 0);
  if (addressAt === 12) packet.fill(at + 2, at + 4, 0);
  return end;
}

export function rewriteVxlan(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.fill(at + 1, at + 4, 0);
  packet.fill(at + 7, at + 8, 0);
  return end;
}

/** Zeros are options of no kind and no length (RFC 8926, section 3.5). */
export function rewriteGeneve(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.fill(at + 7, end, 0);
  return end;
}

export function rewriteGre({ view }: Rewriting, { at, end }: LayerSpan): number {
  const protocol = view.getUint16(at + 2);
  const isMirror = protocol === ERSPAN_TYPE_II || protocol === ERSPAN_TYPE_III;
  return isMirror || (view.getUint16(at) & GRE_MORE) !== 0 ? at : end;
}
