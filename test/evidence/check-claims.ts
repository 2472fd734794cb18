/**
 * Holds the claims of a report against tshark's frames: every cited frame
 * exists, belongs to whom the claim says, and shows what it says. Each finding
 * is one line that names the flow, the claim and the frame.
 */
import type { Claim, End, Flow, FrameRef, Shows } from '../../analyzer/index.ts';
import { type FlowFrame, type FlowFrames, framesOf, isProbe, seqAfter, TcpBit } from './read-flow.ts';
import type { ReadFrame } from './tshark-reader.ts';
import type { Witness } from './witness.ts';

/** A claim about another connection says so, whatever its kind. */
const NAMES_ANOTHER = /another connection|new connection/;
/** A sign of a node may be a frame of any connection. */
const NAMES_NODE = /^the new node showed up/;

export function checkClaims(witness: Witness): string[] {
  return witness.report.flows.flatMap((flow) => {
    if (flow.protocol !== 'tcp') return [];
    const own = framesOf(witness, flow);
    return flow.claims.flatMap((claim) =>
      checkClaim(claim, { flow, witness, own }).map((what) => `${flow.id} "${claim.text}": ${what}`),
    );
  });
}

/** Marks of a failover are the network's, or the frames that the nodes took in or passed on. */
export function checkMarks(witness: Witness): string[] {
  const { failovers, path } = witness.report;
  return [...failovers.flatMap((f) => f.marks), ...path.claims].flatMap((claim) => {
    const wrong = [
      ...(claim.kind === 'observed' ? unsupported(claim) : []),
      ...claim.frames.flatMap((at) => checkNetwork(claim, at, witness)),
    ];
    return wrong.map((what) => `"${claim.text}": ${what}`);
  });
}

function checkNetwork({ shows }: Claim, at: FrameRef, witness: Witness): string[] {
  const read = witness.at(at);
  if (read === undefined) return [`${name(at)} does not exist`];
  if (shows === undefined) return [];
  if (shows.what === 'syn' || shows.what === 'syn-ack') {
    return isShown(shows.what, read) ? [] : [`${name(at)} is no ${shows.what}`];
  }
  if (shows.from === 'other-flow') return read.sourcePort < 0 ? [`${name(at)} is no TCP frame`] : [];
  return shows.what === 'segment' || showsNetwork(read, shows.what)
    ? []
    : [`${name(at)} is no ${shows.what}`];
}

const isShown = (what: 'syn' | 'syn-ack', { flags }: ReadFrame): boolean =>
  (flags & (TcpBit.Syn | TcpBit.Ack)) === (what === 'syn' ? TcpBit.Syn : TcpBit.Syn | TcpBit.Ack);

/** A claim that rests on a journal needs no frame. */
function unsupported({ frames, shows, journal = [] }: Claim): string[] {
  if (frames.length === 0) return journal.length === 0 ? ['observed, without a frame'] : [];
  return shows === undefined ? ['observed, without saying what the frames show'] : [];
}

const name = ({ capture, frame }: FrameRef): string => `frame ${frame} of ${capture}`;

interface Context {
  readonly flow: Flow;
  readonly witness: Witness;
  readonly own: FlowFrames;
}

function checkClaim(claim: Claim, context: Context): string[] {
  const wrong = claim.kind === 'observed' ? unsupported(claim) : [];
  return [
    ...wrong,
    ...claim.frames.flatMap((at) => {
      const read = context.witness.at(at);
      if (read === undefined) return [`${name(at)} does not exist`];
      const what =
        claim.shows === undefined
          ? checkPlain(claim, at, read, context)
          : checkShown(claim.shows, at, read, context);
      return what === null ? [] : [`${name(at)} ${what}`];
    }),
  ];
}

/** A frame of an inferred claim is the flow's own, unless the sentence names another. */
function checkPlain(claim: Claim, at: FrameRef, read: ReadFrame, { own }: Context): string | null {
  const isOwn = own.at(at) !== undefined;
  if (NAMES_NODE.test(claim.text)) return null;
  if (!NAMES_ANOTHER.test(claim.text)) return isOwn ? null : 'does not belong to the flow';
  if (isOwn) return 'is no other connection';
  return read.sourcePort >= 0 ? null : 'is no TCP frame';
}

function checkShown({ from, what }: Shows, at: FrameRef, read: ReadFrame, { own }: Context): string | null {
  if (from === 'network') return what === 'segment' || showsNetwork(read, what) ? null : `is no ${what}`;
  const frame = own.at(at);
  if (from === 'other-flow') {
    if (read.sourcePort < 0) return 'is no TCP frame';
    if (frame !== undefined) return 'belongs to the flow itself';
    return what !== 'syn' || isShown('syn', read) ? null : 'is no SYN';
  }
  if (frame === undefined) return 'does not belong to the flow';
  if (frame.from !== from) return `is from the ${frame.from}, not from the ${from}`;
  return SHOWS[what](frame) ? null : `is no ${what} (${describe(frame)})`;
}

const showsNetwork = (read: ReadFrame, what: Shows['what']): boolean =>
  (what === 'arp' && read.isArp) || (what === 'vrrp' && read.isVrrp) || (what === 'icmp' && read.isIcmp);

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
  syn: ({ read }) => isShown('syn', read),
  'syn-ack': ({ read }) => isShown('syn-ack', read),
  fin: ({ read }) => (read.flags & TcpBit.Fin) !== 0,
  rst: ({ read }) => (read.flags & TcpBit.Rst) !== 0,
  segment: () => true,
  arp: () => false,
  vrrp: () => false,
  icmp: () => false,
};

const describe = ({ read, from }: { read: ReadFrame; from: End }): string =>
  `${from}, flags 0x${read.flags.toString(16)}, length ${read.length}, seq ${read.seq}, window ${read.window}`;
