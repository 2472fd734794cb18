/**
 * The postmortem of captures that were just diagnosed, from the report and the timeline of the same analysis.
 * The trap: a timeline's chunks can be had once; they are held here, in memory, while the graphs are made.
 */
import { type Analysis, openDirectory, queryTile, type Report } from '../analyzer/index.ts';
import {
  gatherPostmortem,
  type LaneSource,
  type Postmortem,
  type Redaction,
  redactFlow,
  redactSource,
} from '../postmortem/index.ts';

export { writeHtml, writeMarkdown } from '../postmortem/index.ts';

export interface PostmortemWish {
  /** The analysis was made with `timeline`. */
  readonly graphs: boolean;
  /** Of the report, or null where nothing is to be replaced. */
  readonly redaction: Redaction | null;
}

export function postmortemOf(
  analysis: Analysis,
  report: Report,
  { graphs, redaction }: PostmortemWish,
): Postmortem {
  const { flows, ...head } = report;
  const source = { incident: null, report: head, pins: [], lanes: graphs ? lanesOf(analysis) : null };
  if (redaction === null) return gatherPostmortem(source, flows);
  return gatherPostmortem(
    redactSource(source, redaction),
    flows.map((flow) => redactFlow(flow, redaction)),
  );
}

function lanesOf(analysis: Analysis): LaneSource {
  const timeline = analysis.timeline();
  const chunks: Uint8Array[] = [];
  for (const { number, bytes } of timeline.chunks()) chunks[number] = bytes;
  const directory = openDirectory(timeline.directory());
  const read = (number: number): Uint8Array => {
    const bytes = chunks[number];
    if (bytes === undefined) throw new Error(`the timeline has no chunk ${number}`);
    return bytes;
  };
  return {
    head: timeline.head,
    lanesOf: (flow) => directory.lanesOfFlow(flow),
    tile: (lane, resolution, index) => queryTile(directory, read, lane, resolution, index),
  };
}
