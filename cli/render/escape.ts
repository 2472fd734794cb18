/**
 * Strings from captures, file names and journals may hold anything: terminal
 * escapes, line ends, marks that turn the reading direction around (CVE-2021-42574).
 * What would act on the terminal instead of being read is printed as its number.
 */

// C0, DEL, C1; zero-width and direction marks; line and paragraph separators;
// bidi embeddings and isolates; byte order mark; tag characters; lone surrogates.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Safe to print on one line. Text without such characters is returned unchanged. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same document with every string in it escaped, so that nothing printed later can be forgotten. */
export function escapeDeep<T>(value: T): T {
  if (typeof value === 'string') return escapeText(value) as T;
  if (Array.isArray(value)) return value.map(escapeDeep) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [escapeText(key), escapeDeep(inner)]),
  ) as T;
}

/** JSON that is as safe on a terminal as it is exact: the same characters as `\uXXXX`. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, i) => {
      return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
