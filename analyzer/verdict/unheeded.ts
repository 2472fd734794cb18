/**
 * A SYN that came to its server, which did not answer it: a full listen queue or a filter of the host (Linux drops
 * either in silence), and no path that was lost.
 * The trap: only the server's own capture shows that it came there, and that nothing went back.
 */
import type { CrossPacket } from '../failover/crossing.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import { ANSWER_WAIT, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { Cross, Innocent } from './case.ts';
import { end } from './hops.ts';

/** The server's own view: it answered a repeat, and nothing before. */
export function unheededHere(
  stall: Stall,
  { connection }: SilenceWatch,
  near: EndIndex | null,
): Innocent | null {
  const { client, server } = connection.flow;
  if (near !== server || !isOpened(stall, server) || stall.silence.startSender !== client) return null;
  return stall.events.some((e) => e.sender === server) ? null : unheeded([stall.startFrame]);
}

/** The client's view, with the server's own capture beside it. */
export function unheededThere(stall: Stall, flow: Flow, cross: Cross): Innocent | null {
  const { hops, clockError } = cross;
  if (!isOpened(stall, flow.server) || !hops.sure.server || clockError === null) return null;
  const { crossing } = hops;
  const at = (p: CrossPacket) => crossing.at(p, end('server'));
  const isSyn = (p: CrossPacket): boolean => (p.flags & 0x02) !== 0;
  const syns = crossing.packets.filter((p) => p.from === 'client' && isSyn(p));
  const first = syns.find((p) => p.seen.some((s) => s.row.id === stall.startFrame));
  const came = first === undefined ? null : at(first);
  const answers = crossing.packets.filter((p) => p.from === 'server' && at(p) !== null);
  const answer = answers.find(isSyn);
  if (came === null || answer === undefined || answer !== answers[0]) return null;
  return answer.time - came.time < ANSWER_WAIT + clockError ? null : unheeded([came.row.id]);
}

const isOpened = (stall: Stall, server: EndIndex): boolean =>
  stall.what === 'handshake' &&
  stall.endedBy === 'progress' &&
  stall.ending?.sender === server &&
  (stall.ending.bits & Segment.Syn) !== 0;

const unheeded = (frames: readonly FrameId[]): Innocent => ({
  cause: 'application-idle',
  because:
    'the SYN came to the server, and it did not answer: its listen queue was full, or a filter of its own dropped it',
  frames,
});
