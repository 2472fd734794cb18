/**
 * QUIC connections that fell silent. What they say is encrypted, so what is
 * owed shows only in what an end does: it sends again and again, at waits that
 * double, and is not answered.
 * The trap: a client that only receives sends nothing when its path is gone, and
 * at its own side looks the same as one that has no wish. Such a flow is seen
 * from the server's side, or not at all.
 */
import { type Nanos, seconds } from '../../../packet/time.ts';
import { NO_FRAME } from '../../flow/frame-id.ts';
import type { End, LadderRow, Outcome } from '../../report/report.ts';
import type { QuicFlow } from '../../stall/udp/quic-flow.ts';
import type { QuicSilence } from '../../stall/udp/quic-silence.ts';
import { seconds as inSeconds } from '../words.ts';
import { nameOfView, type UdpCase, type UdpView } from './udp-case.ts';
import { findMoved, findUndelivered, type QuicStall, stoppedSights } from './udp-quic-evidence.ts';
import { heardIn, QuicGroups, type QuicSight } from './udp-quic-group.ts';
import { tellQuic } from './udp-quic-story.ts';
import {
  capturesOf,
  claimsOf,
  endWords,
  isRefused,
  othersHeard,
  rankOf,
  stoppedInside,
  translations,
} from './udp-sight.ts';

/** Nothing said for so long: the connection was in nobody's use. */
const IDLE: Nanos = seconds(10);
/** Where the capture begins in mid-connection, the first datagrams may be acknowledgements. */
const FEWEST_FROM_MIDDLE = 4;
/** An answer may take so long; what comes later answers a later try. */
const ANSWER_WAIT: Nanos = seconds(1);
/** Clients open a new connection within two minutes, or not because of the old one. */
const REPLACED_WITHIN: Nanos = seconds(120);

/** Every connection that stood still, once, told from where it is seen best. */
export function quicCases(views: readonly UdpView[]): UdpCase[] {
  const sights = views.flatMap((view) =>
    [...view.watch.quicRecords()].map((r): QuicSight => ({ ...r, view })),
  );
  const troubled = sights
    .filter(({ flow }) => flow.isTroubled)
    .sort((a, b) => rankOf(a.view) - rankOf(b.view) || a.flow.firstTime - b.flow.firstTime);
  if (troubled.length === 0) return [];
  const groups = new QuicGroups(sights);
  const openings = openingsOf(sights);
  const told = new Set<QuicSight['flow']>();
  return troubled.flatMap((sight) => {
    if (told.has(sight.flow)) return [];
    const group = groups.of(sight);
    for (const { flow } of group) told.add(flow);
    if (!group.some(({ flow }) => flow.isBelievable)) return [];
    const stall = mainStall(group);
    const made = stall === null ? null : toCase(stall, group, openings, views);
    return made === null ? [] : [made];
  });
}

/** Of all silences of a connection the one that decides: one that lasts, else the longest; the nearest view tells it. */
function mainStall(group: readonly QuicSight[]): QuicStall | null {
  const stalls = group.flatMap((sight) => stallsOf(sight, group));
  const best = Math.min(...stalls.map((s) => rankOf(s.sight.view)));
  const told = stalls.filter((s) => rankOf(s.sight.view) === best);
  const open = told.filter((s) => s.end === null);
  return [...(open.length > 0 ? open : told)].sort((a, b) => lengthOf(b) - lengthOf(a))[0] ?? null;
}

const lengthOf = ({ silence, end, sight }: QuicStall): Nanos =>
  (end?.time ?? sight.view.coveredUntil) - silence.start;

function stallsOf(sight: QuicSight, group: readonly QuicSight[]): QuicStall[] {
  const { flow, view } = sight;
  const open = flow.openSilence(view.coveredUntil);
  return [...flow.silences, ...(open === null ? [] : [open])]
    .filter((silence) => counts(silence, sight, group))
    .map((silence) => ({ sight, silence, end: silence.end ?? wentOnElsewhere(silence, sight, group) }));
}

function counts(silence: QuicSilence, { flow, view }: QuicSight, group: readonly QuicSight[]): boolean {
  const waiting: End = silence.waiting === flow.client ? 'client' : 'server';
  // What arrives at an end and is not answered there is that end's own matter; unless it came from a new port.
  if (view.role === 'client' && waiting === 'server') return false;
  if (view.role === 'server' && waiting === 'client' && flow.kin === null) return false;
  // A node sees only what goes through it: where the end that waits is watched, that is what counts.
  if (view.role === 'node' && group.some((s) => s.view.role === waiting)) return false;
  if (silence.heard.frame !== NO_FRAME || flow.kin !== null) return true;
  if (!flow.opened && silence.tryCount < FEWEST_FROM_MIDDLE) return false;
  const isOwing = ({ flow: f }: QuicSight): boolean =>
    f.sides[waiting === 'client' ? f.serverEnd : f.client].count > 0;
  // Else only one direction is in the captures; or nobody knows whether there ever was such a server.
  return group.some(isOwing) || (flow.opened && !flow.established && flow.server.wasHeard);
}

/** The end that was silent here is heard under another port, or through another node. */
function wentOnElsewhere(
  silence: QuicSilence,
  own: QuicSight,
  group: readonly QuicSight[],
): QuicStall['end'] {
  const { flow, view } = own;
  const owing = silence.waiting === 0 ? 1 : 0;
  const isClient = owing === flow.client;
  const from = view.toReference(silence.start);
  const found = group.flatMap((other) => {
    if (other.flow === flow || !mayShow(own, other, isClient)) return [];
    const end = isClient ? other.flow.client : other.flow.serverEnd;
    const heard = heardIn(other, end, from, Number.POSITIVE_INFINITY);
    if (heard === null) return [];
    return [{ time: silence.start + other.view.toReference(heard.time) - from, frame: heard.frame }];
  });
  return found.sort((a, b) => a.time - b.time)[0] ?? null;
}

/** In one capture only a conversation that took over: translated copies run side by side. Nodes share a connection. */
function mayShow(own: QuicSight, other: QuicSight, isClient: boolean): boolean {
  if (other.view === own.view) {
    const { client } = own.flow;
    return other.flow.firstTime > own.flow.sides[client].lastTime;
  }
  if (own.view.role !== 'node') return false;
  return isClient ? other.view.side === 'out' || other.view.role === 'server' : other.view.side === 'in';
}

interface Decided {
  readonly outcome: Outcome;
  readonly end: QuicStall['end'];
}

function decide(stall: QuicStall, opening: boolean, openings: Openings): Decided {
  const { end } = stall;
  if (end !== null) return { outcome: opening ? 'connect-delayed' : 'resumed', end };
  const next = replacement(stall, openings);
  if (next !== null) return { outcome: 'gave-up', end: next };
  return { outcome: opening ? 'not-connected' : 'hung', end: null };
}

/** Connections that were opened, by client, server and vantage, oldest first. */
type Openings = Map<string, QuicFlow[]>;

const openingKey = ({ view, ends }: QuicSight): string =>
  `${nameOfView(view)} ${view.captureIds[0]} ${ends.client.address} ${endWords(ends.server)}`;

function openingsOf(sights: readonly QuicSight[]): Openings {
  const openings: Openings = new Map();
  for (const sight of sights) {
    if (!sight.flow.opened) continue;
    const key = openingKey(sight);
    const known = openings.get(key);
    if (known === undefined) openings.set(key, [sight.flow]);
    else known.push(sight.flow);
  }
  for (const flows of openings.values()) flows.sort((a, b) => a.firstTime - b.firstTime);
  return openings;
}

/** The client opens a new connection to the same server, and says nothing on this one any more. */
function replacement({ sight, silence }: QuicStall, openings: Openings): QuicStall['end'] {
  const { flow } = sight;
  if (silence.waiting !== flow.client) return null;
  const last = flow.sides[flow.client].lastTime;
  const next = openings.get(openingKey(sight))?.find((f) => f.firstTime > last);
  if (next === undefined || next.firstTime - last > REPLACED_WITHIN) return null;
  return { time: next.firstTime, frame: next.sides[next.client].firstFrame };
}

function toCase(
  stall: QuicStall,
  group: readonly QuicSight[],
  openings: Openings,
  views: readonly UdpView[],
): UdpCase | null {
  const { sight, silence } = stall;
  const { flow, view } = sight;
  const opening = silence.heard.frame === NO_FRAME && flow.kin === null && flow.opened;
  const { outcome, end } = decide(stall, opening, openings);
  const until = end?.time ?? view.coveredUntil;
  if (until - silence.start < seconds(1)) return null;
  const tries = silence.tries.filter((t) => t.time <= until);
  // What went on elsewhere did not answer a try that was seen here.
  const answered = silence.end === null ? null : (tries.at(-1) ?? null);
  const lost = silence.tryCount - (answered === null ? 0 : 1);
  const waiting: End = silence.waiting === flow.client ? 'client' : 'server';
  if (lost === 1 && flow.server.wasHeardThroughout(silence.start, until)) return null;
  const lastLost = tries.at(answered === null ? -1 : -2)?.time ?? silence.start;
  const triedUntil = answered === null ? lastLost + ANSWER_WAIT : lastLost;
  const moved = findMoved(stall, group);
  const undelivered = findUndelivered(stall, group);
  const stopped = stoppedInside(views, stoppedSights(stall, group));
  const naming = innermost(sight, group);
  return {
    kind: 'quic',
    view,
    ends: naming.ends,
    translated: translations(
      naming.ends,
      group.map((s) => s.ends),
    ),
    seenAt: capturesOf(group),
    firstTime: flow.firstTime,
    lastTime: Math.max(flow.newest, stall.end?.time ?? flow.newest),
    bytesToClient: flow.sides[flow.serverEnd].bytes,
    bytesToServer: flow.sides[flow.client].bytes,
    outcome,
    waiting,
    start: silence.start,
    startFrame: silence.startFrame,
    end: end?.time ?? null,
    endFrame: end?.frame ?? NO_FRAME,
    until,
    tries,
    answered,
    failed: { last: lastLost, count: lost },
    smallest: tries.reduce((least, t) => Math.min(least, t.length), Number.POSITIVE_INFINITY),
    onePort: true,
    opening,
    wasIdle: !opening && silence.start - silence.heard.time >= IDLE,
    // At the server's side the server is heard whatever happens.
    others: waiting === 'server' ? 'never' : othersHeard(flow.server, silence.start, triedUntil, until),
    serverUnknown: false,
    nextTry: end === null ? nextTry(tries) : null,
    refused: isRefused(group),
    moved,
    undelivered,
    stopped,
    story: [...tellQuic(stall, { outcome, end, until, tries, opening, sights: group }), ...claimsOf(stopped)],
    ladder: ladderOf(stall, tries),
  };
}

/** The view nearest to the client has its ends as they are. */
const innermost = (own: QuicSight, group: readonly QuicSight[]): QuicSight =>
  group.reduce((a, b) => (rankOf(b.view) < rankOf(a.view) ? b : a), own);

/** RFC 9002, 6.2: every wait is twice the one before. */
function nextTry(tries: UdpCase['tries']): Nanos | null {
  const [before, earlier, last] = [tries.at(-3), tries.at(-2), tries.at(-1)];
  if (before === undefined || earlier === undefined || last === undefined) return null;
  const wait = last.time - earlier.time;
  return wait > 1.4 * (earlier.time - before.time) ? last.time + 2 * wait : last.time + wait;
}

function ladderOf({ sight, silence, end }: QuicStall, tries: UdpCase['tries']): LadderRow[] {
  const { flow, view } = sight;
  const waiting: End = silence.waiting === flow.client ? 'client' : 'server';
  const row = (time: Nanos, frame: number, from: End, label: string, length = 0): LadderRow => ({
    frame: view.clock.frame(frame),
    time: view.clock.time(time),
    from,
    flags: 'QUIC',
    seq: 0,
    ack: 0,
    length,
    window: 0,
    label,
  });
  const { heard } = silence;
  const owing: End = waiting === 'client' ? 'server' : 'client';
  const lengths = new Map(silence.tries.map((t) => [t.frame, t.length]));
  return [
    ...(heard.frame === NO_FRAME
      ? []
      : [row(heard.time, heard.frame, owing, 'last datagram before the silence')]),
    ...tries.map((t, i) =>
      row(
        t.time,
        t.frame,
        waiting,
        `try ${i + 1}, ${inSeconds(t.time - silence.start)}`,
        lengths.get(t.frame),
      ),
    ),
    ...(end === null
      ? []
      : [row(end.time, end.frame, owing, `heard again, after ${inSeconds(end.time - silence.start)}`)]),
  ];
}
