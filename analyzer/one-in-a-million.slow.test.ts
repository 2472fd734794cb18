import { expect, it } from 'vitest';
import { createPcapWriter } from '../packet/file/pcap-writer.ts';
import { buildTcp } from '../packet/wire/build.ts';
import { BUCKETS, type CaptureFeed, createAnalysis, GREATEST_RESOLUTION, Mark } from './index.ts';
import { bucketsOf, countBuckets, framesOf, keepLanes, tileOf } from './timeline/test-lanes.ts';

const FRAMES = 1_000_000;
/** The frame that carries again what the one four before it carried. */
const AGAIN = 654_321;
const PAYLOAD = 100;
/** Resolutions at which every bucket of the tile is counted: from single frames to all of them in one. */
const COUNTED = [8, 16, 24, 40];
const START = 1_700_000_000_000_000_000n;
/** Of Ethernet and IPv4 without options. */
const [IP_ID, SEQ, ACK] = [18, 38, 42] as const;

/** A download: of four frames the fourth is the client's acknowledgement. Pauses of all kinds, none of a second. */
function feedDownload(feed: CaptureFeed): void {
  const ends = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 80, destinationPort: 40_000 };
  const data = buildTcp({ ...ends, flags: 'PSH ACK', payload: PAYLOAD });
  const answer = buildTcp({ flags: 'ACK', window: 60_000 });
  const writer = createPcapWriter((chunk) => feed.push(chunk), { nanoseconds: true });
  let [time, sent] = [START, 0];
  for (let n = 1; n <= FRAMES; n++) {
    time += BigInt(n % 10_000 === 0 ? 300_000_000 : 1000 + ((n * 7919) % 50_000));
    const isAnswer = n % 4 === 0;
    const bytes = isAnswer ? answer : data;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const first = n === AGAIN ? sent - 3 * PAYLOAD : sent;
    view.setUint16(IP_ID, n & 0xffff);
    view.setUint32(SEQ, isAnswer ? 1 : 5000 + first);
    view.setUint32(ACK, isAnswer ? 5000 + sent : 1);
    if (!isAnswer && n !== AGAIN) sent += PAYLOAD;
    writer.packet({ time, data: bytes });
  }
}

it('one retransmission among a million frames is the worst of its bucket at every resolution', {
  timeout: 300_000,
}, () => {
  const analysis = createAnalysis({ tool: { name: 'test', version: '1' }, timeline: true });
  const feed = analysis.addCapture({ file: 'client.pcap' });
  feedDownload(feed);
  feed.end();
  const { flows, captures } = analysis.finish();
  const timeline = analysis.timeline();
  const lanes = keepLanes(timeline);
  expect(timeline.head.frames).toBe(FRAMES);
  expect(timeline.retransmits(0)).toBe(1);
  const names = { captures: captures.map((c) => c.id), flows: flows.map((f) => f.id) };
  for (const lane of ['v0', `v0.${flows[0]?.id}.s`]) {
    const frames = framesOf(lanes, lane);
    const problems = framesOf(lanes, lane, Mark.OutOfOrder);
    expect(problems.map((f) => [f.frame.frame, f.mark])).toEqual([[AGAIN, Mark.Retransmission]]);
    const { time } = problems[0] as (typeof problems)[number];
    for (let resolution = 0; resolution <= GREATEST_RESOLUTION; resolution++) {
      const index = Math.floor(time / (BUCKETS * 2 ** resolution));
      const tile = bucketsOf(tileOf(lanes, lane, resolution, index), names);
      const worst = tile.filter((b) => b.worst.mark === Mark.Retransmission);
      expect(worst.map((b) => [b.worst.frame, b.worst.time, b.worst.length])).toEqual([
        [`c1:${AGAIN}`, time, PAYLOAD],
      ]);
      // Counting a million frames takes a while.
      if (COUNTED.includes(resolution)) expect(tile).toEqual(countBuckets(frames, resolution, index, names));
    }
  }
});
