/**
 * What Wireshark remembers of one TCP conversation (one `tcp.stream`), rule
 * numbers as in docs/tshark-flags.md, "State".
 * The trap: the sequence numbers are raw and 0 means "not known yet", so a real
 * 0 is taken for unknown, as Wireshark does. They are kept as signed 32-bit
 * integers (`seq | 0`): cheap to store, and only their distance counts.
 */
import type { Nanos } from '../../../packet/time.ts';
import { Unacked } from './unacked.ts';

/** `windowScale` before any SYN was seen. */
export const SCALE_UNKNOWN = -1;
/** `windowScale` when the SYNs agreed on none. */
export const SCALE_UNUSED = -2;

/** One sender of a conversation. */
export class Direction {
  /** Its initial sequence number, once `hasBase`. */
  base = 0;
  hasBase = false;
  /** The highest sequence number after anything it sent, and when it got there. */
  nextSeq = 0;
  nextSeqTime: Nanos = 0;
  /** The highest number up to which everything it sent was seen. */
  maxSeqToBeAcked = 0;
  /** The acknowledgement field of its newest segment, and that segment's time. */
  lastAck = 0;
  lastAckTime: Nanos = 0;
  /** Duplicate ACKs in a row; -1 after an ACK of data that nobody saw. */
  duplicateAcks = 0;
  /** The window field of its newest segment, unscaled; no value of the field before the first. */
  window = -1;
  windowScale = SCALE_UNKNOWN;
  /** From its SYN to its first plain ACK: the window field is not scaled yet. */
  isFirstAck = false;
  /** Flags of its newest segment. */
  lastFlags = 0;
  readonly unacked = new Unacked();
}

export class Conversation {
  /** As `tcp.stream`. */
  readonly stream: number;
  /** Directions by sender: the endpoint that sorts first, and the other. */
  readonly low = new Direction();
  readonly high = new Direction();
  /** When the newest SYN without ACK passed, NaN without one. */
  synTime: Nanos = Number.NaN;
  /** From there to the first ACK of either side; 0 while unknown. */
  initialRtt: Nanos = 0;

  constructor(stream: number) {
    this.stream = stream;
  }
}
