/** What a terminal would act on is printed as its number, also deep in a document and in JSON. */
import { escapeText, UNSAFE_CHARACTERS } from '../../analyzer/index.ts';

export { escapeText };

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
  return JSON.stringify(value).replace(UNSAFE_CHARACTERS, (character) =>
    Array.from({ length: character.length }, (_, i) => {
      return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
