/**
 * The worst flows of an incident, for its table: worst outcome first, then the longest stall, then the order of the report.
 * The trap: there may be 100,000 of them, so only as many are held as are shown, and some more between two sortings.
 */
import { type Flow, OUTCOME_ORDER, worstStall } from '../../analyzer/index.ts';

/** What the table shows of a flow. */
export interface FlowRow {
  readonly index: number;
  readonly flow: Pick<
    Flow,
    'id' | 'protocol' | 'client' | 'server' | 'outcome' | 'cause' | 'candidates' | 'confidence'
  >;
  readonly stall: ReturnType<typeof worstStall>;
}

/** More rows nobody reads; the report has them all. */
export const MOST_ROWS = 500;

export class WorstFlows {
  #rows: FlowRow[] = [];

  /** Of an affected flow. */
  add(flow: Flow, index: number): void {
    const { id, protocol, client, server, outcome, cause, candidates, confidence } = flow;
    this.#rows.push({
      index,
      flow: { id, protocol, client, server, outcome, cause, candidates, confidence },
      stall: worstStall(flow),
    });
    if (this.#rows.length >= 4 * MOST_ROWS) this.#cut();
  }

  /** At most `MOST_ROWS`. */
  result(): FlowRow[] {
    this.#cut();
    return this.#rows;
  }

  #cut(): void {
    this.#rows = this.#rows.sort(compareRows).slice(0, MOST_ROWS);
  }
}

const compareRows = (a: FlowRow, b: FlowRow): number =>
  OUTCOME_ORDER.indexOf(a.flow.outcome) - OUTCOME_ORDER.indexOf(b.flow.outcome) ||
  (b.stall?.duration ?? 0) - (a.stall?.duration ?? 0) ||
  a.index - b.index;
