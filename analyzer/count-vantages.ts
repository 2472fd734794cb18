/**
 * How many places captures are of: what one collector wrote at one place is one, in however many files. Told before they
 * are read, for the room that each may take (flow/room.ts). The trap: `vantageFor` in analysis.ts puts them together by
 * the same words, and both must agree.
 */
import type { CaptureInput } from './named-vantage.ts';

export const countVantages = (inputs: readonly CaptureInput[]): number =>
  new Set(
    inputs.map(({ vantage, collected }, i) => {
      if (vantage !== undefined) return `said ${vantage.host} ${vantage.side}`;
      return collected === undefined ? i : `${collected.collector} ${collected.vantage}`;
    }),
  ).size;
