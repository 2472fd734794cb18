/**
 * The frames of one flow around its stalls, row by row: what `--flow` shows.
 */
import { flagText } from '../../packet/wire/tcp.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { SegmentEvent } from '../stall/segment-event.ts';
import type { Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { JudgedFlow } from '../verdict/judge.ts';
import { endName, seconds } from '../verdict/words.ts';
import type { ReportClock } from './clock.ts';
import type { LadderRow } from './report.ts';

/** Rows for the events and the end of every stall, and for what came after a close. */
export function toLadder(judged: JudgedFlow, clock: ReportClock): LadderRow[] {
  const { watch, case: c } = judged;
  const rows: LadderRow[] = [];
  for (const { stall } of c.stalls) {
    const labelled = new Map(stall.events.map((e, i) => [e, labelOf(e, stall, i)]));
    for (const e of stall.events) rows.push(toRow(e, labelled.get(e) as string, judged, clock));
    if (stall.ending !== null) rows.push(toRow(stall.ending, endingLabel(stall), judged, clock));
  }
  for (const e of watch.aftermath) rows.push(toRow(e, 'after the close', judged, clock));
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = `${row.frame.capture}:${row.frame.frame}`;
    if (seen.has(key) || row.frame.frame === NO_FRAME) return false;
    seen.add(key);
    return true;
  });
}

function toRow(e: SegmentEvent, label: string, judged: JudgedFlow, clock: ReportClock): LadderRow {
  const { flow, sides } = judged.watch.connection;
  const own = sides[e.sender];
  const peer = sides[e.sender === 0 ? 1 : 0];
  return {
    frame: clock.frame(e.id),
    time: clock.time(e.time),
    from: endName(flow, e.sender),
    flags: e.icmp >= 0 ? `ICMP ${e.icmp >> 8}/${e.icmp & 255}` : flagText(e.flags),
    seq: (e.seq - own.firstSeq) >>> 0,
    ack: (e.flags & 0x10) === 0 ? 0 : (e.ack - peer.firstSeq) >>> 0,
    length: e.length,
    window: e.window,
    label,
  };
}

function labelOf(e: SegmentEvent, stall: Stall, index: number): string {
  if (e.icmp >= 0) return 'ICMP error about this connection';
  if ((e.bits & Segment.Probe) !== 0) {
    const probe = stall.probes.find((p) => p.event === e);
    return probe === undefined || probe.answer === null ? 'probe, unanswered' : 'probe, answered';
  }
  const rung = stall.ladder?.rungs.findIndex((r) => r.id === e.id) ?? -1;
  if (rung >= 0 && stall.ladder !== null)
    return `${stall.ladder.syn ? 'SYN again' : `retransmission ${rung + 1}`}, ${seconds(e.time - stall.start)}`;
  if (stall.ladder?.probes.some((p) => p.id === e.id) === true) return 'tail-loss probe';
  if ((e.bits & Segment.Rst) !== 0) return 'RST';
  if ((e.bits & Segment.Fin) !== 0) return 'FIN';
  if ((e.bits & Segment.Resent) !== 0) return 'sent again';
  if ((e.bits & Segment.Ahead) !== 0) return 'beyond a hole';
  if ((e.bits & Segment.ZeroWindow) !== 0) return 'window closed';
  if ((e.bits & Segment.WindowUpdate) !== 0) return 'window opened';
  const before = stall.events[index - 1];
  const isAnswer = before !== undefined && (before.bits & Segment.Probe) !== 0 && before.sender !== e.sender;
  return isAnswer ? 'answer to the probe' : 'acknowledgement';
}

function endingLabel(stall: Stall): string {
  const after = seconds((stall.end as number) - stall.start);
  if (stall.endedBy === 'close') return `closes, ${after} after the last progress`;
  return `progress again, after ${after}`;
}
