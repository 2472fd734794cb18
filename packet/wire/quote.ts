/**
 * The packet that an ICMP error quotes (RFC 792; RFC 4443, section 3): an IP
 * header and at least eight bytes behind it.
 * The trap: eight bytes of TCP end after the sequence number, and a quoted
 * fragment that is not the first has no ports at all.
 */
import type { Frame } from './frame.ts';
import { IpProtocol } from './ip-protocol.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const MAX_EXTENSIONS = 8;

/** Reads the quote in `view` from `at` to `captured` into the `quoted*` fields. */
export function decodeQuote(view: DataView, at: number, captured: number, frame: Frame): void {
  if (captured - at < IPV4_HEADER) return;
  const version = view.getUint8(at) >>> 4;
  if (version === 4) decodeIpv4Quote(view, at, captured, frame);
  else if (version === 6 && captured - at >= IPV6_HEADER) decodeIpv6Quote(view, at, captured, frame);
}

function decodeIpv4Quote(view: DataView, at: number, captured: number, frame: Frame): void {
  const headerLength = (view.getUint8(at) & 15) * 4;
  if (headerLength < IPV4_HEADER) return;
  frame.quotedProtocol = view.getUint8(at + 9);
  frame.quotedAddress[0] = view.getUint32(at + 12);
  frame.quotedAddress[4] = view.getUint32(at + 16);
  const isLaterFragment = (view.getUint16(at + 6) & 0x1fff) !== 0;
  if (!isLaterFragment) decodePorts(view, at + headerLength, captured, frame);
}

function decodeIpv6Quote(view: DataView, at: number, captured: number, frame: Frame): void {
  for (let i = 0; i < 8; i++) frame.quotedAddress[i] = view.getUint32(at + 8 + 4 * i);
  let protocol = view.getUint8(at + 6);
  at += IPV6_HEADER;
  for (let i = 0; i < MAX_EXTENSIONS && isExtension(protocol) && captured - at >= 8; i++) {
    const isFragment = protocol === IpProtocol.Fragment;
    const isLaterFragment = isFragment && (view.getUint16(at + 2) & 0xfff8) !== 0;
    protocol = view.getUint8(at);
    if (isLaterFragment) {
      frame.quotedProtocol = protocol;
      return;
    }
    at += isFragment ? 8 : 8 + view.getUint8(at + 1) * 8;
  }
  frame.quotedProtocol = protocol;
  decodePorts(view, at, captured, frame);
}

function isExtension(protocol: number): boolean {
  return (
    protocol === IpProtocol.HopByHop ||
    protocol === IpProtocol.Routing ||
    protocol === IpProtocol.DestinationOptions ||
    protocol === IpProtocol.Fragment
  );
}

function decodePorts(view: DataView, at: number, captured: number, frame: Frame): void {
  frame.quotedBytes = Math.max(0, captured - at);
  const isTcp = frame.quotedProtocol === IpProtocol.Tcp;
  if (!(isTcp || frame.quotedProtocol === IpProtocol.Udp) || captured - at < 4) return;
  frame.quotedSourcePort = view.getUint16(at);
  frame.quotedDestinationPort = view.getUint16(at + 2);
  if (isTcp && captured - at >= 8) frame.quotedSeq = view.getUint32(at + 4);
}
