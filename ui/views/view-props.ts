/** What the shell gives a view. A view is made anew (by key) when the incident's revision changes. */
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';

export interface OverviewProps {
  readonly incident: IncidentDetail;
}

export interface FlowViewProps {
  readonly incident: IncidentDetail;
  /** null: it is still loading. */
  readonly flow: FlowDetail | null;
}
