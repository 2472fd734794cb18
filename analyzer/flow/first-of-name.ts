/**
 * From the name of a packet (53 bits, `samples.ts`) to the number of the
 * row that had it first: open addressing over typed arrays, because a `Map`
 * makes an object of every such number, and there are hundreds of thousands.
 * The trap: row 0 is a row, so rows are kept with one added.
 */
import { mix } from './hash-slots.ts';

const FEWEST_SLOTS = 16;

export class FirstOfName {
  private names: Float64Array;
  /** Row + 1; 0 is free. */
  private rows: Uint32Array;
  private used = 0;

  /** `expected`: so many names at most, as far as is known; more are taken as well. */
  constructor(expected: number) {
    const slots = Math.max(FEWEST_SLOTS, 2 ** Math.ceil(Math.log2(2 * expected + 1)));
    this.names = new Float64Array(slots);
    this.rows = new Uint32Array(slots);
  }

  /** The row that is known by that name; -1 where there was none, and then `row` is. */
  take(name: number, row: number): number {
    const { names, rows } = this;
    const slot = slotOf(names, rows, name);
    const known = rows[slot] as number;
    if (known !== 0) return known - 1;
    names[slot] = name;
    rows[slot] = row + 1;
    this.used += 1;
    if (this.used * 2 > rows.length) this.grow();
    return -1;
  }

  private grow(): void {
    const { names: oldNames, rows: oldRows } = this;
    const names = new Float64Array(oldRows.length * 2);
    const rows = new Uint32Array(oldRows.length * 2);
    for (let from = 0; from < oldRows.length; from++) {
      const row = oldRows[from] as number;
      if (row === 0) continue;
      const slot = slotOf(names, rows, oldNames[from] as number);
      names[slot] = oldNames[from] as number;
      rows[slot] = row;
    }
    this.names = names;
    this.rows = rows;
  }
}

/** Where a name stands, or would. */
function slotOf(names: Float64Array, rows: Uint32Array, name: number): number {
  const mask = rows.length - 1;
  // Its low 32 bits (ECMAScript, ToInt32).
  let slot = mix(name | 0) & mask;
  while (rows[slot] !== 0 && names[slot] !== name) slot = (slot + 1) & mask;
  return slot;
}
