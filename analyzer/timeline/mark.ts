/**
 * What a frame is on the timeline, in the vocabulary of tcptrace, ordered by how much it matters:
 * where many frames share a pixel the worst one is drawn.
 * The trap: the numbers are stored in databases; a new kind needs a migration.
 */

/** Ascending: the greater number wins. */
export const Mark = {
  Ack: 0,
  Data: 1,
  WindowUpdate: 2,
  DuplicateAck: 3,
  Sack: 4,
  Syn: 5,
  Fin: 6,
  OutOfOrder: 7,
  Probe: 8,
  ZeroWindow: 9,
  Retransmission: 10,
  Reset: 11,
} as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/** By number; the words that people read. */
export const MARK_NAMES = [
  'acknowledgement',
  'data',
  'window update',
  'duplicate acknowledgement',
  'selective acknowledgement',
  'SYN',
  'FIN',
  'out of order',
  'probe',
  'zero window',
  'retransmission',
  'RST',
] as const;

/** What the key "next problem" stops at. */
export const FIRST_PROBLEM: Mark = Mark.OutOfOrder;
