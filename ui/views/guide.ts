/**
 * The sender's back-off as the captures show it: retransmissions of the worst stall, of whoever sent more of them,
 * at the vantage nearest to that side; before them the start of the stall, from which the first one counts.
 */
import { type End, Mark } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { getLaneFrames } from '../data/api.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import { toTimeline } from '../state/time.ts';

const MOST = 200;

/** Empty where there is no stall or nothing was sent again. */
export async function loadGuide(
  incident: IncidentDetail,
  { flow }: FlowDetail,
  specs: readonly LaneSpec[],
  signal: AbortSignal,
): Promise<readonly number[]> {
  const stall = [...flow.stalls].sort((a, b) => b.duration - a.duration)[0];
  if (stall === undefined) return [];
  const from = toTimeline(stall.start);
  const to = toTimeline(stall.end ?? flow.end) + 1e6;
  const retransmissions = async (end: End): Promise<number[]> => {
    const lanes = specs.filter((spec) => spec.from === end).sort((a, b) => a.vantage - b.vantage);
    const lane = end === 'client' ? lanes[0] : lanes.at(-1);
    if (lane === undefined) return [];
    const query = { from, to, limit: MOST, least: Mark.Retransmission };
    const { frames } = await getLaneFrames(incident.id, lane.lane, query, signal);
    return frames.filter(({ mark }) => mark === Mark.Retransmission).map(({ time }) => time);
  };
  try {
    const [client, server] = await Promise.all([retransmissions('client'), retransmissions('server')]);
    const most = server.length > client.length ? server : client;
    return most.length === 0 ? [] : [from, ...most];
  } catch {
    // The guide is an addition; the lanes say what failed.
    return [];
  }
}
