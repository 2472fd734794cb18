/**
 * The marks that Wireshark's TCP dissector puts on a segment (`tcp.analysis.*`),
 * as bits. The trap: Wireshark shows a fast or a spurious retransmission as a
 * `retransmission` too, so those bits come in pairs here as they do there.
 */

/** One bit a flag, in the order in which they are listed. */
export const TsharkFlag = {
  Retransmission: 1 << 0,
  FastRetransmission: 1 << 1,
  SpuriousRetransmission: 1 << 2,
  OutOfOrder: 1 << 3,
  /** "Previous segment not captured." */
  LostSegment: 1 << 4,
  /** "ACKed unseen segment." */
  AckLostSegment: 1 << 5,
  DuplicateAck: 1 << 6,
  KeepAlive: 1 << 7,
  KeepAliveAck: 1 << 8,
  ZeroWindow: 1 << 9,
  ZeroWindowProbe: 1 << 10,
  ZeroWindowProbeAck: 1 << 11,
  WindowFull: 1 << 12,
  WindowUpdate: 1 << 13,
  ReusedPorts: 1 << 14,
} as const;

/** Names as in `tcp.analysis.<name>`; the index is the number of the bit in `TsharkFlag`. */
export const FLAG_NAMES: readonly string[] = [
  'retransmission',
  'fast_retransmission',
  'spurious_retransmission',
  'out_of_order',
  'lost_segment',
  'ack_lost_segment',
  'duplicate_ack',
  'keep_alive',
  'keep_alive_ack',
  'zero_window',
  'zero_window_probe',
  'zero_window_probe_ack',
  'window_full',
  'window_update',
  'reused_ports',
];

const LISTS: string[][] = [];

/** The names of the set bits, in the order of `FLAG_NAMES`. The list is shared: do not change it. */
export function flagNames(bits: number): string[] {
  LISTS[bits] ??= FLAG_NAMES.filter((_, bit) => bits & (1 << bit));
  return LISTS[bits];
}
