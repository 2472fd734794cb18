import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFrameFlags } from './frame-flags.ts';
import { createAnalysis, type FrameRef, type LaneFrame, Mark, type Report, type Timeline } from './index.ts';
import { Trip, taken } from './test-path.ts';
import {
  bucketsOf,
  countBuckets,
  framesOf,
  type KeptLanes,
  keepLanes,
  tileOf,
} from './timeline/test-lanes.ts';

const FIXTURES = path.join(import.meta.dirname, '../test/fixtures/captures');
const tool = { name: 'test', version: '1' };

interface Drawn {
  /** Names of files, in the order in which they were given. */
  readonly files: readonly string[];
  readonly report: Report;
  readonly timeline: Timeline;
  readonly lanes: KeptLanes;
}

const bytesOf = (scenario: string, file: string): Uint8Array =>
  gunzipSync(readFileSync(path.join(FIXTURES, scenario, file)));

const filesOf = (scenario: string): string[] =>
  readdirSync(path.join(FIXTURES, scenario)).filter((name) => name.endsWith('.pcap.gz'));

function draw(scenario: string, files: readonly string[] = filesOf(scenario)): Drawn {
  const analysis = createAnalysis({ tool, timeline: true });
  for (const file of files) {
    const feed = analysis.addCapture({ file });
    feed.push(bytesOf(scenario, file));
    feed.end();
  }
  const report = analysis.finish();
  const timeline = analysis.timeline();
  return { files, report, timeline, lanes: keepLanes(timeline) };
}

const drawn = new Map<string, Drawn>();

/** All captures in the order of their names, analysed once. */
function drawOnce(scenario: string): Drawn {
  const made = drawn.get(scenario) ?? draw(scenario);
  drawn.set(scenario, made);
  return made;
}

const allLanes = ({ report, lanes }: Drawn): string[] => [
  ...Array.from({ length: lanes.directory.vantages }, (_, v) => `v${v}`),
  ...report.flows.flatMap((_, i) => lanes.directory.lanesOfFlow(i).map(({ lane }) => lane)),
];

const keyOf = ({ capture, frame }: FrameRef): string => `${capture}:${frame}`;

/** Of every TCP frame, by capture and frame: its stream, and the flags of tshark 4.0.17. */
function tsharkOf(
  scenario: string,
  files: readonly string[],
): Map<string, { stream: number; flags: string[] }> {
  const all = new Map<string, { stream: number; flags: string[] }>();
  for (const [i, file] of files.entries()) {
    const flags = createFrameFlags((frame, stream, names) =>
      all.set(`c${i + 1}:${frame}`, { stream, flags: [...names] }),
    );
    flags.push(bytesOf(scenario, file));
    flags.end();
  }
  return all;
}

describe('the lanes of an incident', () => {
  it('stand from the client to the server', () => {
    const { timeline } = drawOnce('b-strict-curl');
    expect(timeline.head.vantages.map(({ vantage: { host, side } }) => `${host} ${side ?? ''}`)).toEqual([
      'client ',
      'node-a in',
      'node-a out',
      'node-b in',
      'node-b out',
      'server ',
    ]);
  });

  it.each(['b-strict-curl', 'f-tproxy', 'nat-synced'])(
    '%s: have tiles that are what their frames are',
    (scenario) => {
      const all = drawOnce(scenario);
      const { report, lanes } = all;
      const names = { captures: report.captures.map((c) => c.id), flows: report.flows.map((f) => f.id) };
      for (const lane of allLanes(all)) {
        const frames = framesOf(lanes, lane);
        for (const resolution of [0, 17, 26, 30, 40, 53]) {
          const indices = new Set(frames.map(({ time }) => Math.floor(time / (512 * 2 ** resolution))));
          for (const index of [...indices].slice(0, 3)) {
            const tile = bucketsOf(tileOf(lanes, lane, resolution, index), names);
            expect(tile).toEqual(countBuckets(frames, resolution, index, names));
          }
        }
      }
    },
  );

  it.each(['b-strict-curl', 'f-tproxy', 'nat-synced'])(
    '%s: hold every frame of each flow, and no other',
    (scenario) => {
      const { files, report, lanes } = drawOnce(scenario);
      const tshark = tsharkOf(scenario, files);
      for (const [i, flow] of report.flows.entries()) {
        const own = lanes.directory.lanesOfFlow(i).flatMap(({ lane, frames: count }) => {
          const frames = framesOf(lanes, lane);
          expect(frames).toHaveLength(count);
          return frames.map((f) => keyOf(f.frame));
        });
        const expected = [...tshark].filter(
          ([key, { stream }]) => flow.streams?.[key.split(':')[0] ?? ''] === stream,
        );
        expect(own.sort()).toEqual(expected.map(([key]) => key).sort());
      }
    },
  );

  it('count the retransmissions that a flow has at the vantage that saw the most', () => {
    const { report, timeline, lanes } = drawOnce('b-strict-curl');
    for (const [i] of report.flows.entries()) {
      const counts = lanes.directory.lanesOfFlow(i).reduce((by, { lane, vantage }) => {
        const again = framesOf(lanes, lane, Mark.Retransmission).filter(
          (f) => f.mark === Mark.Retransmission,
        );
        return by.set(vantage, (by.get(vantage) ?? 0) + again.length);
      }, new Map<number, number>());
      expect(timeline.retransmits(i)).toBe(Math.max(0, ...counts.values()));
    }
  });

  it('are the same whatever the order of the captures', () => {
    const files = filesOf('b-strict-curl');
    const [one, other] = [draw('b-strict-curl', files), draw('b-strict-curl', files.toReversed())];
    const nameIn = ({ files: own }: Drawn, id: string): string => own[Number(id.slice(1)) - 1] ?? '';
    const headOf = (d: Drawn): unknown => ({
      ...d.timeline.head,
      vantages: d.timeline.head.vantages.map((v) => ({
        ...v,
        captures: v.captures.map((id) => nameIn(d, id)),
      })),
    });
    expect(headOf(other)).toEqual(headOf(one));
    expect(allLanes(other).sort()).toEqual(allLanes(one).sort());
    const tile = (d: Drawn, lane: string, resolution: number): unknown => {
      const captures = d.report.captures.map(({ id }) => nameIn(d, id));
      return bucketsOf(tileOf(d.lanes, lane, resolution, 0), { captures }).map(({ worst, ...rest }) => ({
        ...rest,
        worst: { ...worst, flow: d.report.flows[worst.flow]?.id },
      }));
    };
    for (const lane of allLanes(one)) {
      for (const resolution of [24, 31, 53])
        expect(tile(other, lane, resolution)).toEqual(tile(one, lane, resolution));
    }
  });

  it('give one packet the same numbers at every vantage', () => {
    const all = drawOnce('b-strict-curl');
    const request = allLanes(all)
      .filter((lane) => lane.endsWith('.c'))
      .flatMap((lane) => framesOf(all.lanes, lane).find((f) => f.length > 0) ?? []);
    expect(request.length).toBeGreaterThan(3);
    expect(new Set(request.map(({ seq, ack, length }) => `${seq} ${ack} ${length}`)).size).toBe(1);
    expect(request[0]?.seq).toBe(1);
  });
});

it('the times of lanes and of journeys are the same, and not negative where a clock reaches back before all others', () => {
  const trip = new Trip().handshake(0);
  for (let i = 0; i < 40; i++)
    trip.client(0.2 + i / 10, { payload: 100 }).server(0.21 + i / 10, { payload: 100 });
  // The client's clock is the reference, but the other captures began before it, by clocks that are ahead.
  const captures = taken([trip], ['client', 'a.in', 'a.out', 'server'], {
    ahead: { 'a.in': 7, 'a.out': 7, server: 7 },
    misses: { client: (at) => at < 1 },
  });
  const analysis = createAnalysis({ tool, timeline: true });
  for (const { file, bytes } of captures) {
    const feed = analysis.addCapture({ file });
    feed.push(bytes);
    feed.end();
  }
  analysis.finish();
  const timeline = analysis.timeline();
  const lanes = keepLanes(timeline);
  const times = new Map<string, number>();
  for (let v = 0; v < lanes.directory.vantages; v++) {
    for (const { frame, time } of framesOf(lanes, `v${v}`)) times.set(keyOf(frame), time);
  }
  expect(Math.min(...times.values())).toBe(0);
  expect(timeline.head.from).toBe(0);
  const stops = [...analysis.journeys()].flatMap((f) => f.journeys.flatMap((j) => j.stops));
  const seen = stops.flatMap(({ frame, time }) => (frame === undefined ? [] : { key: keyOf(frame), time }));
  expect(seen.length).toBeGreaterThan(40);
  expect(seen).toEqual(seen.map(({ key }) => ({ key, time: times.get(key) })));
});

/** What of a lane's bytes was there before; frames by time. */
function* withKnown(frames: readonly LaneFrame[]): Generator<{ frame: LaneFrame; known: boolean }> {
  let ranges: (readonly [number, number])[] = [];
  for (const frame of frames) {
    if (frame.seq === null || frame.length === 0) continue;
    const [from, to] = [frame.seq, frame.seq + frame.length];
    yield { frame, known: ranges.some(([a, b]) => a <= from && to <= b) };
    const touching = ranges.filter(([a, b]) => a <= to && from <= b);
    ranges = ranges.filter((r) => !touching.includes(r));
    ranges.push([Math.min(from, ...touching.map(([a]) => a)), Math.max(to, ...touching.map(([, b]) => b))]);
  }
}

/**
 * Ours says what this vantage saw twice; tshark also calls a retransmission what fills a hole, though no byte of it came
 * by before: it was lost on the way to here, and the lane of a vantage before that place shows both.
 */
describe.each(['b-strict-curl', 'rto-7', 'i-arp-garp', 'up-synced'])(
  '%s: marks beside the flags of tshark',
  (scenario) => {
    let all: Drawn;
    let senders: string[];
    let flagsOf: (frame: LaneFrame) => string[];
    beforeAll(() => {
      all = drawOnce(scenario);
      senders = allLanes(all).filter((lane) => lane.includes('.'));
      const tshark = tsharkOf(scenario, all.files);
      flagsOf = ({ frame }) => tshark.get(keyOf(frame))?.flags ?? [];
    });

    it('a retransmission is one there too, or out of order', () => {
      let found = 0;
      for (const lane of senders) {
        for (const frame of framesOf(all.lanes, lane, Mark.Retransmission)) {
          if (frame.mark !== Mark.Retransmission) continue;
          found += 1;
          expect(
            flagsOf(frame).some((f) => ['retransmission', 'out_of_order', 'keep_alive'].includes(f)),
          ).toBe(true);
        }
      }
      expect(found).toBeGreaterThan(0);
    });

    it('what is out of order fills a hole: one of the two there, of bytes that were not seen', () => {
      let found = 0;
      for (const lane of senders) {
        for (const { frame, known } of withKnown(framesOf(all.lanes, lane))) {
          if (frame.mark !== Mark.OutOfOrder) continue;
          found += 1;
          const flags = flagsOf(frame).filter((f) => f === 'retransmission' || f === 'out_of_order');
          expect([keyOf(frame.frame), known, flags.length]).toEqual([keyOf(frame.frame), false, 1]);
        }
      }
      // Elsewhere the whole window was lost, or nothing was.
      if (['i-arp-garp', 'up-synced'].includes(scenario)) expect(found).toBeGreaterThan(0);
    });

    it('what is one there is one here, if its bytes had been seen', () => {
      for (const lane of senders) {
        for (const { frame, known } of withKnown(framesOf(all.lanes, lane))) {
          const isOne = known && flagsOf(frame).includes('retransmission');
          if (isOne)
            expect([keyOf(frame.frame), frame.mark]).toEqual([keyOf(frame.frame), Mark.Retransmission]);
        }
      }
    });
  },
);
