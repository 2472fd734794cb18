/**
 * Holds the claims of a flow against tshark's frames: every cited frame exists,
 * belongs to whom the claim says, and shows what it says. Each finding is one
 * line that names the flow, the claim and the frame.
 */
import type { Claim, End, Flow, Report, Shows } from '../../analyzer/index.ts';
import { type FlowFrame, framesOfFlow, isProbe, senderOf, seqAfter, TcpBit } from './read-flow.ts';
import type { ReadFrame } from './tshark-reader.ts';

export interface Witness {
  /** tshark's frames of the one capture. */
  readonly frames: ReadonlyMap<number, ReadFrame>;
  readonly report: Report;
}

/** A claim about another connection says so, whatever its kind. */
const NAMES_ANOTHER = /another connection|new connection/;

export function checkClaims({ frames, report }: Witness): string[] {
  return report.flows.flatMap((flow) => {
    const own = new Map(framesOfFlow(frames, flow).map((f) => [f.read.frame, f]));
    return flow.claims.flatMap((claim) =>
      checkClaim(claim, { flow, frames, own }).map((what) => `${flow.id} "${claim.text}": ${what}`),
    );
  });
}

/** Marks of a failover are the network's. */
export function checkMarks({ frames, report }: Witness): string[] {
  return report.failovers.flatMap((failover) =>
    failover.marks.flatMap((claim) =>
      claim.frames.flatMap(({ frame }) => {
        const read = frames.get(frame);
        if (read === undefined) return [`"${claim.text}": frame ${frame} does not exist`];
        if (claim.shows === undefined) return [`"${claim.text}": does not say what its frames show`];
        const { from, what } = claim.shows;
        return from !== 'network' || what === 'segment' || showsNetwork(read, what)
          ? []
          : [`"${claim.text}": frame ${frame} is no ${what}`];
      }),
    ),
  );
}

interface Context {
  readonly flow: Flow;
  readonly frames: ReadonlyMap<number, ReadFrame>;
  readonly own: ReadonlyMap<number, FlowFrame>;
}

function checkClaim(claim: Claim, context: Context): string[] {
  if (claim.kind === 'observed') {
    if (claim.frames.length === 0) return ['observed, without a frame'];
    if (claim.shows === undefined) return ['observed, without saying what the frames show'];
  }
  return claim.frames.flatMap(({ frame }) => {
    const read = context.frames.get(frame);
    if (read === undefined) return [`frame ${frame} does not exist`];
    const what =
      claim.shows === undefined ? checkPlain(claim, read, context) : checkShown(claim.shows, read, context);
    return what === null ? [] : [`frame ${frame} ${what}`];
  });
}

/** A frame of an inferred claim is the flow's own, unless the sentence names another. */
function checkPlain(claim: Claim, read: ReadFrame, { flow }: Context): string | null {
  if (senderOf(read, flow) !== null) return NAMES_ANOTHER.test(claim.text) ? 'is no other connection' : null;
  return NAMES_ANOTHER.test(claim.text) && read.sourcePort >= 0 ? null : 'does not belong to the flow';
}

function checkShown({ from, what }: Shows, read: ReadFrame, { flow, own }: Context): string | null {
  if (from === 'network') return showsNetwork(read, what) ? null : `is no ${what}`;
  if (from === 'other-flow') {
    if (read.sourcePort < 0) return 'is no TCP frame';
    if (senderOf(read, flow) !== null) return 'belongs to the flow itself';
    return what !== 'syn' || isSyn(read) ? null : 'is no SYN';
  }
  const frame = own.get(read.frame);
  if (frame === undefined) return 'does not belong to the flow';
  if (frame.from !== from) return `is from the ${frame.from}, not from the ${from}`;
  return SHOWS[what](frame) ? null : `is no ${what} (${describe(frame)})`;
}

const showsNetwork = (read: ReadFrame, what: Shows['what']): boolean =>
  (what === 'arp' && read.isArp) || (what === 'vrrp' && read.isVrrp) || (what === 'icmp' && read.isIcmp);

const isSyn = ({ flags }: ReadFrame): boolean => (flags & (TcpBit.Syn | TcpBit.Ack)) === TcpBit.Syn;

/** True where the frame of the flow shows that. */
const SHOWS: Record<Shows['what'], (f: FlowFrame) => boolean> = {
  data: ({ read }) => read.length > 0,
  probe: isProbe,
  retransmission: ({ read, next }) =>
    read.analysis.some((name) => name.endsWith('retransmission')) ||
    (read.length > 0 && next !== null && seqAfter((read.seq + read.length) >>> 0, next) <= 0),
  ack: ({ read }) =>
    read.length === 0 && (read.flags & (TcpBit.Syn | TcpBit.Fin | TcpBit.Rst | TcpBit.Ack)) === TcpBit.Ack,
  'zero-window': ({ read }) => read.window === 0,
  'window-update': ({ read, window }) => read.window > window,
  syn: ({ read }) => isSyn(read),
  'syn-ack': ({ read }) => (read.flags & (TcpBit.Syn | TcpBit.Ack)) === (TcpBit.Syn | TcpBit.Ack),
  fin: ({ read }) => (read.flags & TcpBit.Fin) !== 0,
  rst: ({ read }) => (read.flags & TcpBit.Rst) !== 0,
  segment: () => true,
  arp: () => false,
  vrrp: () => false,
  icmp: () => false,
};

const describe = ({ read, from }: { read: ReadFrame; from: End }): string =>
  `${from}, flags 0x${read.flags.toString(16)}, length ${read.length}, seq ${read.seq}, window ${read.window}`;
