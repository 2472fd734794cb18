/**
 * How the decoders of compressed files say that they cannot go on. Thrown only
 * from them to `decompressed`, which turns it into a problem: no caller of
 * `packet/` sees one.
 */

/** The file ends before its compressed data do. */
export class TruncatedError extends Error {}

/** The compressed data contradict themselves; the message is the end of a sentence. */
export class DamagedError extends Error {}

/** They are sound, but need more memory, or something else, than is given here. */
export class UnsupportedError extends Error {}
