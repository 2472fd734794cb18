/** How far an analysis is, in words and as a part of the whole phase. */
import type { Progress } from '../../server/api.ts';
import { count } from './units.ts';

const PHASES: Record<Progress['phase'], string> = {
  reading: 'Reading',
  judging: 'Finding out what happened to each flow',
  drawing: 'Building the timeline',
  storing: 'Storing the result',
};

export function describeProgress(progress: Progress | null): string {
  if (progress === null) return 'Analysing …';
  const { phase, file, frames } = progress;
  const what = phase === 'reading' && file !== null ? `${PHASES[phase]} ${file}` : PHASES[phase];
  const part = progressPart(progress);
  return [what, part === null ? '' : `${Math.floor(part * 100)} %`, frames > 0 ? count(frames, 'frame') : '']
    .filter((text) => text !== '')
    .join(', ');
}

/** 0 to 1; null where it is not known. */
export function progressPart({ done, total }: Progress): number | null {
  return done === null || total === null || total <= 0 ? null : Math.min(1, done / total);
}
