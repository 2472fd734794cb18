/**
 * Where a proxy ends one connection and opens another, both are legs of one
 * flow. They share no packet: what pairs them is what they carry, how much of
 * it, and the order in which they were opened.
 * The trap: many connections ask for the same thing. Where several could be
 * the other leg, the order decides, and only if as many wait on either side.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowView, JoinedLeg } from './join.ts';
import type { CookedCounts, Place } from './vantage.ts';

/** One flow of the report: one connection, or the client's and the server's leg of a proxied one. */
export interface JoinedFlow {
  /** The client's leg first. */
  readonly legs: readonly JoinedLeg[];
  /** How the legs were paired; null for one leg. */
  readonly pairedBy: 'payload' | 'hello' | 'order' | null;
}

/** What pairing needs of a vantage. */
export interface LegSource {
  /** Where it was taken, by its name, else by its traffic alone. */
  readonly place: Place;
  /** Of a node's capture the side, where its name says it. */
  readonly side?: 'in' | 'out' | undefined;
  /** Frames that left and came, by flow, on a cooked capture. */
  readonly cooked: readonly (CookedCounts | undefined)[];
  /** ns to add to its times for the common base. */
  readonly shift: number;
}

/** A buffer of a proxy: what it had taken from the server and the client has not. */
const MOST_BUFFERED = 16 * 2 ** 20;
/** Too little to be told from chance. */
const SHORTEST_HEAD = 8;

export function joinLegs(legs: readonly JoinedLeg[], sources: readonly LegSource[]): JoinedFlow[] {
  const single = (leg: JoinedLeg): JoinedFlow => ({ legs: [leg], pairedBy: null });
  // Of one capture that does not tell what came from what left, no two are legs of one flow (`isBothSides`).
  if (sources.length === 1 && sources[0]?.cooked.length === 0) return legs.map(single);
  const taken = new Map<JoinedLeg, JoinedFlow>();
  const opened = legs.filter((l) => !isWhole(l, sources)).flatMap((leg) => openedOf(leg, sources) ?? []);
  const ahead = aheadOf(legs);
  for (const group of groupByService(opened).values()) {
    if (group.length < 2 || group.length > MOST_TOGETHER) continue;
    for (const flow of pairGroup(group, sources, ahead)) for (const leg of flow.legs) taken.set(leg, flow);
  }
  const found: JoinedFlow[] = [];
  for (const leg of legs) {
    const flow = taken.get(leg) ?? single(leg);
    if (flow.legs[0] === leg) found.push(flow);
  }
  return found;
}

/** Seen on both sides of the gateway: no proxy ended it. */
function isWhole({ views }: JoinedLeg, sources: readonly LegSource[]): boolean {
  const at = (end: Place, side: 'in' | 'out'): boolean =>
    views.some(({ vantage }) => sources[vantage]?.place === end || sources[vantage]?.side === side);
  return at('client', 'in') && at('server', 'out');
}

/** Each is compared with each: more connections of one service than these take too long, and look too much alike. */
const MOST_TOGETHER = 4000;

/** A leg whose opening was captured, and bytes of the client; what it is compared by. */
interface Opened {
  readonly leg: JoinedLeg;
  /** The client's address and port, and its initial number: two legs differ in one of them. */
  readonly client: string;
  readonly isn: number;
  readonly places: readonly Place[];
  /** First segment, on the common base. */
  readonly start: Nanos;
  readonly request: Head;
  readonly answer: Head;
  readonly hello: boolean;
  /** Bytes of the server. */
  readonly bytes: number;
}

/** First bytes of an end, and when the first and the last of the leg's captures saw them. */
interface Head {
  readonly bytes: Uint8Array | null;
  readonly from: Nanos;
  readonly to: Nanos;
}

function openedOf(leg: JoinedLeg, sources: readonly LegSource[]): Opened | null {
  const request = headIn(leg, 'client', sources);
  if (request.bytes === null) return null;
  const flow = flowOf(leg);
  const { connection } = first(leg).watch;
  const shiftOf = (v: FlowView): Nanos => sources[v.vantage]?.shift ?? 0;
  return {
    leg,
    client: `${flow.addressOf(flow.client)}:${flow.port[flow.client]}`,
    isn: connection.sides[flow.client].firstSeq,
    places: leg.views.map((v) => sources[v.vantage]?.place ?? 'unknown'),
    start: Math.min(...leg.views.map((v) => v.watch.connection.flow.firstTime + shiftOf(v))),
    request,
    answer: headIn(leg, 'server', sources),
    hello: isHello(request.bytes),
    bytes: Math.max(...leg.views.map((v) => v.watch.connection.sides[v.watch.connection.flow.server].bytes)),
  };
}

/** From whichever view holds most of them. */
function headIn(leg: JoinedLeg, end: 'client' | 'server', sources: readonly LegSource[]): Head {
  let bytes: Uint8Array | null = null;
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { vantage, watch } of leg.views) {
    const { flow, sides } = watch.connection;
    const { head, headTime } = sides[end === 'client' ? flow.client : flow.server];
    if (head === null) continue;
    if (head.length > (bytes?.length ?? 0)) bytes = head;
    const time = headTime + (sources[vantage]?.shift ?? 0);
    [from, to] = [Math.min(from, time), Math.max(to, time)];
  }
  return { bytes, from, to };
}

const first = (leg: JoinedLeg): FlowView => leg.views[0] as FlowView;
const flowOf = (leg: JoinedLeg): Flow => first(leg).watch.connection.flow;

/** A proxy in the path leaves the server's port as it is. */
function groupByService(legs: readonly Opened[]): Map<string, Opened[]> {
  const groups = new Map<string, Opened[]>();
  for (const one of legs) {
    const flow = flowOf(one.leg);
    const key = `${flow.addressOf(flow.server)} ${flow.port[flow.server]}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return groups;
}

function pairGroup(group: readonly Opened[], sources: readonly LegSource[], ahead: Ahead): JoinedFlow[] {
  const found: JoinedFlow[] = [];
  const partners = partnersOf(group, sources);
  const used = new Set<Opened>();
  const free = (of: Opened): Opened[] => (partners.get(of) as Opened[]).filter((o) => !used.has(o));
  const wants = new Map(group.map((one) => [one, new Set(likeliest(one, partners.get(one) as Opened[]))]));
  for (const one of group) {
    if (used.has(one)) continue;
    const others = likeliest(one, free(one));
    if (others.length === 0) continue;
    const isWanted = (o: Opened): boolean => free(o).some((g) => g !== one && wants.get(g)?.has(o) === true);
    const other =
      others.length === 1 && !others.some(isWanted)
        ? others[0]
        : inOrder(
            one,
            others,
            group.filter((g) => !used.has(g)),
            partners,
          );
    if (other === undefined) continue;
    used.add(one);
    used.add(other);
    const pair = isClientLeg(one.leg, other.leg, sources, ahead)
      ? [one.leg, other.leg]
      : [other.leg, one.leg];
    found.push({ legs: pair, pairedBy: one.hello ? 'hello' : others.length === 1 ? 'payload' : 'order' });
  }
  return found;
}

type Partners = ReadonlyMap<Opened, readonly Opened[]>;

/** Which could be legs of one flow with which. */
function partnersOf(group: readonly Opened[], sources: readonly LegSource[]): Partners {
  const found = new Map(group.map((one) => [one, [] as Opened[]]));
  for (const [i, a] of group.entries()) {
    for (let j = i + 1; j < group.length; j++) {
      const b = group[j] as Opened;
      if (!couldBeLegs(a, b, sources)) continue;
      found.get(a)?.push(b);
      found.get(b)?.push(a);
    }
  }
  return found;
}

/** A transparent proxy keeps the client's address and port; a passed-on ClientHello keeps its random. */
function likeliest(one: Opened, others: readonly Opened[]): readonly Opened[] {
  const same = others.filter((o) => o.client === one.client);
  if (same.length > 0) return same;
  const alike = others.filter((o) => startsAlike(one.request.bytes, o.request.bytes));
  return alike.length > 0 ? alike : others;
}

/** Could the two be legs of one flow: no packet in common, the same first bytes, much the same number of bytes. */
function couldBeLegs(a: Opened, b: Opened, sources: readonly LegSource[]): boolean {
  if (a.client === b.client && a.isn === b.isn) return false;
  const hellos = a.hello && b.hello;
  if (!hellos && !startsAlike(a.request.bytes, b.request.bytes)) return false;
  const answered = a.answer.bytes !== null && b.answer.bytes !== null;
  if (!hellos && answered && !startsAlike(a.answer.bytes, b.answer.bytes)) return false;
  if (Math.abs(a.bytes - b.bytes) > MOST_BUFFERED) return false;
  for (const v of a.leg.views) {
    for (const w of b.leg.views) if (v.vantage === w.vantage && !isBothSides(v, w, sources)) return false;
  }
  return isPlausible(a, b);
}

/** Two connections of one capture can be two legs only where one came to its host and the other left it. */
function isBothSides(a: FlowView, b: FlowView, sources: readonly LegSource[]): boolean {
  const leaves = ({ vantage, watch }: FlowView): boolean | null => {
    const { flow } = watch.connection;
    const counts = sources[vantage]?.cooked[flow.index];
    return counts === undefined ? null : counts.left[flow.client] > 0;
  };
  const [x, y] = [leaves(a), leaves(b)];
  return x !== null && y !== null && x !== y;
}

/** A proxy opens its connection as soon as the client has opened its own, or sent its request. */
const AT_ONCE: Nanos = 2_000_000_000;
const CLOCK_NOISE: Nanos = 5_000_000;

/**
 * Opened together, the request and the answer nested as a proxy must pass them on, by the
 * captures' clocks as they are; or seen at different ends, where clocks may be hours apart.
 */
function isPlausible(a: Opened, b: Opened): boolean {
  const [x, y] = [a.places, b.places];
  // Two clients' captures hold two clients' connections.
  const ends = (p: readonly Place[]): boolean => p.includes('server') || p.includes('node');
  for (const end of ['client', 'server'] as const) {
    const only = (p: readonly Place[]): boolean => p.length > 0 && p.every((one) => one === end);
    if (only(x) && only(y)) return false;
  }
  if (!ends(x) && !ends(y) && x.length + y.length === 2) return false;
  if (isTimely(a, b)) return true;
  return (x.includes('client') && y.includes('server')) || (x.includes('server') && y.includes('client'));
}

const isTimely = (a: Opened, b: Opened): boolean => isNested(a, b) || isNested(b, a);

/** The outer one was opened with the inner, asked after it and answered before it. */
const isNested = (inner: Opened, outer: Opened): boolean =>
  Math.abs(outer.start - inner.start) <= AT_ONCE &&
  inner.request.from <= outer.request.to + CLOCK_NOISE &&
  outer.answer.from <= inner.answer.to + CLOCK_NOISE;

function startsAlike(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return false;
  const length = Math.min(a.length, b.length);
  if (length < SHORTEST_HEAD) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A TLS record of a handshake (RFC 8446, 5.1). */
const isHello = (head: Uint8Array): boolean => head[0] === 0x16 && head[1] === 0x03;

/**
 * The n-th opened on one side is the n-th on the other, where there are as many. Of several captures whose clocks
 * agree is the other side, before one that may be of another day.
 */
function inOrder(
  one: Opened,
  others: readonly Opened[],
  group: readonly Opened[],
  partners: Partners,
): Opened | undefined {
  const likely = others.find((o) => isTimely(one, o)) ?? (others[0] as Opened);
  // Whoever asked for something else is no rival.
  const mates = heldWith(
    one,
    group.filter((g) => partners.get(g)?.includes(likely) === true),
  );
  const rivals = heldWith(likely, others);
  return mates.length === rivals.length ? rivals[mates.indexOf(one)] : undefined;
}

/**
 * Those that one capture holds beside it, in the order in which it saw them open: of its captures the one with most. A
 * takeover brings the next ones to another node, but an end goes on seeing all.
 */
function heldWith(one: Opened, all: readonly Opened[]): Opened[] {
  const held = one.leg.views.map(({ vantage }) =>
    all.flatMap((leg) => {
      const view = leg.leg.views.find((v) => v.vantage === vantage);
      // One that the new node met in mid-stream was not opened then.
      return view === undefined || !holdsOpening(view)
        ? []
        : [{ leg, at: view.watch.connection.flow.firstTime }];
    }),
  );
  const most = held.reduce((x, y) => (y.length > x.length ? y : x));
  return most.sort((x, y) => x.at - y.at).map(({ leg }) => leg);
}

function holdsOpening({ watch: { connection } }: FlowView): boolean {
  return connection.sides[connection.flow.client].head !== null;
}

/** The client's leg was opened first; where no clock tells, it is the one whose client the proxy is not. */
function isClientLeg(a: JoinedLeg, b: JoinedLeg, sources: readonly LegSource[], ahead: Ahead): boolean {
  const [x, y] = [flowOf(a), flowOf(b)];
  const taken = (leg: JoinedLeg, place: Place): boolean =>
    leg.views.some((v) => sources[v.vantage]?.place === place);
  if (taken(a, 'client') !== taken(b, 'client')) return taken(a, 'client');
  if (taken(a, 'server') !== taken(b, 'server')) return taken(b, 'server');
  const shared = a.views.find((v) => b.views.some((w) => w.vantage === v.vantage));
  if (shared !== undefined) return x.firstTime <= y.firstTime;
  const order = a.views.flatMap((v) => b.views.map((w) => ahead(v.vantage, w.vantage))).find((o) => o !== 0);
  if (order !== undefined) return order > 0;
  const [cx, cy] = [x.addressOf(x.client), y.addressOf(y.client)];
  if (cx !== cy) {
    // The proxy's own address is on the server's link: it shares more of the server's address.
    const server = x.addressOf(x.server);
    return common(cx, server) <= common(cy, server);
  }
  const ttl = (leg: JoinedLeg): number => Math.max(...leg.views.map(clientTtl));
  if (ttl(a) !== ttl(b)) return ttl(a) > ttl(b);
  const start = (leg: JoinedLeg): Nanos =>
    Math.min(...leg.views.map((v) => v.watch.connection.flow.firstTime + (sources[v.vantage]?.shift ?? 0)));
  return start(a) <= start(b);
}

/** Above 0 where the one vantage is nearer to the clients than the other; 0 where nothing tells. */
type Ahead = (one: number, other: number) => number;

/** By the connections that the gateway only forwards: a router takes one off the TTL of a client's segments. */
function aheadOf(legs: readonly JoinedLeg[]): Ahead {
  const votes = new Map<string, number>();
  for (const { views } of legs) {
    for (const v of views) {
      for (const w of views) {
        const order = Math.sign(clientTtl(v) - clientTtl(w));
        const key = `${v.vantage} ${w.vantage}`;
        if (v !== w && order !== 0) votes.set(key, (votes.get(key) ?? 0) + order);
      }
    }
  }
  return (one, other) => votes.get(`${one} ${other}`) ?? 0;
}

const clientTtl = ({ watch }: FlowView): number => {
  const { flow, sides } = watch.connection;
  return sides[flow.client].ttl;
};

function common(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  return i;
}
