/** `   = label: text`: what follows from the evidence above it, or goes with it. */
import { wrapAfter } from './layout.ts';
import type { Style } from './style.ts';

/** Nothing for no text. Continued under the text; `again` leaves the label out. */
export function note(label: string, text: string, style: Style, again = false): string[] {
  if (text === '') return [];
  const start = `   = ${label}: `;
  const lines = wrapAfter(again ? ' '.repeat(start.length) : start, text, style.width);
  const painted = `${style.colors.blue('   =')} ${style.colors.bold(`${label}:`)} `;
  return lines.map((line, i) => (i === 0 && !again ? painted + line.slice(start.length) : line));
}
