/** Differences from capinfos whose reason is known, and where it is theirs. */
import type { Judgement } from './judge.ts';

/** Null where nobody knows why. */
export function explainDifference(_path: string, _judged: Judgement, _complaint: string): string | null {
  return null;
}
