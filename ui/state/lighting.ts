/**
 * Which frames are lit: those of the claim that is pointed at, else those of the claim that is selected.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import { openFlow } from './incident.ts';
import { lit, selection } from './selection.ts';

let pointedAt: readonly FrameRef[] | null = null;

/** null: at none. */
export function pointAt(frames: readonly FrameRef[] | null): void {
  pointedAt = frames;
  light();
}

/** Once, before the page is drawn. */
export function startLighting(): void {
  selection.subscribe(light);
  openFlow.subscribe(light);
}

function light(): void {
  const next = pointedAt ?? ofSelection();
  if (next.length > 0 || lit.get().length > 0) lit.set(next);
}

function ofSelection(): readonly FrameRef[] {
  const chosen = selection.get();
  const flow = openFlow.get()?.flow;
  if (chosen.kind !== 'claim' || chosen.flow !== flow?.id) return [];
  return flow.claims[chosen.index]?.frames ?? [];
}
