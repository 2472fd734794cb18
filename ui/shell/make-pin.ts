/** What the pin key pins: the selection, else the flow that is shown; with a title and, where there is one, a time. */
import type { NewPin } from '../../server/api.ts';
import { worstStall } from '../data/copy.ts';
import { loadFrame } from '../data/frames.ts';
import { incident, openFlow } from '../state/incident.ts';
import { type Selection, selection } from '../state/selection.ts';
import { selectionToText } from '../state/target.ts';
import { formatDuration, toNanos } from '../state/time.ts';
import { captureNames, formatEndpoint, formatFrame } from './units.ts';

/** @returns null where there is nothing to pin */
export async function describePin(): Promise<NewPin | null> {
  const chosen = selection.get();
  const shown = openFlow.get();
  const on: Selection =
    chosen.kind === 'none' && shown !== null ? { kind: 'flow', flow: shown.flow.id } : chosen;
  const target = selectionToText(on);
  if (target === null) return null;
  return { target, note: '', ...(await nameOf(on)) };
}

async function nameOf(on: Selection): Promise<Pick<NewPin, 'title' | 'at'>> {
  const open = incident.get();
  const flow = openFlow.get()?.flow ?? null;
  switch (on.kind) {
    case 'frame': {
      const title = `Frame ${formatFrame(on.frame, captureNames(open?.report?.captures ?? []))}`;
      if (open === null) return { title, at: null };
      const detail = await loadFrame(open.id, open.revision, on.frame).catch(() => null);
      return { title, at: detail?.sightings[0]?.time ?? null };
    }
    case 'range':
      return { title: `${formatDuration((on.to - on.from) / 1e9)} of the timeline`, at: toNanos(on.from) };
    case 'claim': {
      const claim = flow?.id === on.flow ? flow.claims[on.index] : undefined;
      const frame = claim?.frames[0];
      const at = frame === undefined ? null : (await nameOf({ kind: 'frame', frame })).at;
      return { title: claim?.text ?? `Claim ${on.index + 1} of flow ${on.flow}`, at };
    }
    case 'flow': {
      if (flow === null || flow.id !== on.flow) return { title: `Flow ${on.flow}`, at: null };
      const ends = `${formatEndpoint(flow.client)} → ${formatEndpoint(flow.server)}`;
      const title = `${ends} ${flow.outcome}${flow.cause === null ? '' : ` (${flow.cause})`}`;
      return { title, at: worstStall(flow)?.start ?? flow.start };
    }
    case 'none':
      return { title: '', at: null };
  }
}
