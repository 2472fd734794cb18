/**
 * One frame, decoded into plain numbers. `decodeFrame` (decode.ts) fills the
 * same `Frame` again and again, so that two million packets make no objects.
 * The trap: fields of a layer that the frame does not have keep their reset
 * values; look at `kind` first. With tunnels, the fields are the innermost
 * IP packet's; `outer*` says what carried it.
 */
import { type Nanos, NOT_SMALL } from '../time.ts';

/** What the innermost decoded layer is. */
export const FrameKind = {
  Other: 0,
  Tcp: 1,
  Udp: 2,
  /** ICMP or ICMPv6; `icmpType`, `icmpCode`, and the quoted packet's tuple where it has one. */
  Icmp: 3,
  Arp: 4,
  Vrrp: 5,
  /** A fragment that is not the first, or whose first was not complete enough to decode. */
  Fragment: 6,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** TCP flag bits as on the wire (RFC 9293), AE/NS in bit 8. */
export const TcpFlag = {
  Fin: 0x01,
  Syn: 0x02,
  Rst: 0x04,
  Psh: 0x08,
  Ack: 0x10,
  Urg: 0x20,
  Ece: 0x40,
  Cwr: 0x80,
  Ae: 0x100,
} as const;

/** Who a cooked (SLL) frame was for; on other link types `Unknown`. */
export const PacketType = {
  Unknown: -1,
  Host: 0,
  Broadcast: 1,
  Multicast: 2,
  /** Promiscuous: for another host's MAC. */
  OtherHost: 3,
  Outgoing: 4,
} as const;

const EMPTY_VIEW = new DataView(new ArrayBuffer(0));

export class Frame {
  number = 0;
  time: Nanos = NOT_SMALL;
  /** Index into the reader's interfaces. */
  captureInterface = 0;
  /** Interface index inside an SLL2 header, else -1. */
  deviceIndex = -1;
  packetType = -1;
  /** 48-bit MACs as numbers, -1 where the link type has none (SLL has only a source). */
  macSource = NOT_SMALL;
  macDestination = NOT_SMALL;
  /** Outermost VLAN id, -1 where untagged. */
  vlan = -1;
  /** 0: not tunnelled. 1: inside one VXLAN/GENEVE/GRE/IPIP, … */
  tunnelDepth = 0;
  /** Addresses of the outermost IP packet, where `tunnelDepth` > 0 (0 and zeros elsewhere), words as in `address`. */
  outerIpVersion = 0;
  readonly outerAddress = new Uint32Array(8);

  kind: FrameKind = FrameKind.Other;
  /** 4 or 6, 0 without IP. */
  ipVersion = 0;
  /** Source in words 0..3, destination in words 4..7, big-endian u32 each; IPv4 uses words 0 and 4, the rest are 0. */
  readonly address = new Uint32Array(8);
  ttl = 0;
  /** IPv4 identification, -1 for IPv6 (a fragment header's id is not kept here). */
  ipId = -1;
  dontFragment = false;
  /** True for any fragment (more-fragments set, or offset not 0), also when its ports could be read. */
  isFragment = false;
  /** Length of the innermost IP packet by its own header (header included). When TSO left 0 there, the length of the frame. */
  ipLength = 0;

  sourcePort = 0;
  destinationPort = 0;

  // TCP
  seq = NOT_SMALL;
  ack = NOT_SMALL;
  flags = 0;
  /** As in the header, unscaled. */
  window = 0;
  /** TCP (or UDP) header length in bytes, options included. */
  headerLength = 0;
  /** Payload bytes by the IP length: what the peer received, not what was captured. */
  payloadLength = 0;
  /** Offset of the payload in `view`, and how many bytes of it were captured. */
  payloadOffset = 0;
  capturedPayload = 0;
  view: DataView = EMPTY_VIEW;
  /** Timestamp option (RFC 7323), where `hasTimestamps`. */
  hasTimestamps = false;
  tsVal = NOT_SMALL;
  tsEcr = NOT_SMALL;
  /** Options of a SYN: -1 where absent. */
  mss = -1;
  windowScale = -1;
  sackPermitted = false;
  /** Highest right edge and first left edge of SACK blocks are read on demand, see `sackBlocks` in tcp.ts; this is their number. */
  sackBlockCount = 0;
  /** Offset of the first SACK block in `view`. */
  sackOffset = 0;
  /** The TCP header itself was cut by the snap length or by contradicting lengths; what was read is in the fields. */
  tcpHeaderCut = false;
  /** Lengths of the headers contradict each other: bytes that no sender makes. */
  lengthsContradict = false;

  // ICMP
  icmpType = -1;
  icmpCode = -1;
  /** Next-hop MTU of "fragmentation needed" / "packet too big", else 0. */
  icmpMtu = 0;
  /** The packet quoted in an ICMP error: protocol (6 for TCP), 0 where there is none. Addresses in `quotedAddress` like `address`. */
  quotedProtocol = 0;
  readonly quotedAddress = new Uint32Array(8);
  quotedSourcePort = 0;
  quotedDestinationPort = 0;
  quotedSeq = NOT_SMALL;
  /** Captured bytes behind the quoted IP header. From 16 of TCP on, tshark counts the ICMP frame to a stream, new or known. */
  quotedBytes = 0;

  // ARP (IPv4 over Ethernet) and neighbour discovery (an ICMPv6 NA/NS fills arpOperation 2/1 and the same fields)
  /** 1 request, 2 reply; 0 where the frame is neither ARP nor neighbour discovery. */
  arpOperation = 0;
  /**
   * Words 0..3: the address that `arpSenderMac` is announced for: sender (ARP), target (NA), IP source (NS).
   * Words 4..7: the address asked about: target (ARP, NS); zeros for NA.
   */
  readonly arpAddress = new Uint32Array(8);
  /** Also from the link-layer address option of NA and NS; -1 where that is absent. */
  arpSenderMac = NOT_SMALL;
  /** ARP only. */
  arpTargetMac = NOT_SMALL;

  // VRRP (v2, v3)
  vrrpVersion = 0;
  vrrpId = 0;
  vrrpPriority = 0;

  constructor() {
    this.macSource = -1;
    this.macDestination = -1;
    this.arpSenderMac = -1;
    this.arpTargetMac = -1;
    this.quotedSeq = 0;
  }
}
