/**
 * One flow as tshark's frames show it in each capture, under whatever tuple it
 * has there: what each end had sent and acknowledged before every frame, when
 * anything moved, and which probes were answered. A walk of its own, so that
 * the numbers in a report's sentences can be worked out a second time.
 * The trap: a capture of a whole node shows a translated connection under two
 * tuples, and every segment of it twice: each tuple is walked by itself.
 */
import type { End, Endpoint, Flow, FrameRef } from '../../analyzer/index.ts';
import type { ReadFrame } from './tshark-reader.ts';
import type { Witness } from './witness.ts';

export const TcpBit = { Fin: 1, Syn: 2, Rst: 4, Ack: 16 } as const;

/** A frame of the connection, with the state before it. Sequence numbers are raw. */
export interface FlowFrame {
  readonly read: ReadFrame;
  readonly capture: string;
  /** ns since the epoch by the clock of the report. */
  readonly time: bigint;
  /** The tuple under which it was sent there: frames of one walk have the same. */
  readonly walk: string;
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

/** ns: a port is used again no sooner, and no clock of the fixtures is known worse. */
const CLOCK_NOISE = 1_000_000n;

const walked = new WeakMap<Witness, Map<Flow, FlowFrames>>();

/** Those of a flow of the witness' report, walked once for all that is asked of them. */
export function framesOf(witness: Witness, flow: Flow): FlowFrames {
  const flows = walked.get(witness) ?? new Map<Flow, FlowFrames>();
  walked.set(witness, flows);
  const frames = flows.get(flow) ?? new FlowFrames(witness, flow);
  flows.set(flow, frames);
  return frames;
}

/** The frames of a flow in every capture. */
export class FlowFrames {
  private readonly byCapture = new Map<string, readonly FlowFrame[]>();
  private readonly byFrame = new Map<string, FlowFrame>();

  constructor(witness: Witness, flow: Flow) {
    for (const { id } of witness.report.captures) {
      const walks = tuplesOf(flow).flatMap((tuple) => walk(witness, flow, id, tuple));
      const frames = walks.sort((a, b) => a.read.frame - b.read.frame);
      this.byCapture.set(id, frames);
      for (const f of frames) this.byFrame.set(`${id} ${f.read.frame}`, f);
    }
  }

  in(capture: string): readonly FlowFrame[] {
    return this.byCapture.get(capture) ?? [];
  }

  at({ capture, frame }: FrameRef): FlowFrame | undefined {
    return this.byFrame.get(`${capture} ${frame}`);
  }

  /** Frames of the same walk as one of them, in order. */
  walkOf({ capture, walk }: FlowFrame): readonly FlowFrame[] {
    return this.in(capture).filter((f) => f.walk === walk);
  }

  all(): readonly FlowFrame[] {
    return [...this.byCapture.values()].flat();
  }
}

/** Every tuple that a flow may have somewhere: as the client names it, translated, and those of its legs. */
function tuplesOf({ client, server, translated = [], legs = [] }: Flow): [client: string, server: string][] {
  const text = ({ address, port }: Endpoint): string => `${address}:${port}`;
  const clients = new Set([client, ...legs.map((l) => l.client), ...translated].map(text));
  const servers = new Set([server, ...legs.map((l) => l.server), ...translated].map(text));
  return [...clients].flatMap((c) => [...servers].flatMap((s): [string, string][] => [[c, s]]));
}

/** Where a SYN reused the ports, only the frames of the flow's own time. */
function walk(
  witness: Witness,
  flow: Flow,
  capture: string,
  [client, server]: readonly [string, string],
): FlowFrame[] {
  const fresh = (): EndState => ({ next: null, una: null, inOrder: null, window: -1, ahead: [] });
  const state: Record<End, EndState> = { client: fresh(), server: fresh() };
  const found: FlowFrame[] = [];
  const sent = (from: End): { read: ReadFrame; from: End }[] => {
    const [source, destination] = from === 'client' ? [client, server] : [server, client];
    return witness.between(capture, source, destination).map((read) => ({ read, from }));
  };
  const frames = [...sent('client'), ...sent('server')].sort((a, b) => a.read.frame - b.read.frame);
  const [start, end] = [BigInt(flow.start) - CLOCK_NOISE, BigInt(flow.end) + CLOCK_NOISE];
  for (const { read, from } of frames) {
    const time = witness.timeOf(capture, read);
    if (read.isIcmp || time < start || time > end) continue;
    const own = state[from];
    const { next, una, inOrder, window } = own;
    const moves = absorb(read, own, state[from === 'client' ? 'server' : 'client']);
    const walk = `${client} ${server}`;
    found.push({ read, capture, time, walk, from, next, una, inOrder, window, moves });
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
      reached(own, end);
      moves = true;
    } else own.ahead.push([read.seq, end]);
  }
  if (own.next === null || seqAfter(end, own.next) > 0) own.next = end;
  if ((read.flags & TcpBit.Ack) !== 0) {
    const known = peer.una;
    if (known !== null && seqAfter(read.ack, known) > 0 && acknowledgesData(read, peer)) moves = true;
    if (known === null || seqAfter(read.ack, known) > 0) peer.una = read.ack;
    // The receiver has it, also where the capture began with a probe or missed a frame.
    if (peer.inOrder !== null && seqAfter(read.ack, peer.inOrder) > 0) reached(peer, read.ack);
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

/** All below `end` has been seen, and what lies ahead and joins on; what is below is forgotten, for each frame looks at all. */
function reached(state: EndState, end: number): void {
  let at = end;
  for (let grew = true; grew; ) {
    grew = false;
    for (const [from, to] of state.ahead) {
      if (seqAfter(from, at) > 0 || seqAfter(to, at) <= 0) continue;
      at = to;
      grew = true;
    }
  }
  state.inOrder = at;
  if (state.ahead.length > 0) state.ahead = state.ahead.filter(([, to]) => seqAfter(to, at) > 0);
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
  return next.time - asked.time < ANSWER_WAIT ? next : null;
}
