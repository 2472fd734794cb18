/** Sequence numbers over time, in the vocabulary of tcptrace. */
import type { FlowViewProps } from './view-props.ts';

export function TimeSequenceView(_props: FlowViewProps) {
  return <div className="view" role="img" aria-label="Time-sequence graph" />;
}
