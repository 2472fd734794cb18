/**
 * Lines that fit the terminal. Everything here works on plain text; colour is
 * put on afterwards, because escape codes have no width.
 */

/** Breaks at spaces. A word longer than the width stays whole: half a frame number would be a wrong one. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** The first line begins with `first`, the others are indented to the same column. */
export function wrapAfter(first: string, text: string, width: number): string[] {
  const indent = ' '.repeat(textWidth(first));
  const lines = wrap(text, Math.max(20, width - indent.length));
  return lines.map((line, i) => (i === 0 ? first : indent) + line);
}

/** Pads every column but the last to its widest cell; `alignRight` names columns of numbers. */
export function table(rows: readonly (readonly string[])[], alignRight: readonly number[] = []): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    rows.reduce((w, row) => Math.max(w, textWidth(row[c] ?? '')), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, c) => {
        const padding = ' '.repeat(widths[c]! - textWidth(cell));
        return alignRight.includes(c) ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Code points, not UTF-16 units. Wide characters count as one: they occur in file names only. */
export function textWidth(text: string): number {
  let width = 0;
  for (const _ of text) width++;
  return width;
}
