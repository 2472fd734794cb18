/**
 * Which layer an EtherType (IEEE 802 numbers) announces, and the rule that a
 * value up to 1500 in its place is a length, with LLC behind it (802.3).
 * The trap: one field, two meanings. 1501 to 1535 is neither.
 */
import type { Cursor } from './layer.ts';
import { Layer, limitTo } from './layer.ts';

export const EtherType = {
  Ipv4: 0x0800,
  Arp: 0x0806,
  TransparentEthernet: 0x6558,
  Vlan: 0x8100,
  Ipv6: 0x86dd,
  MplsUnicast: 0x8847,
  MplsMulticast: 0x8848,
  PppoeSession: 0x8864,
  /** 802.1ad service tag. */
  ServiceVlan: 0x88a8,
  /** QinQ before 802.1ad. */
  OldQinQ: 0x9100,
} as const;

const MAX_802_3_LENGTH = 1500;

export function layerOfEtherType(type: number): Layer {
  switch (type) {
    case EtherType.Ipv4:
      return Layer.Ip;
    case EtherType.Ipv6:
      return Layer.Ipv6;
    case EtherType.Arp:
      return Layer.Arp;
    case EtherType.Vlan:
    case EtherType.ServiceVlan:
    case EtherType.OldQinQ:
      return Layer.Vlan;
    case EtherType.MplsUnicast:
    case EtherType.MplsMulticast:
      return Layer.Mpls;
    case EtherType.PppoeSession:
      return Layer.PppoeSession;
    case EtherType.TransparentEthernet:
      return Layer.Ethernet;
    default:
      return Layer.Done;
  }
}

/** The layer behind a type-or-length field, with the cursor already behind the field. */
export function layerOfTypeOrLength(cursor: Cursor, value: number): Layer {
  if (value > MAX_802_3_LENGTH) return layerOfEtherType(value);
  limitTo(cursor, cursor.at + value);
  return Layer.Llc;
}
