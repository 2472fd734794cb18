/** What the right button offers on a frame or a time, the same in all views. */
import type { IncidentDetail } from '../../server/api.ts';
import { createPin, getLaneFrames } from '../data/api.ts';
import { sameFrame } from '../data/located.ts';
import { AFRESH, go } from '../state/address.ts';
import { openFlow, view } from '../state/incident.ts';
import { selection, spoken } from '../state/selection.ts';
import { formatTarget } from '../state/target.ts';
import { formatTime, toNanos } from '../state/time.ts';
import { centre } from '../state/viewport.ts';
import type { MenuItem } from './hit-menu.tsx';
import type { Hit } from './scene.ts';
import { frameName, wiresharkFilter } from './sources.ts';

/** Frames that may share a moment. */
const NEARBY = 500;

export function frameMenu(incident: IncidentDetail, hit: Hit | null, time: number | null): MenuItem[] {
  const items: MenuItem[] = [];
  if (hit !== null) {
    const { frame } = hit;
    const name = frameName(incident, frame);
    items.push({ label: `Select ${name}`, run: () => selection.set({ kind: 'frame', frame }) });
    items.push({
      label: 'Copy as Wireshark filter',
      run: () => copy(wiresharkFilter([frame]), 'Filter copied.'),
    });
    items.push({
      label: 'Pin to the postmortem',
      run: () => {
        const target = `frame:${frame.capture}:${frame.frame}`;
        const title = `${name}: ${hit.lines[2] ?? ''}`.replace(/: $/, '');
        createPin(incident.id, { target, at: toNanos(hit.time), title, note: '' }).then(
          () => spoken.set('Pinned.'),
          () => spoken.set('It could not be pinned: the server does not answer.'),
        );
      },
    });
    if (openFlow.get() === null)
      items.push({
        label: 'Open its flow',
        run: () => {
          openItsFlow(incident, hit).catch(() => spoken.set('The server does not answer.'));
        },
      });
    if (openFlow.get() !== null && view.get() !== 'ladder')
      items.push({
        label: 'Show in the ladder',
        run: () => {
          selection.set({ kind: 'frame', frame });
          view.set('ladder');
        },
      });
  }
  if (time !== null) {
    items.push({
      label: `Copy time ${formatTime(time, 6)}`,
      run: () => copy(formatTime(time, 9), 'Time copied.'),
    });
    items.push({ label: 'Centre here', run: () => centre(time) });
  }
  return items;
}

async function openItsFlow({ id }: IncidentDetail, { frame, vantage, time }: Hit): Promise<void> {
  const query = { from: time - 1, to: time + 2, limit: NEARBY };
  const { frames } = await getLaneFrames(id, `v${vantage}`, query);
  const flow = frames.find((row) => sameFrame(row.frame, frame))?.flow ?? null;
  if (flow === null) spoken.set('The report has no flow with this frame.');
  else go({ ...AFRESH, page: 'flow', flow, sel: formatTarget({ kind: 'frame', frame }) });
}

function copy(text: string, done: string): void {
  const { clipboard } = navigator;
  if (clipboard === undefined) {
    spoken.set('This page may not use the clipboard.');
    return;
  }
  clipboard.writeText(text).then(
    () => spoken.set(done),
    () => spoken.set('The browser did not allow to copy.'),
  );
}
