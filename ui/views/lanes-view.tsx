/** The lanes of one flow: each vantage and direction, time to the right. */
import type { FlowViewProps } from './view-props.ts';

export function LanesView(_props: FlowViewProps) {
  return <div className="view" role="img" aria-label="Lanes" />;
}
