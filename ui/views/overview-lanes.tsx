/** A lane a vantage with all flows, and the failover over them. */
import type { OverviewProps } from './view-props.ts';

export function OverviewLanes(_props: OverviewProps) {
  return <div className="view" role="img" aria-label="Lanes of all flows" />;
}
