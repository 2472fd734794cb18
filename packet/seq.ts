/**
 * TCP sequence numbers (RFC 9293, section 3.4). They wrap at 2^32, so no two
 * may be compared with `<`: only the sign of their 32-bit distance says which
 * is later, and only while they are less than 2^31 apart.
 */

/** An unsigned 32-bit sequence number. */
export type SeqNum = number & { readonly __seq?: never };

/** `a - b` as a signed 32-bit distance: positive when `a` is later. */
export const seqDistance = (a: SeqNum, b: SeqNum): number => (a - b) | 0;
export const seqLess = (a: SeqNum, b: SeqNum): boolean => ((a - b) | 0) < 0;
export const seqAtMost = (a: SeqNum, b: SeqNum): boolean => ((a - b) | 0) <= 0;
export const seqAdd = (a: SeqNum, n: number): SeqNum => (a + n) >>> 0;
export const seqMax = (a: SeqNum, b: SeqNum): SeqNum => (((a - b) | 0) >= 0 ? a : b);
