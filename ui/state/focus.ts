/**
 * Selecting evidence: the frame is selected in every view, and the window moves to it where it
 * is not in sight. When it was seen is asked from the server; a later choice wins.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import { loadFrame } from '../data/frames.ts';
import { captureNames, nameOf } from '../shell/units.ts';
import { incident } from './incident.ts';
import { selection, spoken } from './selection.ts';
import { speakTime, toTimeline } from './time.ts';
import { centre, viewport } from './viewport.ts';

export async function focusFrame(frame: FrameRef): Promise<void> {
  const chosen = { kind: 'frame', frame } as const;
  selection.set(chosen);
  const at = await revealFrame(frame, () => selection.get() === chosen);
  if (at === null) return;
  const names = captureNames(incident.get()?.report?.captures ?? []);
  spoken.set(`${nameOf(frame.capture, names)} frame ${frame.frame}, ${speakTime(at)}`);
}

/** Brings the frame into sight, if that is still wanted when its time is known. @returns its time, or null where it is not */
export async function revealFrame(frame: FrameRef, isWanted: () => boolean): Promise<number | null> {
  const open = incident.get();
  if (open === null) return null;
  try {
    const { sightings } = await loadFrame(open.id, open.revision, frame);
    const time = sightings[0]?.time;
    if (time === undefined || !isWanted()) return null;
    const at = toTimeline(time);
    const { from, to } = viewport.get();
    if (at < from || at > to) centre(at);
    return at;
  } catch {
    // The panel of the frame says what went wrong.
    return null;
  }
}
