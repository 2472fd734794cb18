/**
 * A packet without addresses and content: of headers that are understood, the fields that say nothing of who or where stay,
 * addresses are mapped as those of the report are, and the packet ends where the first thing begins that is not understood.
 * The trap: a layer that decoding merely passed over may carry anything. What is kept is told here, layer by layer;
 * whatever is not told is cut.
 */
import type { PacketRecord } from '../../packet/file/record.ts';
import { LinkType } from '../../packet/link-type.ts';
import { decodeLayers, type LayerSpan } from '../../packet/wire/decode.ts';
import { Frame } from '../../packet/wire/frame.ts';
import { isIcmpError } from '../../packet/wire/icmp.ts';
import { isIcmpv6Error } from '../../packet/wire/icmpv6.ts';
import { Layer } from '../../packet/wire/layer.ts';
import type { PacketRedaction } from '../annotated/annotate.ts';
import { rewriteArp, rewriteIcmp, rewriteIcmpv6, rewriteVrrp } from './packet-control.ts';
import { rewriteExtension, rewriteFragment, rewriteIpv4, rewriteIpv6 } from './packet-ip.ts';
import { rewriteEthernet, rewriteGeneve, rewriteGre, rewriteSll, rewriteVxlan } from './packet-link.ts';
import { rewriteTcp, rewriteUdp } from './packet-transport.ts';
import type { Redaction } from './redaction.ts';
import { Rewriting } from './rewriting.ts';

/** As long as any; how long a quoted packet was, its own header says. */
const LONGEST_PACKET = 65_575;
const ICMP_HEADER = 8;

/** Any bytes are fine; what is left of those that are not understood may be nothing. */
export function packetRedaction(redaction: Redaction): PacketRedaction {
  const frame = new Frame();
  return (linkType, bytes, capturedLength, originalLength) => {
    const packet = new Rewriting(bytes.subarray(0, capturedLength), redaction);
    const { view } = packet;
    const record: PacketRecord = {
      frame: 1,
      time: 0,
      hasTime: false,
      interfaceIndex: 0,
      linkType,
      view,
      offset: 0,
      capturedLength: view.byteLength,
      originalLength,
    };
    const last = rewriteLayers(packet, record, frame);
    if (last !== null && quotes(last, packet)) {
      const offset = last.at + ICMP_HEADER;
      const quoted = { linkType: LinkType.Raw, offset, capturedLength: last.captured - offset };
      // A quote in a quote is cut: nobody answers an error with an error.
      rewriteLayers(packet, { ...record, ...quoted, originalLength: LONGEST_PACKET }, frame);
    }
    return packet.finish();
  };
}

/** Returns the last layer, where all of it was kept up to there. */
function rewriteLayers(packet: Rewriting, record: PacketRecord, frame: Frame): LayerSpan | null {
  const spans = decodeLayers(record, frame);
  for (const [i, span] of spans.entries()) {
    const keep = rewriteLayer(packet, span, i + 1 < spans.length);
    if (keep <= span.at) return null;
    packet.keep = keep;
  }
  return spans.at(-1) ?? null;
}

function quotes({ layer, at }: LayerSpan, { view, keep }: Rewriting): boolean {
  if (keep < at + ICMP_HEADER) return false;
  const type = view.getUint8(at);
  return (layer === Layer.Icmp && isIcmpError(type)) || (layer === Layer.Icmpv6 && isIcmpv6Error(type));
}

/** Returns the offset behind what is kept of the layer; `span.at` for nothing. */
function rewriteLayer(packet: Rewriting, span: LayerSpan, isFollowed: boolean): number {
  const { layer, at, end, captured } = span;
  switch (layer) {
    case Layer.Tcp:
      return rewriteTcp(packet, span);
    case Layer.Icmp:
      return rewriteIcmp(packet, span);
    case Layer.Icmpv6:
      return rewriteIcmpv6(packet, span);
    case Layer.Arp:
      return rewriteArp(packet, span);
    case Layer.Vrrp:
      return rewriteVrrp(packet, span);
  }
  // The others have moved on behind a header that is understood and whole, or say nothing.
  if (end <= at || end > captured) return at;
  switch (layer) {
    case Layer.Ethernet:
      return rewriteEthernet(packet, span);
    case Layer.Sll:
      return rewriteSll(packet, span, 6);
    case Layer.Sll2:
      return rewriteSll(packet, span, 12);
    case Layer.Ip:
      return rewriteIpv4(packet, span);
    case Layer.Ipv6:
      return rewriteIpv6(packet, span);
    case Layer.Ipv6Extension:
    case Layer.Authentication:
      return rewriteExtension(packet, span);
    case Layer.Ipv6Fragment:
      return rewriteFragment(packet, span);
    case Layer.Udp:
      return rewriteUdp(packet, span);
    case Layer.Vxlan:
      return rewriteVxlan(packet, span);
    case Layer.Geneve:
      return rewriteGeneve(packet, span);
    case Layer.Gre:
      return rewriteGre(packet, span);
    // Numbers of links and labels, and types, where they announce what is understood.
    case Layer.Vlan:
    case Layer.Llc:
    case Layer.Mpls:
    case Layer.PppoeSession:
    case Layer.Loopback:
      return isFollowed ? end : at;
    default:
      return at;
  }
}
