/**
 * Redaction of TCP and UDP headers: the header stays, what it carries is cut. Each returns the offset behind what is kept.
 * The trap: TCP options may hold addresses and keys (MPTCP, Fast Open, MD5): only those that the findings are made of stay.
 */
import type { LayerSpan } from '../../packet/wire/decode.ts';
import { IpProtocol } from '../../packet/wire/ip-protocol.ts';
import { listTcpOptions, TcpOptionKind } from '../../packet/wire/tcp-options.ts';
import type { Rewriting } from './rewriting.ts';

const TCP_OFFSET = 12;
const TCP_CHECKSUM = 16;
const TCP_HEADER = 20;
const UDP_LENGTH = 4;
const UDP_CHECKSUM = 6;

/** Of a header that was captured or quoted in part, that part: all fields before the options are known. */
export function rewriteTcp(packet: Rewriting, { at, captured, reported }: LayerSpan): number {
  const there = captured - at;
  const said = there > TCP_OFFSET ? (packet.view.getUint8(at + TCP_OFFSET) >>> 4) * 4 : TCP_HEADER;
  const isPossible = said >= TCP_HEADER && said <= reported - at;
  const end = at + Math.min(isPossible ? said : TCP_HEADER, there);
  if (end > at + TCP_HEADER) rewriteOptions(packet, at + TCP_HEADER, end);
  packet.checksumOverEnds(at + TCP_CHECKSUM, at, reported - at, IpProtocol.Tcp);
  return end;
}

function rewriteOptions(packet: Rewriting, from: number, end: number): void {
  const kept = listTcpOptions(packet.view, from, end)
    .filter(({ at, length }) => says(packet.view.getUint8(at), length))
    .map(({ at, length }) => ({ at, option: packet.bytes.slice(at, at + length) }));
  packet.fill(from, end, TcpOptionKind.Nop);
  for (const { at, option } of kept) packet.bytes.set(option, at);
}

/** It is one that stays, and as long as it must be. */
function says(kind: number, length: number): boolean {
  switch (kind) {
    case TcpOptionKind.Mss:
      return length === 4;
    case TcpOptionKind.WindowScale:
      return length === 3;
    case TcpOptionKind.SackPermitted:
      return length === 2;
    case TcpOptionKind.Sack:
      return length % 8 === 2;
    case TcpOptionKind.Timestamps:
      return length === 10;
    default:
      return false;
  }
}

export function rewriteUdp(packet: Rewriting, { at, end, reported }: LayerSpan): number {
  // 0 says that there is none, which stays so (RFC 768).
  if (packet.view.getUint16(at + UDP_CHECKSUM) !== 0) {
    const length = packet.view.getUint16(at + UDP_LENGTH) || reported - at;
    packet.checksumOverEnds(at + UDP_CHECKSUM, at, length, IpProtocol.Udp);
  }
  return end;
}
