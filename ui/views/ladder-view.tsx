/** One packet a row, a column a vantage, time downward. */
import type { FlowViewProps } from './view-props.ts';

export function LadderView(_props: FlowViewProps) {
  return <div className="view" role="img" aria-label="Ladder" />;
}
