/**
 * One captured record into a `Frame`: link layer, IP, transport, through
 * tunnels. Runs once a packet, for millions of packets, so views of this folder
 * are not objects: every protocol is a function over a shared cursor (layer.ts)
 * that reads fields at fixed offsets after one length check, and nothing is
 * allocated.
 * The trap: `Frame` and the cursor are reused; `frame.view` is the record's.
 */
import type { PacketRecord } from '../file/record.ts';
import { LinkType } from '../link-type.ts';
import { decodeArp } from './arp.ts';
import { decodeEthernet, decodeLlc, decodeVlan } from './ethernet.ts';
import type { Frame } from './frame.ts';
import { decodeGeneve } from './geneve.ts';
import { decodeGre } from './gre.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeIcmpv6 } from './icmpv6.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeAuthentication, decodeIpv6, decodeIpv6Extension, decodeIpv6Fragment } from './ipv6.ts';
import { Cursor, enterTunnel, Layer } from './layer.ts';
import { decodeSll, decodeSll2 } from './linux-cooked.ts';
import { decodeLoopback } from './loopback.ts';
import { decodeMpls } from './mpls.ts';
import { decodePppoeSession } from './pppoe.ts';
import { resetFrame } from './reset.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';
import { decodeVrrp } from './vrrp.ts';
import { decodeVxlan } from './vxlan.ts';

export interface DecodeOptions {
  /** Tunnels inside tunnels that are followed; what lies deeper is not decoded. Default 4. */
  maxTunnelDepth?: number;
}

const MAX_TUNNEL_DEPTH = 4;
/** Headers in one frame. Four tunnels with two tags and three extension headers each need about 30. */
const MAX_LAYERS = 64;

const cursor = new Cursor();

/**
 * Decodes `record` into `frame`, which it clears first. Any bytes are fine:
 * what cannot be decoded leaves `kind` at `Other`, with the layers before it.
 */
export function decodeFrame(record: PacketRecord, frame: Frame, options?: DecodeOptions): void {
  let layer = begin(record, frame, options);
  for (let left = MAX_LAYERS; layer !== Layer.Done && left > 0; left--) {
    layer = decodeLayer(layer, frame);
  }
}

/** Where decoding found a layer. Positions are offsets in the record's view. */
export interface LayerSpan {
  readonly layer: Layer;
  readonly at: number;
  /** Where the next one begins; `at` for one that nothing follows, or that could not be decoded. */
  readonly end: number;
  /** Where the captured bytes of the packet end, and where it ended on the wire, as its headers say. */
  readonly captured: number;
  readonly reported: number;
}

/** As `decodeFrame`, and tells each layer on the way: for whoever shows a frame to people. */
export function decodeLayers(record: PacketRecord, frame: Frame): LayerSpan[] {
  const spans: LayerSpan[] = [];
  let layer = begin(record, frame);
  for (let left = MAX_LAYERS; layer !== Layer.Done && left > 0; left--) {
    const { at } = cursor;
    const next = decodeLayer(layer, frame);
    const { captured, reported } = cursor;
    // IP of the other version hands on without having read anything; what wraps nothing but a number has no bytes.
    if (next === Layer.Done || cursor.at > at) spans.push({ layer, at, end: cursor.at, captured, reported });
    layer = next;
  }
  return spans;
}

/** Sets the cursor to the beginning of the record. */
function begin(record: PacketRecord, frame: Frame, options?: DecodeOptions): Layer {
  resetFrame(frame);
  frame.number = record.frame;
  frame.time = record.time;
  frame.captureInterface = record.interfaceIndex;
  frame.view = record.view;

  cursor.view = record.view;
  cursor.at = record.offset;
  cursor.captured = Math.min(record.offset + record.capturedLength, record.view.byteLength);
  // A length on the wire below what was captured is a writer's mistake.
  cursor.reported = record.offset + Math.max(record.originalLength, record.capturedLength);
  cursor.maxTunnelDepth = options?.maxTunnelDepth ?? MAX_TUNNEL_DEPTH;
  return layerOfLinkType(record.linkType);
}

function layerOfLinkType(linkType: number): Layer {
  switch (linkType) {
    case LinkType.Ethernet:
      return Layer.Ethernet;
    case LinkType.LinuxSll:
      return Layer.Sll;
    case LinkType.LinuxSll2:
      return Layer.Sll2;
    case LinkType.Null:
    case LinkType.Loop:
      return Layer.Loopback;
    case LinkType.RawBsd:
    case LinkType.RawOpenBsd:
    case LinkType.Raw:
    case LinkType.Ipv4:
      return Layer.Ip;
    case LinkType.Ipv6:
      return Layer.Ipv6;
    default:
      return Layer.Done;
  }
}

/** Decodes one header and tells which follows. */
function decodeLayer(layer: Layer, frame: Frame): Layer {
  switch (layer) {
    case Layer.Done:
      return Layer.Done;
    case Layer.Ethernet:
      return decodeEthernet(cursor, frame);
    case Layer.Ip:
      return decodeIpv4(cursor, frame);
    case Layer.Tcp:
      return decodeTcp(cursor, frame);
    case Layer.Udp:
      return decodeUdp(cursor, frame);
    case Layer.Ipv6:
      return decodeIpv6(cursor, frame);
    case Layer.Sll:
      return decodeSll(cursor, frame);
    case Layer.Sll2:
      return decodeSll2(cursor, frame);
    case Layer.Vlan:
      return decodeVlan(cursor, frame);
    case Layer.Loopback:
      return decodeLoopback(cursor);
    case Layer.Llc:
      return decodeLlc(cursor);
    case Layer.Mpls:
      return decodeMpls(cursor);
    case Layer.PppoeSession:
      return decodePppoeSession(cursor);
    case Layer.Ipv6Extension:
      return decodeIpv6Extension(cursor);
    case Layer.Ipv6Fragment:
      return decodeIpv6Fragment(cursor, frame);
    case Layer.Authentication:
      return decodeAuthentication(cursor);
    case Layer.Icmp:
      return decodeIcmp(cursor, frame);
    case Layer.Icmpv6:
      return decodeIcmpv6(cursor, frame);
    case Layer.Arp:
      return decodeArp(cursor, frame);
    case Layer.Vrrp:
      return decodeVrrp(cursor, frame);
    case Layer.Vxlan:
      return decodeVxlan(cursor, frame);
    case Layer.Geneve:
      return decodeGeneve(cursor, frame);
    case Layer.Gre:
      return decodeGre(cursor, frame);
    case Layer.IpInIp:
      return enterTunnel(cursor, frame) ? Layer.Ip : Layer.Done;
  }
}
