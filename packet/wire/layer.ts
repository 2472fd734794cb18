/**
 * How decoders hand on: each reads its header at the cursor, moves the cursor
 * behind it, and returns which layer follows. `decode.ts` loops over that, so
 * no decoder calls another, nothing recurses, and nothing is allocated.
 * The trap: a cursor has two ends. `captured` bounds what may be read;
 * `reported` is where the packet ended on the wire, and may lie behind the
 * view. Both only shrink, and `captured` never exceeds `reported`.
 */
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { resetPacket } from './reset.ts';

export const Layer = {
  /** Nothing follows that is decoded. */
  Done: 0,
  Ethernet: 1,
  Sll: 2,
  Sll2: 3,
  Loopback: 4,
  Vlan: 5,
  Llc: 6,
  Mpls: 7,
  PppoeSession: 8,
  /** IPv4 or IPv6, as the first nibble says. */
  Ip: 9,
  Ipv6: 10,
  /** Hop-by-hop, routing, destination options: one shape. */
  Ipv6Extension: 11,
  Ipv6Fragment: 12,
  Authentication: 13,
  Tcp: 14,
  Udp: 15,
  Icmp: 16,
  Icmpv6: 17,
  Arp: 18,
  Vrrp: 19,
  Vxlan: 20,
  Geneve: 21,
  Gre: 22,
  IpInIp: 23,
} as const;
export type Layer = (typeof Layer)[keyof typeof Layer];

/** Where decoding stands in a frame. All positions are offsets in `view`. */
export class Cursor {
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  captured = 0;
  reported = 0;
  maxTunnelDepth = 0;
}

/** The packet ends at `end` at the latest: what lies behind it is padding. */
export function limitTo(cursor: Cursor, end: number): void {
  if (end < cursor.reported) cursor.reported = end;
  if (end < cursor.captured) cursor.captured = end;
}

/**
 * Goes one tunnel deeper: notes the outermost addresses and clears the fields
 * that the inner packet will fill. False, and nothing changed, at the limit.
 */
export function enterTunnel(cursor: Cursor, frame: Frame): boolean {
  if (frame.tunnelDepth >= cursor.maxTunnelDepth) return false;
  if (frame.tunnelDepth === 0) {
    frame.outerIpVersion = frame.ipVersion;
    frame.outerAddress.set(frame.address);
  }
  frame.tunnelDepth++;
  // What a fragment carries is incomplete however deep it is wrapped.
  const isFragment = frame.isFragment;
  resetPacket(frame);
  frame.isFragment = isFragment;
  if (isFragment) frame.kind = FrameKind.Fragment;
  return true;
}
