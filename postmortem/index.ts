/** The folder's front door: facts are gathered, then written in one of the forms. */

export {
  type AnnotatedCapture,
  type AnnotatedInput,
  type AnnotateOptions,
  annotateCaptures,
  explainLeftOut,
  type PacketRedaction,
  type PlacedFinding,
} from './annotated/annotate.ts';
export { commentFilter } from './annotated/findings.ts';
export type { FrameChoice } from './annotated/selection.ts';
export { Gathering, gatherPostmortem, type Postmortem } from './gather/gather.ts';
export { packetRedaction } from './redact/packets.ts';
export { Redaction } from './redact/redaction.ts';
export { redactFlow, redactHead, redactionOf, redactReport, redactSource } from './redact/report.ts';
export type * from './source.ts';
export { writeHtml } from './write/html.ts';
export { writeMarkdown } from './write/markdown.ts';
export { escapeMarkdown } from './write/markdown-text.ts';
