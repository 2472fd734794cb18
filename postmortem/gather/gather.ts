/**
 * The facts of a postmortem, gathered from a report whose flows come by once, in its order. What is kept does not grow
 * with them, but for one number each of an affected flow.
 */
import { type Flow, type FlowGroup, FlowGroups } from '../../analyzer/index.ts';
import { drawGraphs } from '../graphs/graphs.ts';
import type { Graphs } from '../graphs/model.ts';
import type { PostmortemSource } from '../source.ts';
import { type Impact, ImpactSum } from './impact.ts';
import { MomentFinder, type Moments } from './moments.ts';
import { type FlowRow, WorstFlows } from './worst-flows.ts';

/** All that the writers need. */
export interface Postmortem extends Omit<PostmortemSource, 'lanes'> {
  readonly impact: Impact;
  readonly moments: Moments;
  /** Contributing factors, the worst first; at most `MOST_FACTORS`. */
  readonly factors: readonly FlowGroup[];
  /** Of all of them. */
  readonly factorCount: number;
  readonly rows: readonly FlowRow[];
  readonly graphs: Graphs | null;
}

/** More factors are no finding but a list. */
const MOST_FACTORS = 24;

/** Takes the flows one by one, so that whoever feeds it can let others have their turn. */
export class Gathering {
  readonly #source: PostmortemSource;
  readonly #groups = new FlowGroups();
  readonly #impact = new ImpactSum();
  readonly #moments = new MomentFinder();
  readonly #worst = new WorstFlows();

  constructor(source: PostmortemSource) {
    this.#source = source;
  }

  /** `index`: position in the report's `flows`. */
  add(flow: Flow, index: number): void {
    this.#groups.add(flow, index);
    if (flow.outcome === 'unaffected') return;
    this.#impact.add(flow);
    this.#moments.add(flow);
    this.#worst.add(flow, index);
  }

  /** Once, when all flows came by. */
  finish(): Postmortem {
    const { lanes, ...known } = this.#source;
    const groups = this.#groups.sorted();
    const factors = groups.slice(0, MOST_FACTORS);
    const moments = this.#moments.result();
    return {
      ...known,
      impact: this.#impact.result(),
      moments,
      factors,
      factorCount: groups.length,
      rows: this.#worst.result(),
      graphs: lanes === null ? null : drawGraphs(lanes, known.report, factors, moments),
    };
  }
}

/** Of flows that are all there. */
export function gatherPostmortem(source: PostmortemSource, flows: readonly Flow[]): Postmortem {
  const gathering = new Gathering(source);
  for (const [index, flow] of flows.entries()) gathering.add(flow, index);
  return gathering.finish();
}
