/**
 * A whole number with a comma between thousands, as every message here writes it.
 * The trap: `toLocaleString` says the same, and the first call of it loads the rules of all languages, which takes longer
 * than reading a small capture.
 */

/** `1234567` as `1,234,567`. For whole numbers. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
