/**
 * Which layer an IP protocol number announces (IANA protocol numbers), the
 * same for IPv4 and for the next-header field of IPv6.
 */
import { Layer } from './layer.ts';

export const IpProtocol = {
  HopByHop: 0,
  Icmp: 1,
  Ipv4: 4,
  Tcp: 6,
  Udp: 17,
  Ipv6: 41,
  Routing: 43,
  Fragment: 44,
  Gre: 47,
  Authentication: 51,
  Icmpv6: 58,
  DestinationOptions: 60,
  Vrrp: 112,
} as const;

export function layerOfIpProtocol(protocol: number): Layer {
  switch (protocol) {
    case IpProtocol.Tcp:
      return Layer.Tcp;
    case IpProtocol.Udp:
      return Layer.Udp;
    case IpProtocol.Icmp:
      return Layer.Icmp;
    case IpProtocol.Icmpv6:
      return Layer.Icmpv6;
    case IpProtocol.Vrrp:
      return Layer.Vrrp;
    case IpProtocol.Gre:
      return Layer.Gre;
    case IpProtocol.Ipv4:
    case IpProtocol.Ipv6:
      return Layer.IpInIp;
    case IpProtocol.HopByHop:
    case IpProtocol.Routing:
    case IpProtocol.DestinationOptions:
      return Layer.Ipv6Extension;
    case IpProtocol.Fragment:
      return Layer.Ipv6Fragment;
    case IpProtocol.Authentication:
      return Layer.Authentication;
    default:
      return Layer.Done;
  }
}
