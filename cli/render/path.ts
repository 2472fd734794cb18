/** "Router or proxy?": the answer, and the frames on both sides of the gateway that show it. */
import { PATH_PHRASES, type Report } from '../../analyzer/index.ts';
import type { BlockContext } from './block.ts';
import { formatFrames } from './captures.ts';
import { renderClaims } from './evidence.ts';
import { wrapAfter } from './layout.ts';

/** Nothing for a lone capture that shows nothing of it. */
export function renderPath({ path, captures }: Report, { names, style, full }: BlockContext): string[] {
  if (captures.length < 2 && (path.claims.length === 0 || !full)) return [];
  if (captures.length < 2) return [`path: ${path.kind}`, ...renderClaims(path.claims, names, style)];
  const answer = `path: ${path.kind} - ${PATH_PHRASES[path.kind]}`;
  if (full) return [...wrapAfter('', answer, style.width), ...renderClaims(path.claims, names, style)];
  // The answer itself is among the claims, inferred from what was seen.
  const seen = path.claims.filter(({ kind }) => kind === 'observed');
  if (seen.length === 0) return wrapAfter('', answer, style.width);
  const frames = formatFrames(uniqueFrames(seen.flatMap((claim) => claim.frames)), names).join(', ');
  const proof = seen.map(({ text }) => text).join('; ');
  return wrapAfter('', `${answer}; ${proof}${frames === '' ? '' : ` (${frames})`}`, style.width);
}

function uniqueFrames<T extends { capture: string; frame: number }>(frames: readonly T[]): T[] {
  return [...new Map(frames.map((one) => [`${one.capture} ${one.frame}`, one])).values()];
}
