/**
 * Where every capture was taken, worked out for all of them together: which is
 * the client, which the server, which are the two sides of which node. What
 * the user wrote is taken as it is; the rest follows from the TTLs (a node
 * takes one away), from who saw the same packet first, and from when a capture
 * had anything to show.
 * The trap: on one link an end and a node see the very same frames. Only the
 * order in which they see them tells, and clocks that disagree do not give it
 * away; the round trips do (shared-packets.ts).
 */
import type { Nanos } from '../../packet/time.ts';
import type { Lacking } from './lacking.ts';
import type { Place } from './vantage.ts';

/** What is known of one vantage before they are put in order. */
export interface StationEvidence {
  /** As the user or the file name has it; null where neither says where it is. */
  readonly named: { readonly host: string; readonly side?: 'in' | 'out'; readonly place: Place } | null;
  /** The guess from its traffic alone. */
  readonly guess: Place;
  /** A cooked capture that shows packets coming in and going out: a node's. */
  readonly passes: boolean;
  /** Most common TTL of client's and server's segments as they arrive here; -1 where none was seen. */
  readonly ttl: { readonly client: number; readonly server: number };
  /** First and last TCP segment, ns since the common base; null where there is none. */
  readonly active: { readonly from: Nanos; readonly to: Nanos } | null;
  readonly frames: number;
  /** It holds only the client's, or only the server's, leg of proxied connections. */
  readonly leg: 'client' | 'server' | null;
  /** No other vantage holds any of its connections (strangers.ts). */
  readonly alone: boolean;
  /** It cannot be this end's own: it lacks what the end sent. */
  readonly lacks: Lacking;
}

export interface Station {
  readonly place: Place;
  readonly host: string;
  readonly side?: 'in' | 'out';
  /** Index of the node, in the order in which they were first active; -1 for an end. */
  readonly node: number;
  readonly inferred: boolean;
  /**
   * Taken for an end's by its own traffic alone, beside other captures none of which is farther from that end on
   * the same link: it may as well be the next node's.
   */
  readonly guessed?: boolean;
}

/** 1: `a` is nearer to the client than `b`; -1: `b` is; 0: nobody knows. */
export type Nearer = (a: number, b: number) => -1 | 0 | 1;

type Link = 'client' | 'server' | 'both' | 'unknown';

/** One station for each vantage. `shares` counts the packets that two of them hold. */
export function placeStations(
  evidence: readonly StationEvidence[],
  nearer: Nearer,
  shares: (a: number, b: number) => number,
): Station[] {
  const links = evidence.map((e) => linkOf(e, evidence));
  const places = evidence.map((e): Place | null => e.named?.place ?? (e.passes ? 'node' : ownGuess(e)));
  const isAlone = (i: number): boolean => evidence.every((_, j) => i === j || shares(i, j) === 0);
  for (const link of ['client', 'server'] as const) {
    settleEnd(link, evidence, links, places, nearer, isAlone);
  }
  const settled = places.map((p, i): Place => p ?? (evidence[i] as StationEvidence).guess);
  const nodes = groupNodes(evidence, settled, links, shares);
  return evidence.map((e, i) => ({
    ...toStation(e, settled[i] as Place, links[i] as Link, nodes, i),
    guessed: isGuessed(i, settled[i] as Place, evidence, links, nearer),
  }));
}

function isGuessed(
  i: number,
  place: Place,
  evidence: readonly StationEvidence[],
  links: readonly Link[],
  nearer: Nearer,
): boolean {
  const own = evidence[i] as StationEvidence;
  if (own.named !== null || own.active === null || (place !== 'client' && place !== 'server')) return false;
  const others = evidence.flatMap((e, j) => (j === i || e.active === null || e.alone ? [] : [j]));
  const toward = place === 'client' ? 1 : -1;
  return (
    others.length > 0 &&
    !others.some((j) => (links[j] === place || links[j] === 'both') && nearer(i, j) === toward)
  );
}

/** What shares no connection with any other is at no place by elimination. */
const ownGuess = ({ alone, guess }: StationEvidence): Place | null => (alone ? guess : null);

/** Which link a capture was taken on, by the TTLs that arrive there. */
function linkOf(own: StationEvidence, all: readonly StationEvidence[]): Link {
  if (own.named?.side !== undefined) return own.named.side === 'in' ? 'client' : 'server';
  if (own.named?.place === 'client') return 'client';
  if (own.named?.place === 'server') return 'server';
  if (own.passes) return 'both';
  if (own.leg !== null) return own.leg;
  const known = all.filter((e) => e === own || !e.alone);
  const highest = (end: 'client' | 'server'): number => Math.max(...known.map((e) => e.ttl[end]));
  const nearClient = own.ttl.client >= 0 && own.ttl.client === highest('client');
  const nearServer = own.ttl.server >= 0 && own.ttl.server === highest('server');
  const farClient = own.ttl.client >= 0 && !nearClient;
  const farServer = own.ttl.server >= 0 && !nearServer;
  if (nearClient && !nearServer) return 'client';
  if (nearServer && !nearClient) return 'server';
  // All captures are of one link: only an untouched TTL tells which.
  if (nearClient || nearServer)
    return own.guess === 'client' || own.guess === 'server' ? own.guess : 'unknown';
  if (farServer && !farClient) return 'client';
  return farClient && !farServer ? 'server' : 'unknown';
}

/** Of the captures on one link, the end's own: no other sees the end's packets first, and none sees more. */
function settleEnd(
  link: 'client' | 'server',
  evidence: readonly StationEvidence[],
  links: readonly Link[],
  places: (Place | null)[],
  nearer: Nearer,
  isAlone: (i: number) => boolean,
): void {
  const isHere = (e: StationEvidence | undefined): boolean =>
    e !== undefined && e.active !== null && !e.alone;
  const here = links.flatMap((l, i) => (l === link && isHere(evidence[i]) ? [i] : []));
  for (const i of here) if (places[i] === null && evidence[i]?.lacks[link] === true) places[i] = 'node';
  const open = here.filter((i) => places[i] === null);
  if (open.length === 0) return;
  if (evidence.some((e, i) => places[i] === link && !e.alone)) {
    for (const i of open) places[i] = 'node';
    return;
  }
  const toward = link === 'client' ? 1 : -1;
  const first = open.filter((i) => here.every((j) => i === j || nearer(i, j) !== -toward));
  const [one] = first.sort((a, b) => framesOf(evidence, b) - framesOf(evidence, a));
  if (one === undefined) return;
  const others = open.filter((i) => i !== one);
  const beaten = here.some((j) => j !== one && nearer(one, j) === toward);
  // Alone on its link it may be the end or the node next to it: its own traffic must say.
  if (!beaten && others.length > 0 && evidence.length > 2) {
    if (others.some((i) => nearer(one, i) === 0 && overlaps(evidence[one], evidence[i]))) return;
  }
  if (here.length > 1 || evidence[one]?.guess === link) places[one] = link;
  // What shares nothing with any other may be the same place at another time: one capture in several files.
  if (places[one] === link) for (const i of others) if (!isAlone(i)) places[i] = 'node';
}

const framesOf = (evidence: readonly StationEvidence[], i: number): number => evidence[i]?.frames ?? 0;

function overlaps(a: StationEvidence | undefined, b: StationEvidence | undefined): boolean {
  const [x, y] = [a?.active ?? null, b?.active ?? null];
  return x !== null && y !== null && x.from < y.to && y.from < x.to;
}

/** Which vantages are sides of one node, by node in the order of first activity. */
function groupNodes(
  evidence: readonly StationEvidence[],
  places: readonly Place[],
  links: readonly Link[],
  shares: (a: number, b: number) => number,
): number[][] {
  const groups: number[][] = [];
  const open: number[] = [];
  for (const [i, e] of evidence.entries()) {
    if (places[i] !== 'node') continue;
    if (e.named === null) {
      open.push(i);
      continue;
    }
    const host = e.named.host;
    const known = groups.find((g) => g.some((j) => evidence[j]?.named?.host === host));
    if (known === undefined) groups.push([i]);
    else known.push(i);
  }
  const mayJoin = (group: readonly number[], i: number): boolean =>
    links[i] !== 'both' && group.every((j) => links[j] !== links[i] && links[j] !== 'both');
  for (const i of open) {
    const best = groups
      .filter((g) => mayJoin(g, i) && g.some((j) => shares(i, j) > 0))
      .sort((a, b) => total(b, i, shares) - total(a, i, shares))[0];
    if (best === undefined) groups.push([i]);
    else best.push(i);
  }
  return joinSingles(groups, evidence, mayJoin).sort(
    (a, b) => firstActive(a, evidence) - firstActive(b, evidence),
  );
}

const total = (group: readonly number[], i: number, shares: (a: number, b: number) => number): number =>
  group.reduce((sum, j) => sum + shares(i, j), 0);

/**
 * A node that passed nothing on shares no packet between its sides. Two sides
 * that were active in one time are taken for one node's, and so are the only
 * two that are left: every node has two.
 */
function joinSingles(
  groups: number[][],
  evidence: readonly StationEvidence[],
  mayJoin: (group: readonly number[], i: number) => boolean,
): number[][] {
  const left = [...groups];
  const isOpen = (g: readonly number[]): boolean =>
    g.length === 1 && evidence[g[0] as number]?.named == null && evidence[g[0] as number]?.passes === false;
  const isIdle = (g: readonly number[]): boolean => evidence[g[0] as number]?.active == null;
  const isConversation = (g: readonly number[]): boolean => {
    const ttl = evidence[g[0] as number]?.ttl;
    return ttl !== undefined && ttl.client >= 0 && ttl.server >= 0;
  };
  const singles = groups.filter(isOpen);
  for (const group of singles) {
    const i = group[0] as number;
    if (!left.includes(group)) continue;
    const open = left.filter((g) => g !== group && isOpen(g) && mayJoin(g, i));
    const rest = open.length === 1 && singles.length === 2 ? open[0] : undefined;
    const partner =
      open.find((g) => overlaps(evidence[g[0] as number], evidence[i])) ??
      // A conversation that passed is on both sides of its node: these are of two nodes then.
      (rest !== undefined &&
      (isIdle(rest) || isIdle(group) || !(isConversation(rest) || isConversation(group)))
        ? rest
        : undefined);
    if (partner === undefined) continue;
    partner.push(i);
    left.splice(left.indexOf(group), 1);
  }
  return left;
}

const firstActive = (group: readonly number[], evidence: readonly StationEvidence[]): number =>
  Math.min(...group.map((i) => evidence[i]?.active?.from ?? Number.POSITIVE_INFINITY));

function toStation(
  own: StationEvidence,
  place: Place,
  link: Link,
  nodes: readonly (readonly number[])[],
  index: number,
): Omit<Station, 'guessed'> {
  const node = nodes.findIndex((g) => g.includes(index));
  const side =
    own.named?.side ??
    (place === 'node' && link === 'client'
      ? 'in'
      : place === 'node' && link === 'server'
        ? 'out'
        : undefined);
  const host =
    own.named?.host ?? (place === 'node' ? `node-${String.fromCharCode(97 + Math.min(node, 25))}` : place);
  return { place, host, ...(side === undefined ? {} : { side }), node, inferred: own.named === null };
}
