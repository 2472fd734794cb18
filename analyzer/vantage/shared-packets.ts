/**
 * The packets that two captures share, as pairs of times: what clocks are set
 * by, and what tells which of the two is nearer to the client.
 * The trap: a packet that was captured twice at one vantage, or sent twice in
 * the same words, pairs with either; it is left out.
 */
import type { Nanos } from '../../packet/time.ts';
import { otherEnd } from '../flow/flow.ts';
import { NO_ID, nameOf, type Sample, type Samples } from '../flow/samples.ts';
import type { Sighting, Trails } from '../flow/trail.ts';
import type { FlowView, JoinedLeg } from './join.ts';

/** One packet at two captures, each time by its capture's own clock, in ns since a common base. */
export interface SharedPacket {
  readonly a: Nanos;
  readonly b: Nanos;
  /** Who sent it: client or server. */
  readonly dir: 'c' | 's';
}

/** What pairing needs of a vantage. */
export interface PacketSource {
  readonly samples: Samples;
  readonly trails: Trails;
  /** What turns a time of this vantage into ns since the common base. */
  readonly shift: number;
}

/** Enough for any fit. */
const MOST_PAIRS = 20_000;
/** With fewer in a direction the trails are looked through as well. */
const FEW = 200;

/** For every two vantages (by index, `a` < `b`) the packets both hold. */
export function sharedPackets(
  sources: readonly PacketSource[],
  legs: readonly JoinedLeg[],
): { a: number; b: number; packets: SharedPacket[] }[] {
  const samples = sources.map((s) => s.samples.byName());
  const views = sources.map((): Map<number, { leg: JoinedLeg; view: FlowView }> => new Map());
  for (const leg of legs) {
    for (const view of leg.views) views[view.vantage]?.set(view.watch.connection.flow.index, { leg, view });
  }
  const found: { a: number; b: number; packets: SharedPacket[] }[] = [];
  for (let a = 0; a < sources.length; a++) {
    for (let b = a + 1; b < sources.length; b++) {
      const names = new Set<number>();
      const packets: SharedPacket[] = [];
      const add = (name: number, one: Sample, two: Sample): void => {
        const there = views[a]?.get(one.flow);
        const here = views[b]?.get(two.flow);
        if (there === undefined || here === undefined || there.leg !== here.leg || names.has(name)) return;
        names.add(name);
        packets.push({
          a: one.time + (sources[a] as PacketSource).shift,
          b: two.time + (sources[b] as PacketSource).shift,
          dir: one.sender === there.view.watch.connection.flow.client ? 'c' : 's',
        });
      };
      pairUp(samples[a] as Map<number, Sample>, samples[b] as Map<number, Sample>, add);
      const few = (['c', 's'] as const).some((dir) => packets.filter((p) => p.dir === dir).length < FEW);
      if (few) {
        for (const leg of legs) {
          const [one, two] = [leg.views.find((v) => v.vantage === a), leg.views.find((v) => v.vantage === b)];
          if (one === undefined || two === undefined || packets.length >= MOST_PAIRS) continue;
          pairUp(rowsByName(one, sources), rowsByName(two, sources), add);
        }
      }
      if (packets.length > 0) found.push({ a, b, packets: packets.sort((x, y) => x.b - y.b) });
    }
  }
  return found;
}

function pairUp(
  one: ReadonlyMap<number, Sample>,
  two: ReadonlyMap<number, Sample>,
  add: (name: number, one: Sample, two: Sample) => void,
): void {
  const [small, large, swapped] = one.size <= two.size ? [one, two, false] : [two, one, true];
  for (const [name, sample] of small) {
    const other = large.get(name);
    if (other === undefined || sample.repeated || other.repeated || isSentAgain(sample, other)) continue;
    if (swapped) add(name, other, sample);
    else add(name, sample, other);
  }
}

/** The same words under another IP identification: two nodes each saw one of two transmissions. */
const isSentAgain = (one: Sample, two: Sample): boolean =>
  one.ipId !== NO_ID && two.ipId !== NO_ID && one.ipId !== two.ipId;

/** A router holds a packet no longer than this. */
const COPY: Nanos = 100_000_000;

function rowsByName(view: FlowView, sources: readonly PacketSource[]): Map<number, Sample> {
  const found = new Map<number, Sample>();
  const { flow } = view.watch.connection;
  for (const row of (sources[view.vantage] as PacketSource).trails.of(flow.index)) {
    const name = nameOf(unshifted(row, view));
    const known = found.get(name);
    if (known === undefined)
      found.set(name, {
        time: row.time,
        flow: flow.index,
        sender: row.sender,
        ipId: row.tsVal < 0 ? row.ipId : NO_ID,
        repeated: false,
      });
    else if (row.time - known.time > COPY) known.repeated = true;
  }
  return found;
}

/** The row with the numbers that the first view of its connection has for it. */
export function unshifted(row: Sighting, view: FlowView): Sighting {
  const own = view.shift[row.sender];
  const peer = view.shift[otherEnd(row.sender)];
  if (own === 0 && peer === 0) return row;
  return { ...row, seq: (row.seq + own) >>> 0, ack: (row.ack + peer) >>> 0 };
}
