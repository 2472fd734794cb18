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
  // Every judged flow asks, and the answer is that of all flows.
  const own = new Map<string, ReadonlySet<number>>();
  return {
    ownMacs(node, side) {
      const key = `${node} ${side}`;
      let macs = own.get(key);
      if (macs === undefined) {
        macs = new Set(at(node, side).flatMap((i) => macsOf(sources[i] as LinkSource, side)));
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

/** MACs of what went out on that side: segments of the far end, and the node's own questions. */
function macsOf({ watches, neighbours }: LinkSource, side: 'in' | 'out'): number[] {
  const found: number[] = [];
  for (const { connection } of watches) {
    const { flow, sides } = connection;
    const far = side === 'in' ? flow.server : flow.client;
    if (sides[far].mac >= 0) found.push(sides[far].mac);
  }
  for (const e of neighbours.events) if (e.kind === 'announces' && e.mac >= 0) found.push(e.mac);
  return found;
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
    if (e.kind !== 'asks' || !isWithin(e, vantage, from, to)) return [];
    const answered = events
      .slice(i + 1, i + 64)
      .some((a) => a.about === e.about && a.kind !== 'asks' && a.time - e.time < ANSWER);
    return answered ? [] : [{ time: e.time, id: e.id, about: e.about, to: e.to }];
  });
}
