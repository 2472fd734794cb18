/**
 * Decoded frames, as each vantage saw them: asked for once, the last few hundred kept.
 * The trap: frames belong to a revision of an incident; another analysis may number captures anew.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import type { FrameDetail } from '../../server/api.ts';
import { getFrame } from './api.ts';

const MOST = 300;
const cache = new Map<string, Promise<FrameDetail>>();

export function loadFrame(incident: string, revision: number, frame: FrameRef): Promise<FrameDetail> {
  const key = `${incident} ${revision} ${frame.capture} ${frame.frame}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const asked = getFrame(incident, frame);
  cache.set(key, asked);
  // A failure is not kept: the next click asks again.
  asked.catch(() => cache.delete(key));
  const oldest = cache.keys().next().value;
  if (cache.size > MOST && oldest !== undefined) cache.delete(oldest);
  return asked;
}
