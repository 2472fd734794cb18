import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Analysis, createAnalysis, type Report } from './index.ts';
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
  readonly report: Report;
  readonly analysis: Analysis;
  readonly timeline: NonNullable<ReturnType<Analysis['timeline']>>;
  readonly lanes: KeptLanes;
}

function drawn(scenario: string, order: (files: string[]) => string[] = (files) => files): Drawn {
  const folder = path.join(FIXTURES, scenario);
  const files = order(readdirSync(folder).filter((name) => name.endsWith('.pcap.gz')));
  const analysis = createAnalysis({ tool, timeline: true });
  for (const file of files) {
    const feed = analysis.addCapture({ file });
    feed.push(gunzipSync(readFileSync(path.join(folder, file))));
    feed.end();
  }
  const report = analysis.finish();
  const timeline = analysis.timeline();
  if (timeline === null) throw new Error('no timeline');
  return { report, analysis, timeline, lanes: keepLanes(timeline) };
}

describe('the lanes of an incident', () => {
  it('hold what the captures hold, from the client to the server', () => {
    const { report, timeline, lanes } = drawn('b-strict-curl');
    expect(timeline.head.vantages.map(({ vantage: { host, side } }) => `${host} ${side ?? ''}`)).toEqual([
      'client ',
      'node-a in',
      'node-a out',
      'node-b in',
      'node-b out',
      'server ',
    ]);
    const names = { captures: report.captures.map((c) => c.id), flows: report.flows.map((f) => f.id) };
    for (const [flow] of report.flows.entries()) {
      for (const { lane, frames } of lanes.directory.lanesOfFlow(flow)) {
        const own = framesOf(lanes, lane);
        expect(own).toHaveLength(frames);
        for (const resolution of [0, 17, 26, 30, 40, 53]) {
          const width = 512 * 2 ** resolution;
          const indices = new Set(own.map(({ time }) => Math.floor(time / width)));
          for (const index of [...indices].slice(0, 5)) {
            const tile = bucketsOf(tileOf(lanes, lane, resolution, index), names);
            expect(tile).toEqual(countBuckets(own, resolution, index, names));
          }
        }
      }
    }
  });
});
