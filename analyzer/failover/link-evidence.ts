/**
 * Gathers what the vantages saw of their links into `LinkFacts`.
 */
import type { Nanos } from '../../packet/time.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { CrossVantage } from './crossing.ts';
import type { LinkFacts, UnansweredQuestion } from './link-facts.ts';
import type { NeighbourEvent, Neighbours } from './neighbours.ts';

interface LinkSource {
  readonly neighbours: Neighbours;
  readonly watches: readonly SilenceWatch[];
  readonly trails: { readonly macs: readonly number[] };
}

/** A neighbour answers within milliseconds; Linux asks again after a second. */
const ANSWER: Nanos = 900_000_000;

export function buildLinkFacts(sources: readonly LinkSource[], vantages: readonly CrossVantage[]): LinkFacts {
  const at = (node: number, side: 'in' | 'out'): number[] =>
    vantages.flatMap(({ station }, i) =>
      station.place === 'node' &&
      station.node === node &&
      (station.side === undefined || station.side === side)
        ? [i]
        : [],
    );
  const nodes = [...new Set(vantages.map(({ station }) => station.node))].filter((n) => n >= 0);
  // Every judged flow asks, and the answer is that of all flows.
  const own = new Map<string, ReadonlySet<number>>();
  return {
    ownMacs(node, side) {
      const key = `${node} ${side}`;
      let macs = own.get(key);
      if (macs === undefined) {
        const here = at(node, side).map((i) => sources[i] as LinkSource);
        const others = new Set(nodes.filter((n) => n !== node).flatMap((n) => at(n, side)));
        const theirs = new Set([...others].flatMap((i) => farMacs(sources[i] as LinkSource, side)));
        const said = here.flatMap(announcedMacs).filter((mac) => !theirs.has(mac));
        macs = new Set([...here.flatMap((s) => farMacs(s, side)), ...said, ...successors(here, theirs)]);
        own.set(key, macs);
      }
      return macs;
    },
    unanswered: (node, side, from, to) =>
      at(node, side).flatMap((i) =>
        unansweredAt(sources[i] as LinkSource, vantages[i] as CrossVantage, from, to),
      ),
    announced: (node, from, to) =>
      (['in', 'out'] as const)
        .flatMap((side) => at(node, side))
        .flatMap((i) =>
          (sources[i] as LinkSource).neighbours.events
            .filter((e) => e.kind === 'announces' && isWithin(e, vantages[i] as CrossVantage, from, to))
            .map((e) => e.id),
        ),
    macAt: (vantage, index) => (index < 0 ? -1 : (sources[vantage]?.trails.macs[index] ?? -1)),
  };
}

/** MACs of what went out on that side: segments of the far end. */
const farMacs = ({ watches }: LinkSource, side: 'in' | 'out'): number[] =>
  watches
    .map(({ connection: { flow, sides } }) => sides[side === 'in' ? flow.server : flow.client].mac)
    .filter((mac) => mac >= 0);

/** MACs that an address was announced at on its link; the other node's announcements are heard there as well. */
const announcedMacs = ({ neighbours }: LinkSource): number[] =>
  neighbours.events.filter((e) => e.kind === 'announces' && e.mac >= 0).map((e) => e.mac);

/**
 * MACs of whoever speaks for a virtual router (RFC 9568) that another node, of known MAC, had spoken for before.
 * Advertisements are for all: a node's capture holds those of both.
 */
function successors(here: readonly LinkSource[], theirs: ReadonlySet<number>): number[] {
  const said = here.flatMap(({ neighbours }) =>
    neighbours.events.filter((e) => e.kind === 'vrrp' && e.mac >= 0),
  );
  const groups = new Set(said.filter(({ mac }) => theirs.has(mac)).map(({ about }) => about));
  return said.filter(({ mac, about }) => groups.has(about) && !theirs.has(mac)).map(({ mac }) => mac);
}

function isWithin(e: NeighbourEvent, { clock, shift }: CrossVantage, from: Nanos, to: Nanos): boolean {
  const time = clock.toReference(e.time + shift);
  return time >= from && time <= to;
}

function unansweredAt(
  { neighbours }: LinkSource,
  vantage: CrossVantage,
  from: Nanos,
  to: Nanos,
): UnansweredQuestion[] {
  const { events } = neighbours;
  return events.flatMap((e, i) => {
    // By a clock that nothing ties nobody can say when it was asked.
    if (e.kind !== 'asks' || (vantage.clock.tied && !isWithin(e, vantage, from, to))) return [];
    const answered = events
      .slice(i + 1, i + 64)
      .some((a) => a.about === e.about && a.kind !== 'asks' && a.time - e.time < ANSWER);
    return answered ? [] : [{ time: e.time, id: e.id, about: e.about, to: e.to }];
  });
}
