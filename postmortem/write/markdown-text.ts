/** Pieces of Markdown from text that strangers wrote: nothing of it is read as markup, nor as HTML. */

/** On one line; also safe in a cell of a table. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      // Turns the text around it where it is shown.
      .replace(/\p{Cf}/gu, '')
      // Round brackets, `!` and `>` act only beside what is escaped here.
      .replace(/[\\`*_{}[\]|<~&$]/g, '\\$&')
      // A line that begins so is an item of a list, a heading, a quotation or a rule.
      .replace(/^\s*(?=[=#>]|[-+](?:[\s-]|$))/, '\\')
      .replace(/^(\s*\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
      // Many renderers make links of bare addresses.
      .replace(/(https?|ftp|www)([:.])/gi, '$1\\$2')
      .trim()
  );
}

/**
 * What may act is escaped instead: not every renderer keeps a code span from acting. `<` begins a tag and `&` a reference
 * only before certain characters (CommonMark, 6.6 and 2.5), so that a display filter with `<=` and `&&` stays one to be copied.
 */
const MAY_ACT = /[`[\]\\]|<(?=[\p{L}/!?])|&(?=[#\p{L}\p{N}])/u;

/** Not escaped but fenced; a bar would end the cell of a table all the same (GFM, 4.10). Empty where the text is. */
export function codeSpan(text: string, inCell: boolean): string {
  const line = text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/\p{Cf}/gu, '');
  const plain = inCell ? line.replaceAll('|', '\\|') : line;
  if (MAY_ACT.test(line)) return escapeMarkdown(line);
  return plain.trim() === '' ? '' : `\`${plain}\``;
}

/** Of several lines, as a quotation. */
export const quoted = (text: string): string =>
  text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => `> ${escapeMarkdown(line)}`.trimEnd())
    .join('\n');

export function table(head: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
