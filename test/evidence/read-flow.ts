/**
 * One connection as tshark's frames show it: what each end had sent and
 * acknowledged before every frame, when anything moved, and which probes were
 * answered. A walk of its own, so that the numbers in a report's sentences can
 * be worked out a second time.
 */
import type { End, Flow } from '../../analyzer/index.ts';
import type { ReadFrame } from './tshark-reader.ts';

export const TcpBit = { Fin: 1, Syn: 2, Rst: 4, Ack: 16 } as const;

/** A frame of the connection, with the state before it. Sequence numbers are raw. */
export interface FlowFrame {
  readonly read: ReadFrame;
  readonly from: End;
  /** What its sender had sent before (the number it would send next); null before its first. */
  readonly next: number | null;
  /** What of its sender had been acknowledged before; null where nothing was. */
  readonly una: number | null;
  /** In-order point of its sender: all below had been seen. */
  readonly inOrder: number | null;
  /** Window that its sender had advertised before; -1 where none. */
  readonly window: number;
  /** Brings in-order bytes, or acknowledges for the first time, or is the first of its end. */
  readonly moves: boolean;
}

export const seqAfter = (a: number, b: number): number => (a - b) | 0;

const ANSWER_WAIT = 1_000_000_000n;

interface EndState {
  next: number | null;
  una: number | null;
  inOrder: number | null;
  window: number;
  /** Bytes beyond holes, as [from, to). */
  ahead: [number, number][];
}

/** The end of the flow that sent a frame; null for a frame of anything else. */
export function senderOf(read: ReadFrame, flow: Flow): End | null {
  const is = (end: { address: string; port: number }, address: string, port: number): boolean =>
    end.address === address && end.port === port;
  const { source, sourcePort, destination, destinationPort } = read;
  if (is(flow.client, source, sourcePort) && is(flow.server, destination, destinationPort)) return 'client';
  if (is(flow.server, source, sourcePort) && is(flow.client, destination, destinationPort)) return 'server';
  return null;
}

/** The frames of a flow, in order. Where a SYN reused its ports, only those of its own time. */
export function framesOfFlow(frames: ReadonlyMap<number, ReadFrame>, flow: Flow): FlowFrame[] {
  const fresh = (): EndState => ({ next: null, una: null, inOrder: null, window: -1, ahead: [] });
  const state: Record<End, EndState> = { client: fresh(), server: fresh() };
  const found: FlowFrame[] = [];
  for (const read of frames.values()) {
    const from = senderOf(read, flow);
    if (from === null || read.isIcmp) continue;
    if (read.time < BigInt(flow.start) || read.time > BigInt(flow.end)) continue;
    const own = state[from];
    const { next, una, inOrder, window } = own;
    const moves = absorb(read, own, state[from === 'client' ? 'server' : 'client']);
    found.push({ read, from, next, una, inOrder, window, moves });
  }
  return found;
}

/** Takes a frame in; true where it moved something. */
function absorb(read: ReadFrame, own: EndState, peer: EndState): boolean {
  const isReset = (read.flags & TcpBit.Rst) !== 0;
  if (isReset) return false;
  const syn = Number((read.flags & TcpBit.Syn) !== 0);
  const end = (read.seq + read.length + syn) >>> 0;
  let moves = own.next === null && syn === 1;
  if (own.inOrder === null) {
    moves ||= read.length > 0;
    own.inOrder = end;
  } else if (read.length > 0 && seqAfter(end, own.inOrder) > 0) {
    if (seqAfter(read.seq, own.inOrder) <= 0) {
      own.inOrder = joined(end, own.ahead);
      moves = true;
    } else own.ahead.push([read.seq, end]);
  }
  if (own.next === null || seqAfter(end, own.next) > 0) own.next = end;
  if ((read.flags & TcpBit.Ack) !== 0) {
    const known = peer.una;
    if (known !== null && seqAfter(read.ack, known) > 0 && acknowledgesData(read, peer)) moves = true;
    if (known === null || seqAfter(read.ack, known) > 0) peer.una = read.ack;
  }
  own.window = read.window;
  return moves;
}

/** The acknowledgement of a FIN is one beyond all data. */
const acknowledgesData = (read: ReadFrame, peer: EndState): boolean =>
  peer.una !== null &&
  peer.next !== null &&
  seqAfter(peer.next, peer.una) > 0 &&
  seqAfter(read.ack, peer.una) > 0;

function joined(end: number, ahead: readonly [number, number][]): number {
  let at = end;
  for (let grew = true; grew; ) {
    grew = false;
    for (const [from, to] of ahead) {
      if (seqAfter(from, at) > 0 || seqAfter(to, at) <= 0) continue;
      at = to;
      grew = true;
    }
  }
  return at;
}

/** Keepalive or window probe: no or one byte, just below what its sender had sent or had acknowledged. */
export function isProbe({ read, next, una }: FlowFrame): boolean {
  if (read.length > 1 || (read.flags & (TcpBit.Syn | TcpBit.Fin | TcpBit.Rst)) !== 0) return false;
  const below = (read.seq + 1) >>> 0;
  return next !== null && (below === next || below === una);
}

/** The other end's frame that came next, within the time that an answer takes. */
export function answerTo(frames: readonly FlowFrame[], index: number): FlowFrame | null {
  const asked = frames[index] as FlowFrame;
  const next = frames[index + 1];
  if (next === undefined || next.from === asked.from) return null;
  return next.read.time - asked.read.time < ANSWER_WAIT ? next : null;
}
