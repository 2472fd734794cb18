/**
 * Strings from captures, file names and journals may hold anything: terminal
 * escapes, line ends, marks that turn the reading direction around (CVE-2021-42574).
 * What would act instead of being read is shown as its number.
 */

// C0, DEL, C1; zero-width and direction marks; line and paragraph separators;
// bidi embeddings and isolates; byte order mark; tag characters; lone surrogates.
export const UNSAFE_CHARACTERS =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Safe to show on one line, in a terminal or a page. Text without such characters is returned unchanged. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE_CHARACTERS, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
