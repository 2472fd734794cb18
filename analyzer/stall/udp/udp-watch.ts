/**
 * The UDP of one vantage: DNS questions and QUIC conversations, with what was
 * asked or sent in vain. Everything else that runs over UDP is passed by:
 * multicast and broadcast, what nodes tell each other on a sync link, tunnels.
 * UDP repeats nothing and promises nothing; only protocols that do can be said
 * to have stood still.
 */

import { formatAddress } from '../../../packet/address.ts';
import type { Nanos } from '../../../packet/time.ts';
import { DNS_PORT } from '../../../packet/wire/dns.ts';
import { type Frame, PacketType } from '../../../packet/wire/frame.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import { type DnsRecord, DnsWatch } from './dns-watch.ts';
import { type QuicRecord, QuicWatch } from './quic-watch.ts';
import { Peers } from './udp-peers.ts';

const MULTICAST_DNS_PORT = 5353;
/** ICMP errors that are kept; they only add to what the datagrams show. */
const MOST_REFUSALS = 1024;

/**
 * ICMP errors that refuse a datagram, in `type * 256 + code`: port, protocol,
 * network or host prohibited, and their ICMPv6 likes; the same as for TCP
 * (segment-event.ts). "Host unreachable" is none: the path is gone.
 */
const REFUSALS = new Set([0x302, 0x303, 0x309, 0x30a, 0x30d, 0x101, 0x104, 0x105, 0x106]);

/** An ICMP error about a UDP datagram that was not merely lost on the way. */
export interface UdpRefusal {
  readonly time: Nanos;
  readonly frame: FrameId;
  /** Of the datagram: who had sent it, from which port, to which. */
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  /** Type and code. */
  readonly icmp: string;
}

export class UdpWatch {
  readonly refusals: UdpRefusal[] = [];
  private readonly peers = new Peers();
  private readonly dns = new DnsWatch(this.peers);
  private readonly quic = new QuicWatch(this.peers);

  /** A UDP frame. */
  observe(frame: Frame, id: FrameId): void {
    if (frame.payloadLength <= 0 || frame.lengthsContradict || isForMany(frame)) return;
    const { sourcePort, destinationPort } = frame;
    if (sourcePort === MULTICAST_DNS_PORT || destinationPort === MULTICAST_DNS_PORT) return;
    if (sourcePort === DNS_PORT || destinationPort === DNS_PORT) this.dns.observe(frame, id);
    else this.quic.observe(frame, id);
  }

  /** An ICMP error that quotes a UDP datagram. */
  observeIcmp(frame: Frame, id: FrameId): void {
    const icmp = frame.icmpType * 256 + frame.icmpCode;
    if (!REFUSALS.has(icmp) || this.refusals.length >= MOST_REFUSALS) return;
    const { quotedAddress, quotedSourcePort, quotedDestinationPort, time } = frame;
    const version = frame.ipVersion === 6 ? 6 : 4;
    this.refusals.push({
      time,
      frame: id,
      from: { address: formatAddress(quotedAddress, 0, version), port: quotedSourcePort },
      to: { address: formatAddress(quotedAddress, 4, version), port: quotedDestinationPort },
      icmp: `${frame.icmpType}/${frame.icmpCode}`,
    });
  }

  dnsRecords(): Iterable<DnsRecord> {
    return this.dns.records();
  }

  quicRecords(): Iterable<QuicRecord> {
    return this.quic.records();
  }

  /** Exchanges and conversations that were not followed for want of room. */
  get unfollowed(): number {
    return this.dns.unfollowed + this.quic.unfollowed;
  }
}

/** To a group, or to everybody: nobody answers for all of them. */
function isForMany({ packetType, macDestination, address, ipVersion }: Frame): boolean {
  if (packetType === PacketType.Broadcast || packetType === PacketType.Multicast) return true;
  // The lowest bit of the first byte of a MAC: a group's.
  if (macDestination >= 0 && Math.floor(macDestination / 2 ** 40) % 2 === 1) return true;
  const to = address[4] as number;
  return ipVersion === 6 ? to >>> 24 === 0xff : to >>> 28 >= 14;
}
