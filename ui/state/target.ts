/**
 * A selection as text, for addresses and pins: `frame:c1:4120`, `flow:f0123456789`, `claim:f0123456789:3`,
 * `range:<ns>:<ns>` (ns since the epoch). Read in two steps, because a link is opened before the
 * incident, and with it the timeline's origin, is there.
 */
import type { FrameRef, NanosString } from '../../analyzer/index.ts';
import { NOTHING, type Selection } from './selection.ts';
import { toNanos, toTimeline } from './time.ts';

export type Target =
  | { kind: 'frame'; frame: FrameRef }
  | { kind: 'flow'; flow: string }
  | { kind: 'claim'; flow: string; index: number }
  | { kind: 'range'; from: NanosString; to: NanosString };

const ID = '[\\w.~-]{1,80}';
const FRAME = new RegExp(`^frame:(${ID}):(\\d{1,10})$`);
const FLOW = new RegExp(`^flow:(${ID})$`);
const CLAIM = new RegExp(`^claim:(${ID}):(\\d{1,6})$`);
const RANGE = /^range:(\d{1,20}):(\d{1,20})$/;

/** @returns null where the text is no target */
export function parseTarget(text: string): Target | null {
  const frame = FRAME.exec(text);
  if (frame !== null && Number(frame[2]) > 0)
    return { kind: 'frame', frame: { capture: frame[1]!, frame: Number(frame[2]) } };
  const flow = FLOW.exec(text);
  if (flow !== null) return { kind: 'flow', flow: flow[1]! };
  const claim = CLAIM.exec(text);
  if (claim !== null) return { kind: 'claim', flow: claim[1]!, index: Number(claim[2]) };
  const range = RANGE.exec(text);
  const isRange = range !== null && BigInt(range[1]!) <= BigInt(range[2]!);
  return isRange ? { kind: 'range', from: range[1]!, to: range[2]! } : null;
}

export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'frame':
      return `frame:${target.frame.capture}:${target.frame.frame}`;
    case 'flow':
      return `flow:${target.flow}`;
    case 'claim':
      return `claim:${target.flow}:${target.index}`;
    case 'range':
      return `range:${target.from}:${target.to}`;
  }
}

/** null where nothing is selected. */
export function selectionToText(selection: Selection): string | null {
  if (selection.kind === 'none') return null;
  if (selection.kind !== 'range') return formatTarget(selection);
  return formatTarget({ kind: 'range', from: toNanos(selection.from), to: toNanos(selection.to) });
}

/** Needs the incident's time base. */
export function textToSelection(text: string | null): Selection {
  const target = text === null ? null : parseTarget(text);
  if (target === null) return NOTHING;
  if (target.kind !== 'range') return target;
  return { kind: 'range', from: toTimeline(target.from), to: toTimeline(target.to) };
}
