/**
 * From the name of a packet (53 bits, `flow/samples.ts`) to the number of the
 * row that had it first: open addressing over typed arrays, because a `Map`
 * makes an object of every such number, and there are hundreds of thousands.
 * The trap: row 0 is a row, so rows are kept with one added.
 */
import { mix } from '../flow/hash-slots.ts';

const INITIAL_SLOTS = 1024;

export class FirstOfName {
  private names = new Float64Array(INITIAL_SLOTS);
  /** Row + 1; 0 is free. */
  private rows = new Uint32Array(INITIAL_SLOTS);
  private used = 0;

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
