/**
 * Pieces of HTML from text that strangers wrote.
 * The trap: a text that is safe in an element is not yet safe in an attribute, and one that is safe in both may still
 * turn the writing around; so there is one way for all, and it does all three.
 */
import { escapeText } from '../../analyzer/index.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as the text of an element, and between quotation marks as the value of an attribute. */
export const escapeHtml = (text: string): string =>
  escapeText(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
