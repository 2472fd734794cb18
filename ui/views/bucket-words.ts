/** What a tile's bucket says of its frames: the lines of a tooltip and the words for a screen reader. */
import { type LaneFrame, MARK_NAMES, NO_FLOW, type Tile } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { formatBytes, grouped, kindsIn, plural, whyMark } from '../draw/words.ts';
import { decimalsFor, formatTime, speakTime } from '../state/time.ts';
import type { Hit } from './scene.ts';
import { frameName, frameRef, vantageOf } from './sources.ts';

export interface Bucket {
  readonly tile: Tile;
  readonly row: number;
  readonly vantage: number;
  /** It stands in for tiles that are on their way. */
  readonly provisional: boolean;
  readonly nanosPerPixel: number;
}

export function hitOfBucket(incident: IncidentDetail, bucket: Bucket): Hit {
  const { tile, row, vantage } = bucket;
  const mark = tile.worst[row]!;
  const time = tile.worstTime[row]!;
  const frame = frameRef(incident, tile.worstCapture[row]!, tile.worstFrame[row]!);
  const flow = tile.worstFlow[row]!;
  const count = tile.count[row]!;
  const name = frameName(incident, frame);
  const place = vantageOf(incident, vantage);
  const many = count > 1 ? `, the worst of ${plural(count, 'frame')} here` : '';
  return {
    frame,
    time,
    vantage,
    mark,
    flow: flow === NO_FLOW ? null : flow,
    lines: [
      `${name}  ${formatTime(time, Math.max(3, Math.min(6, decimalsFor(bucket.nanosPerPixel))))}`,
      ...numbers(tile, row),
      `${MARK_NAMES[mark]}: ${whyMark(mark)}`,
      ...several(tile, row),
      ...(bucket.provisional ? ['coarse: the exact frames are being loaded'] : []),
    ],
    words: `${place} frame ${frame.frame}, ${speakTime(time)}, ${MARK_NAMES[mark]}${many}`,
  };
}

function numbers(tile: Tile, row: number): string[] {
  const seq = tile.worstSeq[row]!;
  const length = tile.worstLength[row]!;
  const parts = [
    ...(Number.isNaN(seq) ? [] : [`seq ${grouped(seq)}`]),
    `len ${grouped(length)}`,
    ...(tile.count[row] === 1 && !Number.isNaN(tile.ackMax[row]!)
      ? [`ack ${grouped(tile.ackMax[row]!)}`]
      : []),
  ];
  return [parts.join('  ')];
}

function several(tile: Tile, row: number): string[] {
  const count = tile.count[row]!;
  if (count < 2) return [];
  const kinds = kindsIn(tile.marks[row]!).join(', ');
  return [`worst of ${plural(count, 'frame')}, ${formatBytes(tile.bytes[row]!)}: ${kinds}`];
}

/** `client frame 4131, T0 plus 204 ms, retransmission, not seen at node-b`. */
export function speakFrame(
  incident: IncidentDetail,
  row: LaneFrame,
  vantage: number,
  missing: readonly number[] = [],
): string {
  const lost = missing.map((index) => `not seen at ${vantageOf(incident, index)}`);
  const what =
    row.length > 0 ? `${MARK_NAMES[row.mark]}, ${plural(row.length, 'byte')}` : MARK_NAMES[row.mark];
  return [
    `${vantageOf(incident, vantage)} frame ${row.frame.frame}`,
    speakTime(row.time),
    what,
    ...lost,
  ].join(', ');
}
