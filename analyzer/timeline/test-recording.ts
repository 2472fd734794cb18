/**
 * Tests only: rows that are recorded as if a vantage had seen them, without any capture; and the frames that the lanes
 * must then tell, worked out from the rows themselves.
 */
import { Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { flagText } from '../../packet/wire/tcp.ts';
import { frameId } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import { Side } from '../tcp/side.ts';
import { DirectoryBuilder } from './directory.ts';
import { Mark } from './mark.ts';
import { Recording } from './recording.ts';
import { FlowTable } from './row-reader.ts';
import { type KeptLanes, keepLanes } from './test-lanes.ts';
import type { LaneFrame } from './timeline.ts';
import { ChunkSink, VantageLanes } from './vantage-lanes.ts';

/** Numbers count from the first of each end, and do not wrap. */
export interface TestRow {
  readonly time: number;
  readonly flow: number;
  readonly from: 'client' | 'server';
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  readonly window: number;
  readonly mark: Mark;
}

/** What the analysis says of a segment that gets the mark. */
const BITS: Partial<Record<Mark, number>> = {
  [Mark.Data]: Segment.NewData,
  [Mark.Ack]: Segment.PureAck | Segment.AckAdvance,
  [Mark.WindowUpdate]: Segment.PureAck | Segment.WindowUpdate,
  [Mark.OutOfOrder]: Segment.NewData,
  [Mark.Probe]: Segment.Probe,
  [Mark.ZeroWindow]: Segment.PureAck | Segment.ZeroWindow,
  [Mark.Retransmission]: Segment.Resent,
  [Mark.Reset]: Segment.Rst,
};
export const MADE_MARKS = Object.keys(BITS).map(Number) as Mark[];

/** First numbers of a client and of a server: both wrap soon. */
const FIRST = [0xffff_f000, 0xfffe_0000] as const;
const FLOW_ID = 'f';

export const CAPTURES = ['c1'];
export const flowName = (flow: number): string => `${FLOW_ID}${flow}`;
const flagsOf = (mark: Mark): number => (mark === Mark.Reset ? TcpFlag.Rst | TcpFlag.Ack : TcpFlag.Ack);

/** Lanes of one vantage, `v0`; frame numbers are those of the rows, from 1. */
export function lanesOf(rows: Iterable<TestRow>, flows: number): KeptLanes {
  const recording = new Recording();
  const frame = new Frame();
  const [own, peer] = [new Side(), new Side()];
  let number = 0;
  for (const row of rows) {
    number += 1;
    const end = row.from === 'client' ? 0 : 1;
    frame.time = row.time;
    frame.seq = (row.seq + FIRST[end]) >>> 0;
    frame.ack = (row.ack + FIRST[1 - end]!) >>> 0;
    frame.payloadLength = row.length;
    frame.window = row.window;
    frame.flags = flagsOf(row.mark);
    const next = (frame.seq + row.length + 1) >>> 0;
    const sender = row.mark === Mark.OutOfOrder ? Object.assign(new Side(), { seen: true, next }) : own;
    recording.add(frame, frameId(0, number), row.flow, end, BITS[row.mark] ?? 0, sender, peer);
  }
  const table = new FlowTable(
    Array.from({ length: flows }, (_, position) => ({ position, client: 0, first: FIRST, scale: [1, 1] })),
  );
  const names = Array.from({ length: flows }, (_, i) => flowName(i));
  const directory = new DirectoryBuilder(CAPTURES, names, 1);
  const source = { recording, table, captures: [0], origin: 0, flows };
  const lanes = new VantageLanes(source, 0, directory, new ChunkSink());
  return keepLanes({ chunks: () => lanes.chunks(), directory: () => directory.encode() });
}

/** By time; those of one moment as they came. */
export function framesOfRows(rows: readonly TestRow[], hasNumbers: boolean): LaneFrame[] {
  return rows
    .map(
      (row, i): LaneFrame => ({
        frame: { capture: 'c1', frame: i + 1 },
        time: row.time,
        from: row.from,
        seq: hasNumbers ? row.seq : null,
        ack: hasNumbers ? row.ack : null,
        length: row.length,
        window: row.window,
        flags: flagText(flagsOf(row.mark)),
        mark: row.mark,
        flow: flowName(row.flow),
      }),
    )
    .sort((a, b) => a.time - b.time);
}
