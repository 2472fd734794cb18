/**
 * What is selected, the same in every view, and what the pointer or the keyboard cursor is on.
 * `ui/state/route.ts` writes the selection into the address.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import { type Atom, atom } from './atom.ts';

export type Selection =
  | { readonly kind: 'none' }
  | { readonly kind: 'frame'; readonly frame: FrameRef }
  | { readonly kind: 'flow'; readonly flow: string }
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'claim'; readonly flow: string; readonly index: number };

export interface Hover {
  /** ns since the timeline's origin; null: the pointer is not on a time. */
  readonly time: number | null;
  readonly frame: FrameRef | null;
}

export const NOTHING: Selection = { kind: 'none' };
export const NO_HOVER: Hover = { time: null, frame: null };

export const selection: Atom<Selection> = atom(NOTHING);
export const hover: Atom<Hover> = atom(NO_HOVER);
/** Frames to be lit up in every view: those of the claim under the pointer. */
export const lit: Atom<readonly FrameRef[]> = atom<readonly FrameRef[]>([]);
/** What a screen reader is told of the focused event; one `aria-live` region shows it. */
export const spoken: Atom<string> = atom('');
