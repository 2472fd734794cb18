/**
 * Puts a `Frame` back to the values of a new one, field by field: a loop over
 * keys or a fresh object would cost more than all decoding. Rare groups are
 * touched only when the last frame filled them.
 * The trap: a field added to `Frame` must be added here; decode.test.ts
 * fails if it is forgotten.
 */
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';

/** Clears everything that decoding fills. */
export function resetFrame(frame: Frame): void {
  frame.deviceIndex = -1;
  frame.packetType = -1;
  frame.macSource = -1;
  frame.macDestination = -1;
  frame.vlan = -1;
  if (frame.tunnelDepth !== 0) {
    frame.tunnelDepth = 0;
    frame.outerIpVersion = 0;
    frame.outerAddress.fill(0);
  }
  resetPacket(frame);
}

/** Clears the IP packet and what it carries, but not the link layer. */
export function resetPacket(frame: Frame): void {
  frame.kind = FrameKind.Other;
  resetIp(frame);
  resetTransport(frame);
  if (frame.icmpType !== -1) resetIcmp(frame);
  if (frame.arpOperation !== 0) resetNeighbour(frame);
  frame.vrrpVersion = 0;
  frame.vrrpId = 0;
  frame.vrrpPriority = 0;
}

function resetIp(frame: Frame): void {
  const address = frame.address;
  address[0] = 0;
  address[4] = 0;
  // IPv4 leaves the other words at 0.
  if (frame.ipVersion === 6) address.fill(0);
  frame.ipVersion = 0;
  frame.ttl = 0;
  frame.ipId = -1;
  frame.dontFragment = false;
  frame.isFragment = false;
  frame.ipLength = 0;
}

function resetTransport(frame: Frame): void {
  frame.sourcePort = 0;
  frame.destinationPort = 0;
  frame.seq = 0;
  frame.ack = 0;
  frame.flags = 0;
  frame.window = 0;
  frame.headerLength = 0;
  frame.payloadLength = 0;
  frame.payloadOffset = 0;
  frame.capturedPayload = 0;
  frame.hasTimestamps = false;
  frame.tsVal = 0;
  frame.tsEcr = 0;
  frame.mss = -1;
  frame.windowScale = -1;
  frame.sackPermitted = false;
  frame.sackBlockCount = 0;
  frame.sackOffset = 0;
  frame.tcpHeaderCut = false;
  frame.lengthsContradict = false;
}

function resetIcmp(frame: Frame): void {
  frame.icmpType = -1;
  frame.icmpCode = -1;
  frame.icmpMtu = 0;
  frame.quotedProtocol = 0;
  frame.quotedAddress.fill(0);
  frame.quotedSourcePort = 0;
  frame.quotedDestinationPort = 0;
  frame.quotedSeq = 0;
  frame.quotedBytes = 0;
}

function resetNeighbour(frame: Frame): void {
  frame.arpOperation = 0;
  frame.arpAddress.fill(0);
  frame.arpSenderMac = -1;
  frame.arpTargetMac = -1;
}
