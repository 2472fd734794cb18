/**
 * The order of rows by time. Captures are nearly in order, so sorted runs are
 * merged; rows of one moment stay as they came.
 * The trap: two links written to one file interleave in runs of two or three rows.
 */

/** Rows 0 to `rows` - 1 by `timeOf`; null where they are in order already. */
export function timeOrder(rows: number, timeOf: (row: number) => number): Uint32Array | null {
  const starts = runStarts(rows, timeOf);
  if (starts.length <= 1) return null;
  let order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = i;
  let spare = new Uint32Array(rows);
  for (let runs = starts; runs.length > 1; ) {
    const merged: number[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [from, middle, to] = [runs[i] as number, runs[i + 1] ?? rows, runs[i + 2] ?? rows];
      merge(order, spare, { from, middle, to }, timeOf);
      merged.push(from);
    }
    [order, spare, runs] = [spare, order, merged];
  }
  return order;
}

function runStarts(rows: number, timeOf: (row: number) => number): number[] {
  const starts: number[] = rows > 0 ? [0] : [];
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row++) {
    const time = timeOf(row);
    if (time < last) starts.push(row);
    last = time;
  }
  return starts;
}

function merge(
  source: Uint32Array,
  target: Uint32Array,
  { from, middle, to }: { from: number; middle: number; to: number },
  timeOf: (row: number) => number,
): void {
  let [a, b] = [from, middle];
  for (let at = from; at < to; at++) {
    const [x, y] = [source[a] as number, source[b] as number];
    if (a < middle && (b >= to || timeOf(x) <= timeOf(y))) {
      target[at] = x;
      a += 1;
    } else {
      target[at] = y;
      b += 1;
    }
  }
}
