/**
 * Silences as stalls need them: joined where the waiting end's own try went
 * unanswered, and cut where a closed receive window was opened again.
 * The trap: what ends a silence need not end the wait, and what begins it need
 * not be what it waited for later.
 */
import type { Nanos } from '../../packet/time.ts';
import { otherEnd } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { SegmentEvent } from './segment-event.ts';
import type { Silence } from './silence.ts';

export type StallKind = 'closed-window' | 'waiting';

/** A silence, or the part of it before or after a window was opened. */
export interface Part {
  silence: Silence;
  kind: StallKind;
  start: Nanos;
  startFrame: FrameId;
  end: Nanos | null;
  endedBy: Silence['endedBy'];
  ending: SegmentEvent | null;
  events: readonly SegmentEvent[];
}

/**
 * The waiting end sent something new while an answer was taken to be owed. If that was
 * answered, the answer had been complete and the silence was rest; if it went
 * unanswered, the silence went on.
 */
export function joinContinued(silences: readonly Silence[]): Silence[] {
  const joined: Silence[] = [];
  for (let i = 0; i < silences.length; i++) {
    const silence = silences[i] as Silence;
    if (!movesOn(silence)) {
      joined.push(silence);
      continue;
    }
    const next = silences[i + 1];
    const ending = silence.ending as SegmentEvent;
    if (next === undefined || next.startFrame !== ending.id || next.startSender !== ending.sender) continue;
    if (next.events.some((e) => e.icmp < 0 && e.sender !== ending.sender)) continue;
    const { owed, start, startFrame, startSender, lastOf, lastData, idleBefore, turnBytes } = silence;
    const events = [...silence.events, ending, ...next.events];
    joined.push({
      ...next,
      owed,
      start,
      startFrame,
      startSender,
      lastOf,
      lastData,
      idleBefore,
      turnBytes,
      events,
    });
    i += 1;
  }
  return joined;
}

/** Ended by new bytes of the end that was taken to wait, after its own last bytes had been acknowledged. */
function movesOn(silence: Silence): boolean {
  const { owed, ending, endedBy, startSender, events } = silence;
  if (endedBy !== 'progress' || ending === null || (ending.bits & Segment.NewData) === 0) return false;
  if (ending.sender === owed.by) return false;
  if (owed.what === 'mid-answer') return true;
  const heard = startSender === owed.by || events.some((e) => e.icmp < 0 && e.sender === owed.by);
  return owed.what === 'answer' && heard;
}

/** Cuts a silence where a closed receive window (RFC 9293, 3.8.6) was opened again. */
export function splitAtWindow(silence: Silence): Part[] {
  const { owed, events, start, startFrame, end, endedBy, ending } = silence;
  const whole: Part = { silence, kind: 'waiting', start, startFrame, end, endedBy, ending, events };
  if (owed.what === 'nothing' || owed.what === 'handshake') return [whole];
  const receiver = otherEnd(owed.by);
  if (!isClosed(silence.window[receiver])) {
    const closes = events.findIndex((e) => e.sender === receiver && isClosed(e.window) && isAck(e));
    // A window that closes without a byte moving was closed by the reader not reading.
    if (closes !== 0) return [whole];
  }
  const opens = events.findIndex((e) => e.sender === receiver && isAck(e) && !isClosed(e.window));
  if (opens < 0) return [{ ...whole, kind: 'closed-window' }];
  const opening = events[opens] as SegmentEvent;
  return [
    {
      ...whole,
      kind: 'closed-window',
      end: opening.time,
      endedBy: 'progress',
      ending: opening,
      events: events.slice(0, opens),
    },
    { ...whole, start: opening.time, startFrame: opening.id, events: events.slice(opens + 1) },
  ];
}

const isAck = (e: SegmentEvent): boolean => e.icmp < 0 && (e.bits & (Segment.Rst | Segment.Syn)) === 0;

/** A window of zero; what is merely small lets a sender send something (RFC 9293, 3.8.6.2.1). */
export const isClosed = (window: number): boolean => window === 0;
