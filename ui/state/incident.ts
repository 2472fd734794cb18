/**
 * The incident and the flow that are on the screen, for whoever draws them, and the switches
 * that all views share. Set by `ui/shell`; canvases subscribe.
 */
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { type Atom, atom } from './atom.ts';

/** null: none is open, or it is not loaded yet. */
export const incident: Atom<IncidentDetail | null> = atom<IncidentDetail | null>(null);
export const openFlow: Atom<FlowDetail | null> = atom<FlowDetail | null>(null);

export const VIEWS = ['lanes', 'ladder', 'time-sequence'] as const;
export type View = (typeof VIEWS)[number];
export const view: Atom<View> = atom<View>('lanes');

/** Key Z: long gaps without a frame are drawn torn. */
export const idleCompressed: Atom<boolean> = atom(false);
/** Key X: the other direction's bytes in the time-sequence graph, the other side first in the lanes. */
export const swapped: Atom<boolean> = atom(false);
/** Key R: the pointer measures time, bytes and rate. */
export const ruler: Atom<boolean> = atom(false);
/** Key Q: the explanation at the right. */
export const panelOpen: Atom<boolean> = atom(true);
