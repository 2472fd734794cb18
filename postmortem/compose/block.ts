/**
 * A postmortem as blocks of text, the same for every form of it. Texts are plain: whatever a form gives a meaning to is
 * escaped by its writer, and by nobody before.
 */
import type { Claim } from '../../analyzer/index.ts';
import type { Overview, SequenceGraph } from '../graphs/model.ts';

/** A run of text. */
export type Run =
  | string
  | { readonly code: string }
  /** For people to fill in. */
  | { readonly todo: string }
  /** A numbered claim, `ev-12`. */
  | { readonly evidence: number }
  /** A section or factor of the same document. */
  | { readonly to: string; readonly text: string };

export type Runs = readonly Run[];

export interface Table {
  readonly head: readonly string[];
  readonly rows: Iterable<readonly Runs[]>;
  /** Columns of numbers. */
  readonly numbers?: readonly number[];
}

/** A claim with its number, and what shows it. */
export interface Evidence {
  readonly number: number;
  readonly kind: Claim['kind'];
  readonly text: string;
  /** `client #12 #19`, `conntrackd-b.log:12` */
  readonly shownBy: readonly string[];
}

export type Graph =
  | { readonly kind: 'overview'; readonly graph: Overview }
  | { readonly kind: 'sequence'; readonly graph: SequenceGraph };

export type Block =
  | { readonly is: 'title'; readonly text: string }
  | { readonly is: 'section'; readonly title: string; readonly id: string }
  | { readonly is: 'part'; readonly title: string; readonly id: string }
  | { readonly is: 'paragraph'; readonly runs: Runs }
  /** Of people: several lines, as they were written. */
  | { readonly is: 'quote'; readonly text: string }
  | { readonly is: 'list'; readonly items: readonly Runs[] }
  | ({ readonly is: 'table' } & Table)
  | { readonly is: 'evidence'; readonly claims: readonly Evidence[] }
  /** Details: where a form can fold them away, they are, unless `open`. */
  | {
      readonly is: 'fold';
      readonly summary: string;
      readonly open: boolean;
      readonly blocks: Iterable<Block>;
    }
  /** Only some forms can draw. */
  | { readonly is: 'figure'; readonly caption: string; readonly graph: Graph };

export const paragraph = (...runs: Run[]): Block => ({ is: 'paragraph', runs });
export const section = (title: string, id: string): Block => ({ is: 'section', title, id });
export const todo = (text: string): Run => ({ todo: text });
