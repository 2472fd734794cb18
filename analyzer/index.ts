/**
 * The analyzer's front door: captures in, one `Report` out. Pure: no I/O, no
 * clock, no `node:*`. What is exported here is public; nothing else of
 * `analyzer/` may be imported from outside.
 */

export {
  ADVICE_MODES,
  type AdviceMode,
  advise,
  type ClientAdvice,
  type ClientFate,
  connectSeconds,
  FAIL_FAST,
  type FateWord,
  rideThroughSeconds,
  type TimerSetting,
  wordOf,
} from './advice/clients/advise.ts';
export {
  type Client,
  MEASURES,
  type Measures,
  type Setting,
  type Source,
  type Timer,
} from './advice/clients/client.ts';
export { CLIENTS } from './advice/clients/table.ts';
export { CONNECTING_ENDS, LAST_SYN, SENDER_GIVES_UP, type Wait, waitFor } from './advice/clients/wait.ts';
export { triesAfter } from './advice/sender-model.ts';
export {
  type Analysis,
  type AnalysisOptions,
  type CaptureFeed,
  type CaptureInput,
  createAnalysis,
} from './analysis.ts';
export { countVantages } from './count-vantages.ts';
export { flowsThatFit } from './flow/room.ts';
export { createFrameFinder, type FoundFrame, type FrameFinder } from './frame-finder.ts';
export { holdsJournal, type JournalInput } from './journals.ts';
export type { FlowJourneys } from './journey-list.ts';
export { parseVantage } from './named-vantage.ts';
export * from './report/capture-words.ts';
export * from './report/clock-words.ts';
export * from './report/failover-words.ts';
export * from './report/flow-groups.ts';
export * from './report/journal-words.ts';
export * as jsonSchema from './report/json-schema.ts';
export { leastOutage } from './report/least-outage.ts';
export { nearestRank } from './report/nearest-rank.ts';
export * from './report/phrases.ts';
export { toReferenceTime } from './report/reference-time.ts';
export * from './report/report.ts';
export { type ReportSchema, reportSchema } from './report/report-schema.ts';
export * as reportSchemas from './report/report-schemas.ts';
export * from './report/safe-text.ts';
export * from './report/stall-words.ts';
export * from './report/stuck-words.ts';
export { THRESHOLDS } from './report/thresholds.ts';
export * from './report/timer-words.ts';
export * from './report/units.ts';
export * from './report/wireshark-filter.ts';
export { worstStall } from './report/worst-stall.ts';
export { type LaneDirectory, openDirectory } from './timeline/directory.ts';
export type * from './timeline/lane-index.ts';
export { queryFrames, queryTile } from './timeline/lane-query.ts';
export { FIRST_PROBLEM, MARK_NAMES, Mark } from './timeline/mark.ts';
export { type FramesOf, type SeenAt, samePackets } from './timeline/same-packet.ts';
export * from './timeline/tile.ts';
export type * from './timeline/timeline.ts';
