/**
 * The moments of an incident that its timeline names, found while the flows pass by: the first stall, recoveries,
 * and what ended connections.
 */
import {
  type Flow,
  type FrameRef,
  type NanosString,
  type Outcome,
  worstStall,
} from '../../analyzer/index.ts';

/** What one flow did at one time. */
export interface FlowMoment {
  readonly at: NanosString;
  readonly flow: Pick<Flow, 'id' | 'protocol' | 'client' | 'server'>;
  readonly frames: readonly FrameRef[];
}

/** The first and the last of a kind, and how many there were. */
export interface Span {
  readonly count: number;
  readonly first: FlowMoment;
  readonly last: FlowMoment;
}

/** After their stall these went on. */
const WENT_ON: readonly Outcome[] = ['resumed', 'connect-delayed', 'cut-short'];
export const ENDINGS = ['reset', 'gave-up', 'cut-short'] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Moments {
  readonly stalls: Span | null;
  readonly recoveries: Span | null;
  readonly endings: Readonly<Record<Ending, Span | null>>;
}

export class MomentFinder {
  readonly #spans = new Map<string, Span>();

  /** Of an affected flow. */
  add(flow: Flow): void {
    const stall = worstStall(flow);
    const { endedBy, outcome } = flow;
    if (stall !== null) this.#note('stall', stall.start, flow, [stall.frames.last]);
    if (stall !== null && stall.end !== null && WENT_ON.includes(outcome))
      this.#note('recovery', stall.end, flow, stall.frames.first === undefined ? [] : [stall.frames.first]);
    const ending = ENDINGS.find((known) => known === outcome);
    if (ending === undefined) return;
    const at = ending === 'cut-short' ? flow.end : (stall?.end ?? flow.end);
    this.#note(ending, at, flow, endedBy === undefined ? [] : [endedBy.frame]);
  }

  result(): Moments {
    const of = (kind: string): Span | null => this.#spans.get(kind) ?? null;
    return {
      stalls: of('stall'),
      recoveries: of('recovery'),
      endings: { reset: of('reset'), 'gave-up': of('gave-up'), 'cut-short': of('cut-short') },
    };
  }

  #note(kind: string, at: NanosString, { id, protocol, client, server }: Flow, frames: FrameRef[]): void {
    const moment: FlowMoment = { at, flow: { id, protocol, client, server }, frames };
    const known = this.#spans.get(kind);
    const time = BigInt(at);
    this.#spans.set(kind, {
      count: (known?.count ?? 0) + 1,
      first: known !== undefined && BigInt(known.first.at) <= time ? known.first : moment,
      last: known !== undefined && BigInt(known.last.at) >= time ? known.last : moment,
    });
  }
}
