/**
 * The failovers that a single capture implies: times in which the path was
 * gone for flows whose stalls nothing innocent explains and in which somebody
 * was shown to try in vain. Nodes' captures see failovers; one end infers them.
 * The trap: the end of such a time is only a bound, set by whoever tried first.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Mark } from '../failover/marks.ts';
import type { JudgedFlow } from './judge.ts';

export interface InferredFailover {
  readonly pathLost: Nanos;
  readonly pathRestored: Nanos | null;
  readonly flows: readonly JudgedFlow[];
  readonly marks: readonly Mark[];
}

/** Oldest first. */
export function inferFailovers(judged: readonly JudgedFlow[]): InferredFailover[] {
  const spans = judged.flatMap((flow) => spansOf(flow)).sort((a, b) => a.lost - b.lost);
  const groups: Span[][] = [];
  for (const span of spans) {
    const group = groups.at(-1);
    const groupEnd =
      group === undefined ? 0 : Math.min(...group.map((s) => s.back ?? Number.POSITIVE_INFINITY));
    if (group !== undefined && span.lost < groupEnd) group.push(span);
    else groups.push([span]);
  }
  return groups.map(toFailover);
}

interface Span {
  readonly lost: Nanos;
  readonly back: Nanos | null;
  readonly flow: JudgedFlow;
}

function spansOf(flow: JudgedFlow): Span[] {
  if (flow.case.outcome === 'unaffected') return [];
  return flow.case.stalls
    .filter((s) => s.innocent === null && s.trying.length > 0 && isOwn(flow, s.stall.start))
    .map((s) => {
      const heard = s.path.lost?.time ?? s.stall.start;
      // A connection opened in the outage knows only that the path was down already.
      const lost = s.stall.what === 'handshake' ? Math.min(heard, s.stall.start) : Math.max(heard, 0);
      const back = s.path.back?.time ?? null;
      // Where time runs backwards, a proof may seem older than the loss: it is none.
      return { lost, back: back !== null && back >= lost ? back : null, flow };
    });
}

/** The main stall, and others that came before it; later ones may be its recovery. */
function isOwn(flow: JudgedFlow, start: Nanos): boolean {
  return flow.case.main !== null && start <= flow.case.main.stall.start;
}

function toFailover(group: readonly Span[]): InferredFailover {
  const backs = group.flatMap((s) => (s.back === null ? [] : [s.back]));
  const pathRestored = backs.length === 0 ? null : Math.min(...backs);
  const before = group.map((s) => s.lost).filter((t) => pathRestored === null || t < pathRestored);
  // A proof can come with the very frame that the loss is dated by; then the earliest must do.
  const pathLost = before.length > 0 ? Math.max(...before) : Math.min(...group.map((s) => s.lost));
  const marks = new Set(group.flatMap((s) => s.flow.case.marks));
  return {
    pathLost,
    pathRestored,
    flows: [...new Set(group.map((s) => s.flow))],
    marks: [...marks].sort((a, b) => a.time - b.time),
  };
}
