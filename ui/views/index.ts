/**
 * The views that the shell mounts. Each fills its parent (which gives it a height), shows loading, empty and
 * error states itself, carries out the `time` commands of `ui/state/keymap.ts` while it is mounted, and has
 * its table twin behind a button. They need the atoms of `ui/state/` set, above all `viewport` and `timeBase`.
 */
export { LadderView } from './ladder-view.tsx';
export { LanesView } from './lanes-view.tsx';
export { OverviewLanes } from './overview-lanes.tsx';
export { TimeSequenceView } from './time-sequence-view.tsx';
export type { FlowViewProps, OverviewProps } from './view-props.ts';
