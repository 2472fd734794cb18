/**
 * The postmortem of captures that were just diagnosed, from the report and the timeline of the same analysis.
 * The trap: a timeline's chunks can be had once; they are held here, in memory, while the graphs are made.
 */
import { type Analysis, openDirectory, queryTile, type Report } from '../analyzer/index.ts';
import { gatherPostmortem, type LaneSource, type Postmortem } from '../postmortem/index.ts';

/** `withGraphs`: the analysis was made with `timeline`. */
export function postmortemOf(analysis: Analysis, report: Report, withGraphs: boolean): Postmortem {
  const { flows, ...head } = report;
  const lanes = withGraphs ? lanesOf(analysis) : null;
  return gatherPostmortem({ incident: null, report: head, pins: [], lanes }, flows);
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
