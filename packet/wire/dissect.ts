/**
 * One frame for people: its layers in order, as Wireshark's tree has them.
 * Which layers there are, and where each begins, is what `decode.ts` finds;
 * here their fields are only put into words.
 * The trap: bytes are anything. Nothing here throws, and a header that was not
 * captured whole shows what is there.
 */
import type { PacketRecord } from '../file/record.ts';
import { LinkType } from '../link-type.ts';
import { decodeLayers, type LayerSpan } from './decode.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { dissectArp, dissectIcmp, dissectIcmpv6, dissectVrrp } from './dissect-control.ts';
import { dissectExtension, dissectFragment, dissectIpv4, dissectIpv6 } from './dissect-ip.ts';
import {
  dissectEthernet,
  dissectGeneve,
  dissectGre,
  dissectLlc,
  dissectLoopback,
  dissectMpls,
  dissectPppoe,
  dissectSll,
  dissectSll2,
  dissectVlan,
  dissectVxlan,
} from './dissect-link.ts';
import { dissectTcp, dissectUdp } from './dissect-transport.ts';
import { type Bounds, CUT, ENDED, hexOf, size, textOf } from './field-reader.ts';
import { Frame, FrameKind } from './frame.ts';
import { ICMP_HEADER, isIcmpError } from './icmp.ts';
import { isIcmpv6Error } from './icmpv6.ts';
import { Layer } from './layer.ts';

/** Enough to know a request by. */
const MOST_HEX = 64;
const MOST_TEXT = 512;

/** All layers of a frame, the outermost first, and at last what it carries. Never throws. */
export function dissectFrame(record: PacketRecord): DecodedLayer[] {
  const frame = new Frame();
  const spans = decodeLayers(record, frame);
  const last = spans.at(-1);
  return [
    ...layersOf(spans, frame, CUT),
    ...(last === undefined ? [] : quoteOf(last, record)),
    ...dataOf(last, record, frame),
    ...trailerOf(last, record),
  ];
}

const layersOf = (spans: readonly LayerSpan[], frame: Frame, cut: string): DecodedLayer[] =>
  spans.flatMap((span) => dissectLayer(span, { ...span, view: frame.view, cut }, frame) ?? []);

function dissectLayer(span: LayerSpan, bounds: Bounds, frame: Frame): DecodedLayer | null {
  switch (span.layer) {
    case Layer.Ethernet:
      return dissectEthernet(span, bounds);
    case Layer.Sll:
      return dissectSll(span, bounds);
    case Layer.Sll2:
      return dissectSll2(span, bounds);
    case Layer.Loopback:
      return dissectLoopback(span, bounds);
    case Layer.Vlan:
      return dissectVlan(span, bounds);
    case Layer.Llc:
      return dissectLlc(span, bounds);
    case Layer.Mpls:
      return dissectMpls(span, bounds);
    case Layer.PppoeSession:
      return dissectPppoe(span, bounds);
    case Layer.Ip:
      return dissectIpv4(span, bounds);
    case Layer.Ipv6:
      return dissectIpv6(span, bounds);
    case Layer.Ipv6Extension:
    case Layer.Authentication:
      return dissectExtension(span, bounds);
    case Layer.Ipv6Fragment:
      return dissectFragment(span, bounds);
    case Layer.Tcp:
      return dissectTcp(span, bounds, frame);
    case Layer.Udp:
      return dissectUdp(span, bounds);
    case Layer.Icmp:
      return dissectIcmp(span, bounds);
    case Layer.Icmpv6:
      return dissectIcmpv6(span, bounds);
    case Layer.Arp:
      return dissectArp(span, bounds);
    case Layer.Vrrp:
      return dissectVrrp(span, bounds, frame.ipVersion);
    case Layer.Vxlan:
      return dissectVxlan(span, bounds);
    case Layer.Geneve:
      return dissectGeneve(span, bounds);
    case Layer.Gre:
      return dissectGre(span, bounds);
    // No header of its own; and deeper tunnels than are followed.
    case Layer.IpInIp:
    case Layer.Done:
      return null;
  }
}

const LONGEST_PACKET = 65_575;

/** The packet that an ICMP error quotes, as layers of its own. */
function quoteOf(last: LayerSpan, record: PacketRecord): DecodedLayer[] {
  const { layer, at, captured } = last;
  const from = at + ICMP_HEADER;
  if (from >= captured || (layer !== Layer.Icmp && layer !== Layer.Icmpv6)) return [];
  const type = record.view.getUint8(at);
  if (!(layer === Layer.Icmp ? isIcmpError(type) : isIcmpv6Error(type))) return [];
  const quoted: PacketRecord = {
    ...record,
    linkType: LinkType.Raw,
    offset: from,
    capturedLength: captured - from,
    // How long it was, its own header says.
    originalLength: LONGEST_PACKET,
  };
  const frame = new Frame();
  const spans = decodeLayers(quoted, frame);
  return layersOf(spans, frame, 'not quoted').map((l) => ({ ...l, name: `Quoted ${l.name}` }));
}

/** Layers that are the end of a packet: nothing that they carry is shown but what their own fields say. */
const ENDS: readonly Layer[] = [Layer.Icmp, Layer.Icmpv6, Layer.Arp, Layer.Vrrp];

function dataOf(last: LayerSpan | undefined, record: PacketRecord, frame: Frame): DecodedLayer[] {
  const { view } = record;
  if (last === undefined) {
    const captured = Math.min(record.offset + record.capturedLength, view.byteLength);
    return bytesLayer('Data', view, record.offset, captured - record.offset, record.originalLength);
  }
  if (last.layer === Layer.Tcp) {
    const isWhole = frame.kind === FrameKind.Tcp && !frame.lengthsContradict;
    return isWhole
      ? bytesLayer('Payload', view, frame.payloadOffset, frame.capturedPayload, frame.payloadLength)
      : [];
  }
  if (ENDS.includes(last.layer)) return [];
  // A header that could not be read whole is shown as far as it goes; one of a kind that is not decoded, with its bytes.
  if (last.end === last.at && isCut(last, frame)) return [];
  const name = last.layer === Layer.Udp ? 'Payload' : 'Data';
  return bytesLayer(name, view, last.end, last.captured - last.end, last.reported - last.end);
}

function isCut(span: LayerSpan, frame: Frame): boolean {
  const layers = layersOf([span], frame, CUT);
  return layers.some(({ fields }) => fields.some(({ value }) => value === CUT || value === ENDED));
}

function bytesLayer(
  name: string,
  view: DataView,
  at: number,
  captured: number,
  length: number,
): DecodedLayer[] {
  if (length <= 0) return [];
  const there = Math.max(0, captured);
  const layer: DecodedLayer = { name, fields: [{ name: 'Length', value: size(length) }] };
  if (there < length) {
    layer.fields.push({ name: 'Captured', value: there === 0 ? CUT : `${size(there)}, then ${CUT}` });
  }
  if (there === 0) return [layer];
  const more = (most: number): string => (there > most ? ' …' : '');
  layer.fields.push(
    { name: 'Bytes', value: hexOf(view, at, Math.min(there, MOST_HEX)) + more(MOST_HEX) },
    { name: 'Text', value: textOf(view, at, Math.min(there, MOST_TEXT)) + more(MOST_TEXT) },
  );
  return [layer];
}

/** What the link carries behind the packet: padding of short frames, a checksum. */
function trailerOf(last: LayerSpan | undefined, record: PacketRecord): DecodedLayer[] {
  if (last === undefined) return [];
  const end = record.offset + Math.max(record.originalLength, record.capturedLength);
  const length = end - last.reported;
  return length > 0 ? [{ name: 'Trailer', fields: [{ name: 'Length', value: size(length) }] }] : [];
}
