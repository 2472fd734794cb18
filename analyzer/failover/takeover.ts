/**
 * Takeovers as the nodes' own captures show them: the last that one node
 * forwarded, and the first that reached the next one.
 * The trap: a node may hear frames without being in the path (a switch that
 * floods, a stray direction), so hearing makes a takeover only where nobody
 * forwards any more.
 */
import type { Nanos } from '../../packet/time.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { Toward } from './arrivals.ts';
import type { Busy } from './tenure.ts';

/** One direction of a takeover, by what the nodes forwarded; null where nothing shows it. */
export interface DirectionTimes {
  readonly toward: Toward;
  readonly lost: Nanos | null;
  readonly restored: Nanos | null;
}

/** Times are ns since the common base, by the reference's clock. */
export interface Takeover {
  /** Node indices; -1 where no node's capture shows it. */
  readonly from: number;
  readonly to: number;
  /** The last that was forwarded before; the path was lost then or later. */
  readonly lost: Nanos;
  readonly lostFrame: FrameId;
  /** The first that shows the new node in the path; null where none did. */
  readonly restored: Nanos | null;
  readonly restoredFrame: FrameId | null;
  /** True where that is an announcement of the new node and no segment that reached it. */
  readonly announced: boolean;
  /** False where nothing ties the clocks of both signs: then how long it took is not known, nor which came first. */
  readonly tied: boolean;
  /**
   * The new node heard frames without any outage and did nothing itself until then (infinite: to the end): a switch
   * that lost the old node's port floods what is sent to it. Undefined where there is no such doubt.
   */
  readonly hearsayUntil?: Nanos;
  readonly directions: readonly DirectionTimes[];
}

/** A sign of a new node other than a segment that reached it: it announced an address. */
export interface Announcement {
  /** `NEXT_NODE` where the frame does not say which. */
  readonly node: number;
  readonly time: Nanos;
  readonly frame: FrameId;
  /** By whose clock. */
  readonly anchor: number;
}

/** Whichever takes over. */
export const NEXT_NODE = -1;

/** Shorter than any failure detection: two nodes were in service at once. */
export const NO_OUTAGE: Nanos = 1_000_000_000;

/** Takeovers from one node to another, oldest first. `refused`: when nodes sent RSTs, or passed them on. */
export function findTakeovers(
  forwarded: readonly Busy[],
  received: readonly Busy[],
  announced: readonly Announcement[],
  nodes: readonly number[] = [],
  refused: readonly Busy[] = [],
): Takeover[] {
  const found: Takeover[] = [];
  let carrier = -1;
  const before: Busy[] = [];
  for (const busy of forwarded) {
    // The other node goes on as well: two in service, and none has taken over yet.
    const both = before.some((b) => b.node === carrier && b.to > busy.from + NO_OUTAGE);
    if (carrier >= 0 && busy.node !== carrier && !both) {
      found.push(takeover(carrier, busy.node, busy.from, before, forwarded, received, announced, refused));
    }
    if (!both) carrier = busy.node;
    before.push(busy);
  }
  if (carrier >= 0) {
    const own = latest(forwarded.filter((f) => f.node === carrier));
    const other = forwarded.filter((f) => f.node !== carrier && f.to > own.to + NO_OUTAGE)[0];
    if (other !== undefined) {
      const when = Math.max(other.from, own.to);
      found.push(takeover(carrier, other.node, when, before, forwarded, received, announced, refused));
      carrier = other.node;
    }
  }
  if (carrier >= 0) {
    const end = latest(forwarded);
    const heard = received
      .filter((r) => r.node !== carrier && r.to > end.to)
      .map((r) => ({ ...r, from: Math.max(r.from, end.to) }))
      .sort((a, b) => a.from - b.from)[0];
    // Frames that the next node already heard while the other forwarded are flooded copies.
    if (heard !== undefined && !overlapped(received, heard.node, before, carrier)) {
      found.push(takeover(carrier, heard.node, heard.from, before, forwarded, received, announced, refused));
    }
  }
  const silent = onlyAnnounced(found, forwarded, announced, nodes);
  return silent === null ? found : [...found, silent];
}

/** The other node of two says that it is in service, and nothing ever came to it. */
function onlyAnnounced(
  found: readonly Takeover[],
  forwarded: readonly Busy[],
  announced: readonly Announcement[],
  nodes: readonly number[],
): Takeover | null {
  const last = forwarded.length === 0 ? null : latest(forwarded);
  const [to, ...more] = nodes.filter((n) => n !== last?.node);
  if (found.length > 0 || last === null || to === undefined || more.length > 0) return null;
  const said = announced.find((a) => (a.node === to || a.node === NEXT_NODE) && a.time > last.to);
  return said === undefined ? null : takeover(last.node, to, said.time, forwarded, forwarded, [], announced);
}

/** The node had been hearing frames well before the one in service stopped. */
function overlapped(
  received: readonly Busy[],
  node: number,
  forwarded: readonly Busy[],
  carrier: number,
): boolean {
  const last = latest(forwarded.filter((f) => f.node === carrier));
  const tenure = forwarded.filter((f) => f.node === node).at(-1)?.to ?? Number.NEGATIVE_INFINITY;
  return received.some((r) => r.node === node && r.from > tenure && r.from < last.to - NO_OUTAGE);
}

/** What this node heard at a time it may have heard only because a switch flooded it. */
export const isHearsay = ({ to, lost, hearsayUntil }: Takeover, node: number, time: Nanos): boolean =>
  node === to && hearsayUntil !== undefined && time > lost && time < hearsayUntil;

/** It announced itself as it took over: before that, it took in nothing. */
export const isSurelyHearsay = (takeover: Takeover, node: number, time: Nanos): boolean =>
  takeover.announced && isHearsay(takeover, node, time);

const latest = (busy: readonly Busy[]): Busy => busy.reduce((a, b) => (b.to > a.to ? b : a));

interface Sign {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly anchor: number;
}

const earliest = (signs: readonly Sign[]): Sign | null =>
  signs.reduce<Sign | null>((a, b) => (a === null || b.time < a.time ? b : a), null);

/** Heard as soon as the old node was silent, and long before the new one did anything itself. */
const isFlood = (heard: Sign | null, sign: Sign | null, last: Busy): boolean =>
  heard !== null &&
  heard.anchor === last.anchor &&
  heard.time < last.to + NO_OUTAGE &&
  (sign === null || sign.time > heard.time + NO_OUTAGE);

function takeover(
  from: number,
  to: number,
  when: Nanos,
  before: readonly Busy[],
  forwarded: readonly Busy[],
  received: readonly Busy[],
  announced: readonly Announcement[],
  refused: readonly Busy[] = [],
): Takeover {
  const own = before.filter((b) => b.node === from);
  const last = latest(own);
  const lost = Math.min(last.to, when);
  const heard = received
    .filter((r) => r.node === to && r.to > lost && r.from <= when)
    .map((r) => ({ time: Math.max(r.from, lost), frame: r.firstFrame, anchor: r.anchor }));
  const saidEver = announced
    .filter((a) => (a.node === to || a.node === NEXT_NODE) && a.time > lost)
    .map(({ time, frame, anchor }) => ({ time, frame, anchor }));
  const passed = forwarded
    .filter((f) => f.node === to && f.from >= when)
    .map((f) => ({ time: f.from, frame: f.firstFrame, anchor: f.anchor }));
  const said = saidEver.filter((a) => a.time <= when);
  const acted = [...forwarded, ...refused]
    .filter((r) => r.node === to && r.to > lost)
    .map((r) => ({ time: Math.max(r.from, lost), frame: r.firstFrame, anchor: r.anchor }));
  const sign = earliest([...saidEver, ...passed, ...acted]);
  // A node that was in the path before is known to take such frames in.
  const wasInPath = forwarded.some((f) => f.node === to && f.from <= lost);
  const isDoubted = !wasInPath && isFlood(earliest(heard), sign, last);
  const first = isDoubted ? sign : earliest([...heard, ...said, ...passed]);
  return {
    from,
    to,
    lost,
    lostFrame: last.lastFrame,
    restored: first?.time ?? null,
    restoredFrame: first?.frame ?? null,
    announced: first !== null && saidEver.includes(first),
    tied: first === null || first.anchor === last.anchor,
    ...(isDoubted ? { hearsayUntil: sign?.time ?? Number.POSITIVE_INFINITY } : {}),
    directions: (['client', 'server'] as const).map((toward) => ({
      toward,
      lost: own
        .filter((b) => b.toward === toward)
        .reduce<Nanos | null>((t, b) => Math.max(t ?? b.to, b.to), null),
      restored:
        forwarded.find((f) => f.node === to && f.toward === toward && f.to > lost && f.from >= lost)?.from ??
        null,
    })),
  };
}
