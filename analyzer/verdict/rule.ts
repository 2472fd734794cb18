/**
 * What a rule is: one cause of the catalogue, judged against one case. A rule
 * says *found* only where the evidence at hand leaves nothing else, *out* with
 * a reason, and otherwise *possible* with a weight that orders the candidates.
 */
import type { FrameId } from '../flow/frame-id.ts';
import type { CauseId, Confidence, Shows } from '../report/report.ts';
import type { Case } from './case.ts';

/** A sentence with the frames, or the lines of a node's journal, that prove it. */
export interface VerdictClaim {
  readonly kind: 'observed' | 'inferred' | 'absent';
  readonly text: string;
  readonly frames: readonly FrameId[];
  readonly journal?: readonly { readonly file: string; readonly line: number }[];
  /** What each cited frame shows, for machines that check. */
  readonly shows?: Shows;
  /** Needed where `kind` is absent: what was watched, and why that would have shown it. */
  readonly coverage?: { readonly from: number; readonly to: number; readonly why: string };
}

export type Judgement =
  | { readonly is: 'found'; readonly confidence: Confidence; readonly claims: readonly VerdictClaim[] }
  | { readonly is: 'possible'; readonly weight: number }
  | { readonly is: 'out'; readonly because: string };

export interface Rule {
  readonly id: CauseId;
  /** One sentence: what it means. */
  readonly meaning: string;
  judge(c: Case): Judgement;
  /** By what other vantages show of the way; null where that tells nothing, and `judge` is asked. */
  onTheWay?(c: Case): Judgement | null;
}

export const out = (because: string): Judgement => ({ is: 'out', because });
export const possible = (weight: number): Judgement => ({ is: 'possible', weight });
export const found = (confidence: Confidence, ...claims: VerdictClaim[]): Judgement => ({
  is: 'found',
  confidence,
  claims,
});
export const observed = (text: string, frames: readonly FrameId[], shows?: Shows): VerdictClaim =>
  shows === undefined ? { kind: 'observed', text, frames } : { kind: 'observed', text, frames, shows };
export const inferred = (text: string, frames: readonly FrameId[] = []): VerdictClaim => ({
  kind: 'inferred',
  text,
  frames,
});
