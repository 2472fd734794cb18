/**
 * The filter as people see it: chips. The filter itself is one line of text (`outcome:hung stall:>2s
 * -port:443 10.0.0.7`), read by the server; here it is only cut at its spaces.
 */

export function splitChips(q: string): string[] {
  return q.split(/\s+/).filter((chip) => chip !== '');
}

export const joinChips = (chips: readonly string[]): string => chips.join(' ');

/** Adds what is not there yet. */
export function addChips(q: string, more: string): string {
  const chips = splitChips(q);
  return joinChips([...chips, ...splitChips(more).filter((chip) => !chips.includes(chip))]);
}

export function removeChip(q: string, chip: string): string {
  return joinChips(splitChips(q).filter((other) => other !== chip));
}

/** On: off; off: on, in place of another of the same key. */
export function toggleChip(q: string, key: string, value: string): string {
  const chip = `${key}:${value}`;
  const chips = splitChips(q);
  if (chips.includes(chip)) return removeChip(q, chip);
  return joinChips([...chips.filter((other) => !other.startsWith(`${key}:`)), chip]);
}
