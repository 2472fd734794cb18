/**
 * What a long test leaves out of its variants: each scenario has one of them, the next scenario the next, so that every
 * variant meets a share of all scenarios and the choice is the same in every run. `npm run test:all` leaves out nothing.
 * The trap: whole laws and whole scenarios are never left out, for each scenario is the only one of its kind.
 */

/** Set by `npm run test:all`. */
export const IS_WHOLE = process.env.STALLSCOPE_ALL_VARIANTS === '1';

/** The variant whose turn it is, and every `step`th from there on; all of them where nothing is to be left out. */
export function oneInTurn<T>(variants: readonly T[], turn: number, step = variants.length): readonly T[] {
  return IS_WHOLE ? variants : variants.filter((_, i) => (i - turn) % step === 0);
}
