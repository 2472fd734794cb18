/**
 * What other sights of a QUIC connection prove: that its client left a node from
 * another port than before, or that answers came to a node and went no further.
 * The trap: the old node, too, gets answers that it cannot pass on any more.
 * Only a node that passed the client's datagrams on, or that the connection came
 * to after the failover, is held to it.
 */
import type { Nanos } from '../../../packet/time.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import type { QuicSilence } from '../../stall/udp/quic-silence.ts';
import { inferred, observed } from '../rule.ts';
import { nameOfView, type UdpEvidence, type UdpView } from './udp-case.ts';
import { heardIn, type QuicSight } from './udp-quic-group.ts';
import { APART, endWords, isSameEnd, rankOf } from './udp-sight.ts';

/** A silence of a connection, with what ended it, here or elsewhere. */
export interface QuicStall {
  readonly sight: QuicSight;
  readonly silence: QuicSilence;
  readonly end: { readonly time: Nanos; readonly frame: FrameId } | null;
}

/** The inside of a silence on the common time base; what clocks may differ by is left out at both ends. */
interface Window {
  readonly from: Nanos;
  readonly to: Nanos;
}

function windowOf({ sight, silence, end }: QuicStall): Window {
  const { view } = sight;
  return {
    from: view.toReference(silence.start) + APART,
    to: end === null ? Number.POSITIVE_INFINITY : view.toReference(end.time) - APART,
  };
}

/** From here the client's port is seen as translated. A node's both sides in one capture: where the address is not the client's own. */
function isOutside({ view, ends }: QuicSight, inner: QuicSight): boolean {
  if (view.side === 'out' || view.role === 'server') return true;
  return view.role === 'node' && view.side === undefined && ends.client.address !== inner.ends.client.address;
}

/** The server takes the new port for the connection's and answers it: what is missing then is the way back. */
const isAnsweredAt = (moved: QuicSight, since: Nanos, group: readonly QuicSight[]): boolean =>
  group.some(
    (s) =>
      s.view.role === 'server' &&
      isSameEnd(s.ends.client, moved.ends.client) &&
      heardIn(s, s.flow.serverEnd, since, Number.POSITIVE_INFINITY) !== null,
  );

const isNodesOut = ({ side, role }: UdpView): boolean => side === 'out' && role === 'node';
/** A node shows what its own mapping made of a port. */
const byNode = (a: QuicSight, b: QuicSight): number =>
  Number(b.view.role === 'node') - Number(a.view.role === 'node');

/** The client's datagrams come from another port than before the silence. */
export function findMoved(stall: QuicStall, group: readonly QuicSight[]): UdpEvidence | null {
  const { sight, silence, end } = stall;
  const from = sight.view.toReference(silence.start);
  const to = end === null ? Number.POSITIVE_INFINITY : sight.view.toReference(end.time) + APART;
  const inner = group.reduce((a, b) => (rankOf(b.view) < rankOf(a.view) ? b : a));
  const outside = group.filter(
    (s) => isOutside(s, inner) || (s.view === sight.view && s.view.role === 'unknown'),
  );
  const sent = outside.flatMap((s) => {
    const { count, firstTime, lastTime, firstFrame, lastFrame } = s.flow.sides[s.flow.client];
    const at = s.view.toReference;
    return count === 0 ? [] : [{ s, first: at(firstTime), last: at(lastTime), firstFrame, lastFrame }];
  });
  const before = sent.filter((x) => x.first <= from);
  const latest = before.reduce((time, x) => Math.max(time, x.last), from);
  const [old] = before.sort((a, b) => byNode(a.s, b.s) || b.last - a.last);
  if (old === undefined) return null;
  const [now] = sent
    .filter((x) => x.first > latest && x.first <= to)
    .filter((x) => before.every((b) => !isSameEnd(b.s.ends.client, x.s.ends.client)))
    .sort((a, b) => byNode(a.s, b.s) || a.first - b.first);
  if (now === undefined || (end === null && isAnsweredAt(now.s, now.first, group))) return null;
  const both = old.s.view.role === 'node' && now.s.view.role === 'node';
  const [was, is] = [endWords(old.s.ends.client), endWords(now.s.ends.client)];
  return {
    confidence: both ? 'high' : 'medium',
    claims: [
      observed(
        `at ${nameOfView(old.s.view)} the client's datagrams come from ${was}, to the silence`,
        [old.lastFrame],
        {
          from: 'client',
          what: 'data',
        },
      ),
      observed(
        `at ${nameOfView(now.s.view)} they come from ${is}, under the same connection ID`,
        [now.firstFrame],
        {
          from: 'client',
          what: 'data',
        },
      ),
      inferred('the mapping of the old node was gone: the new one made another', [
        old.lastFrame,
        now.firstFrame,
      ]),
    ],
  };
}

/** The server's datagrams reached a node's outer side in the silence and were not passed on. */
export function findUndelivered(stall: QuicStall, group: readonly QuicSight[]): UdpEvidence | null {
  const window = windowOf(stall);
  for (const outer of group) {
    const { view, flow } = outer;
    if (!isNodesOut(view)) continue;
    const asked = heardIn(outer, flow.client, window.from, window.to);
    const since = asked === null ? window.from : view.toReference(asked.time);
    const came = heardIn(outer, flow.serverEnd, since, window.to);
    if (came === null || !isForNode(outer)) continue;
    const inner = innerOf(outer, group);
    if (inner.length === 0 || inner.some((s) => heardIn(s, s.flow.serverEnd, since, window.to) !== null))
      continue;
    const works = worksForOthers(inner, view.toReference(came.time));
    // Behind the node the way may be cut for everybody; and a node that does not forward yet keeps all.
    if (!works && !(asked !== null && inner.some((s) => s.view.host === view.host))) continue;
    if (asked === null && !isNew(outer, stall)) continue;
    return toEvidence(outer, came, inner, asked !== null);
  }
  return null;
}

/** Where an answer that this node passes on is seen next; none, where nothing of the server was ever seen there: a capture may hold one direction only. */
function innerOf(outer: QuicSight, group: readonly QuicSight[]): QuicSight[] {
  const inner = group.filter(
    ({ view }) => view.role === 'client' || (view.host === outer.view.host && view.side === 'in'),
  );
  return inner.some(({ flow }) => flow.server.wasHeard) ? inner : [];
}

/** Addressed to whoever sent the client's datagrams here; a flooded frame is nobody's answer. */
function isForNode({ flow }: QuicSight): boolean {
  const [asked, answered] = [flow.sides[flow.client], flow.sides[flow.serverEnd]];
  if (asked.macSource < 0 || answered.macDestination < 0 || asked.count === 0) return true;
  return asked.macSource === answered.macDestination;
}

/** The connection came to this node only after it had fallen silent. */
const isNew = ({ flow, view }: QuicSight, { sight, silence }: QuicStall): boolean =>
  view.toReference(flow.firstTime) > sight.view.toReference(silence.start);

/** The same server was heard by others inside, so that the path through the node was there. */
const worksForOthers = (inner: readonly QuicSight[], since: Nanos): boolean =>
  inner.some(({ flow, view }) => {
    const own = since - (view.toReference(flow.newest) - flow.newest);
    return flow.server.wasHeardIn(own, view.coveredUntil);
  });

function toEvidence(
  { view }: QuicSight,
  came: { readonly frame: FrameId },
  inner: readonly QuicSight[],
  asked: boolean,
): UdpEvidence {
  const at = nameOfView(view);
  const isNode = inner.some((s) => s.view.host === view.host);
  const passed = asked ? `${at} passed the client's datagrams on, and ` : '';
  const where = [...new Set(inner.map((s) => nameOfView(s.view)))].join(', ');
  return {
    confidence: isNode && asked ? 'high' : 'medium',
    claims: [
      observed(`datagram of the server at ${at}, in the silence`, [came.frame], {
        from: 'server',
        what: 'data',
      }),
      inferred(
        `${passed}the server's answers that came there are not seen at ${where}: the node has no mapping for them`,
        [came.frame],
      ),
    ],
  };
}

/** Where the client's datagrams of the silence were seen. */
export function stoppedSights(
  stall: QuicStall,
  group: readonly QuicSight[],
): { readonly view: UdpView; readonly time: Nanos; readonly frame: FrameId }[] {
  const { from, to } = windowOf(stall);
  return group.flatMap((s) => {
    const seen = heardIn(s, s.flow.client, from, to);
    return seen === null ? [] : [{ view: s.view, ...seen }];
  });
}
