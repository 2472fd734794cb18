/**
 * All that is known about one UDP flow that stood still: the stall, who waited,
 * which tries went in vain, and what other vantages add. Facts only, worked out
 * once, so that the causes read like the catalogue.
 */
import type { Nanos } from '../../../packet/time.ts';
import type { CaptureGap } from '../../capture/capture-gaps.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import type { End, FrameRef, LadderRow, NanosString, Outcome, Role } from '../../report/report.ts';
import type { UdpEnds } from '../../stall/udp/dns-watch.ts';
import type { UdpWatch } from '../../stall/udp/udp-watch.ts';
import type { VerdictClaim } from '../rule.ts';

/** Times and frames as the report writes them. */
export interface UdpClock {
  time(t: Nanos): NanosString;
  frame(id: FrameId): FrameRef;
}

/** One vantage, and the UDP that it saw. */
export interface UdpView {
  readonly role: Role;
  readonly host: string;
  readonly side?: 'in' | 'out';
  readonly watch: UdpWatch;
  /** Writes times of this vantage; a correction of its clock is in it, if there is one. */
  readonly clock: UdpClock;
  readonly captureIds: readonly string[];
  readonly coveredUntil: Nanos;
  /** When it did not run, or lost packets. */
  readonly gaps: readonly CaptureGap[];
  /** A time of this vantage, in ns on the time base that all views share. */
  toReference(t: Nanos): Nanos;
}

/** `node-b.out`, as the report names it. */
export const nameOfView = ({ host, side }: UdpView): string =>
  side === undefined ? host : `${host}.${side}`;

/** What another vantage shows of a flow, in claims whose frames are that vantage's. */
export interface UdpEvidence {
  readonly claims: readonly VerdictClaim[];
  readonly confidence: 'high' | 'medium';
}

export interface UdpTry {
  readonly time: Nanos;
  readonly frame: FrameId;
}

export interface UdpCase {
  readonly kind: 'dns' | 'quic';
  /** The vantage whose times and frames the stall is told in. */
  readonly view: UdpView;
  readonly ends: UdpEnds;
  /** Client's endpoints behind a translation, as outer vantages saw them. */
  readonly translated: readonly { readonly address: string; readonly port: number }[];
  readonly seenAt: readonly string[];
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  readonly bytesToClient: number;
  readonly bytesToServer: number;
  readonly outcome: Outcome;
  readonly waiting: End;
  readonly start: Nanos;
  /** The newest frame before the silence, or the one that began it. */
  readonly startFrame: FrameId;
  /** Null where it did not end. */
  readonly end: Nanos | null;
  readonly endFrame: FrameId;
  /** Where it ended, or the end of the coverage. */
  readonly until: Nanos;
  /** Tries of the waiting end, oldest first, as far as they are kept. */
  readonly tries: readonly UdpTry[];
  /** The try whose answer ended the stall. */
  readonly answered: UdpTry | null;
  /** Tries in vain of anybody to the same server, in this stall: the newest, and how many. */
  readonly failed: { readonly last: Nanos; readonly count: number };
  /** Bytes of the smallest try. */
  readonly smallest: number;
  /** All tries came from one port of the client. */
  readonly onePort: boolean;
  /** A QUIC connection that was only being opened. */
  readonly opening: boolean;
  /** Nothing had moved for a while when the stall began. */
  readonly wasIdle: boolean;
  /** The same server was heard by others: in every second in which this flow tried, at some time in it, only later, or not. */
  readonly others: 'throughout' | 'sometimes' | 'later' | 'never';
  /** Nothing of this server is in the capture at all. */
  readonly serverUnknown: boolean;
  /** When the next try is due, if the tries show it. */
  readonly nextTry: Nanos | null;
  /** An ICMP error refused its datagrams. */
  readonly refused: boolean;
  /** The client's datagrams left the new node from another port than before. */
  readonly moved: UdpEvidence | null;
  /** Answers reached the node's outer side and went no further. */
  readonly undelivered: UdpEvidence | null;
  /** The client's datagrams reached a node's inner side and did not leave it. */
  readonly stopped: UdpEvidence | null;
  /** What happened, in order. */
  readonly story: readonly VerdictClaim[];
  readonly ladder: readonly LadderRow[];
}
