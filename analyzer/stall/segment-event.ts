/**
 * One segment that moved nothing: a retransmission, a probe, a duplicate
 * acknowledgement, a close. Kept only while nothing moves, so their number
 * grows with what is interesting and not with the capture.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Frame } from '../../packet/wire/frame.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';

export interface SegmentEvent {
  time: Nanos;
  id: FrameId;
  sender: EndIndex;
  /** `Segment` bits; 0 for an ICMP error that quotes the flow. */
  bits: number;
  seq: number;
  ack: number;
  length: number;
  flags: number;
  window: number;
  ttl: number;
  ipId: number;
  mac: number;
  /** Timestamp value; -1 where there is none. */
  tsVal: number;
  /** Timestamp that it echoes (RFC 7323, 3.2); -1 where there is none. */
  tsEcr: number;
  /** ICMP type and code in `type * 256 + code`; -1 for a TCP segment. `sender` is then the end that was told. */
  icmp: number;
}

/** Copies what matters of the frame, which is reused. */
export function segmentEvent(frame: Frame, id: FrameId, sender: EndIndex, bits: number): SegmentEvent {
  return {
    time: frame.time,
    id,
    sender,
    bits,
    seq: frame.seq,
    ack: frame.ack,
    length: frame.payloadLength,
    flags: frame.flags,
    window: frame.window,
    ttl: frame.ttl,
    ipId: frame.ipId,
    mac: frame.macSource,
    tsVal: frame.hasTimestamps ? frame.tsVal : -1,
    tsEcr: frame.hasTimestamps ? frame.tsEcr : -1,
    icmp: -1,
  };
}

/**
 * ICMP errors by which a node refuses a segment, in `type * 256 + code`: port,
 * protocol, network or host prohibited (RFC 792, RFC 1812, 5.2.7.1), and their
 * ICMPv6 likes (RFC 4443, 3.1). "Host unreachable" is none: it says that the
 * path is gone.
 */
const REFUSALS = new Set([0x302, 0x303, 0x309, 0x30a, 0x30d, 0x101, 0x104, 0x105, 0x106]);

/** True for an ICMP error that refuses. */
export const isRefusal = (e: SegmentEvent): boolean => REFUSALS.has(e.icmp);
