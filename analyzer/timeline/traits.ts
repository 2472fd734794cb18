/**
 * TCP flags, mark and some facts of a row in 16 bits. They are stored in databases: a change needs a migration.
 */
import type { Mark } from './mark.ts';

/** Bits beside the nine TCP flags and the mark. */
export const Trait = {
  /** It has a SACK block. */
  Sack: 1 << 13,
  /** No window reaches its numbers from those before: they are told, but on no scale. */
  Foreign: 1 << 14,
  /** The server sent it. */
  FromServer: 1 << 15,
} as const;

const FLAGS = 0x1ff;
const MARK_SHIFT = 9;

export const packTraits = (flags: number, mark: Mark, traits: number): number =>
  (flags & FLAGS) | (mark << MARK_SHIFT) | traits;

export const flagsOf = (packed: number): number => packed & FLAGS;
export const markIn = (packed: number): Mark => ((packed >>> MARK_SHIFT) & 15) as Mark;
