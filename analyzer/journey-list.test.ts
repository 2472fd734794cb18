/**
 * Journeys of real captures, held against the captures themselves, which are
 * read here by a reader of the tests' own.
 */
import { describe, expect, it } from 'vitest';
import { recordsOf } from '../test/scenarios/capture-cache.ts';
import { type RawSegment, readSegment } from '../test/scenarios/raw-segment.ts';
import { allScenarios, captureBytes, type Scenario } from '../test/scenarios/scenario.ts';
import { createAnalysis, type FlowJourneys, type Journey, type Report } from './index.ts';

interface Followed {
  readonly scenario: Scenario;
  readonly report: Report;
  readonly flows: readonly FlowJourneys[];
}

const scenarioOf = (name: string): Scenario => {
  const found = allScenarios().find((s) => s.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};

function follow(name: string, pick: (files: readonly string[]) => readonly string[] = (f) => f): Followed {
  const scenario = scenarioOf(name);
  const analysis = createAnalysis({ tool: { name: 'test', version: '1' }, timeline: true });
  for (const file of pick(scenario.captures)) {
    const feed = analysis.addCapture({ file });
    feed.push(captureBytes(scenario, file));
    feed.end();
  }
  const report = analysis.finish();
  return { scenario, report, flows: [...analysis.journeys()] };
}

const VANTAGES = ['client', 'a.in', 'a.out', 'b.in', 'b.out', 'server'];

/** `client:seen a.in:missing`, for the six captures of the fixtures. */
const way = ({ stops }: Journey): string => stops.map((s) => `${VANTAGES[s.vantage]}:${s.seen}`).join(' ');

const waysOf = (journeys: readonly Journey[]): string[] => [...new Set(journeys.map(way))];

/** Every sighting against the bytes, by the numbers of a capture: what a journey's own differ by is the same all along. */
class Raw {
  private readonly segments = new Map<string, (RawSegment | null)[]>();
  private readonly followed: Followed;

  constructor(followed: Followed) {
    this.followed = followed;
  }

  of(capture: string): (RawSegment | null)[] {
    const known = this.segments.get(capture);
    if (known !== undefined) return known;
    const file = this.followed.report.captures.find((c) => c.id === capture)?.file as string;
    const { records, linkType } = recordsOf(this.followed.scenario, file);
    const made = records.map((r) => readSegment(r, linkType));
    this.segments.set(capture, made);
    return made;
  }

  frame({ capture, frame }: { capture: string; frame: number }): RawSegment {
    const found = this.of(capture)[frame - 1];
    if (found == null) throw new Error(`${capture} has no segment at frame ${frame}`);
    return found;
  }
}

const tupleOf = (s: RawSegment): string =>
  `${s.source}:${s.sourcePort} ${s.destination}:${s.destinationPort}`;

function differences(followed: Followed): string[] {
  const raw = new Raw(followed);
  const found: string[] = [];
  for (const { flow, journeys } of followed.flows) {
    const bases = new Map<string, number>();
    for (const j of journeys) {
      for (const { seen, frame, part } of j.stops) {
        if ((seen === 'seen') !== (frame !== undefined)) found.push(`${flow}: a sighting without a frame`);
        if (frame === undefined) continue;
        const segment = raw.frame(frame);
        const base = (segment.seq - j.seq) >>> 0;
        const key = `${frame.capture} ${tupleOf(segment)}`;
        if (part === undefined) {
          if (segment.length !== j.length)
            found.push(`${flow}: ${frame.capture}#${frame.frame} has another length`);
          if ((bases.get(key) ?? base) !== base)
            found.push(`${flow}: ${frame.capture}#${frame.frame} has another seq`);
          bases.set(key, base);
        }
      }
      const order = j.stops.map((s) => (j.from === 'client' ? s.vantage : -s.vantage));
      if (order.some((v, i) => i > 0 && v < (order[i - 1] as number)))
        found.push(`${flow}: stops out of order`);
    }
    found.push(...contradictions(journeys, followed, raw).map((text) => `${flow}: ${text}`));
  }
  return found;
}

/** What is said to be missing in a capture and is there, within one passage. The fixtures' captures have one clock. */
function contradictions(journeys: readonly Journey[], { report }: Followed, raw: Raw): string[] {
  const sent = new Map<string, { tuples: Set<string>; base: number }>();
  const origins = new Set<number>();
  for (const j of journeys) {
    for (const { frame, time, part } of j.stops) {
      if (frame === undefined || part !== undefined) continue;
      const segment = raw.frame(frame);
      const key = `${j.leg ?? 0} ${j.from}`;
      const known = sent.get(key) ?? { tuples: new Set(), base: (segment.seq - j.seq) >>> 0 };
      known.tuples.add(tupleOf(segment));
      sent.set(key, known);
      origins.add(Math.round((Number(segment.record.time / 1000n) * 1000 - (time as number)) / 1e9));
    }
  }
  expect(origins.size).toBe(journeys.length === 0 ? 0 : 1);
  const hosts = report.captures.map((c) => `${c.vantage.host}.${c.vantage.side ?? ''}`);
  const inOrder = report.captures
    .map((c, i) => ({ c, host: hosts[i] as string }))
    .sort((a, b) => PATH.indexOf(a.host) - PATH.indexOf(b.host));
  const found: string[] = [];
  for (const j of journeys) {
    const { tuples, base } = sent.get(`${j.leg ?? 0} ${j.from}`) as { tuples: Set<string>; base: number };
    for (const stop of j.stops.filter((s) => s.seen === 'missing')) {
      const { id } = (inOrder[stop.vantage] as (typeof inOrder)[number]).c;
      const there = raw.of(id).find((s) => {
        if (s === null || !tuples.has(tupleOf(s))) return false;
        const from = (s.seq - base - j.seq) | 0;
        const shares = s.length > 0 && from < j.length && from + s.length > 0;
        const at = Number(s.record.time - BigInt([...origins][0] as number) * 1_000_000_000n);
        return shares && j.length > 0 && Math.abs(at - j.time) < 150e6;
      });
      if (there != null) found.push(`${id}#${there.record.frame} is there`);
    }
  }
  return found;
}

const PATH = ['client.', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server.'];

describe('journeys of real captures', () => {
  it.each(['i-arp', 'nat-synced', 'f-tproxy', 'h-nocommit', 'o-split-none', 'j-asym', 'c-reject'])(
    '%s: every frame exists with its numbers, stops are in the order of the path, nothing missing is there',
    (name) => {
      const followed = follow(name);
      expect(followed.flows.flatMap((f) => f.journeys).length).toBeGreaterThan(20);
      expect(differences(followed)).toEqual([]);
    },
  );

  it('follows what went on to the old node, and what the new one took in and lost', () => {
    const { flows, report } = follow('i-arp');
    const journeys = flows[0]?.journeys ?? [];
    expect(flows[0]?.flow).toBe(report.flows[0]?.id);
    expect(way(journeys[0] as Journey)).toBe('client:seen a.in:seen a.out:seen server:seen');
    const retries = journeys.filter((j) => j.label.startsWith('sent again'));
    expect(retries.map(way).slice(-4, -2)).toEqual([
      'server:seen b.out:seen b.in:missing client:missing',
      'server:seen b.out:seen b.in:missing client:unknown',
    ]);
    expect(retries.at(-1)?.label).toBe('sent again (7), 26.37 s after the last time');
    expect(journeys.at(-1)).toMatchObject({ from: 'client', label: 'probe, unanswered', flags: 'ACK' });
  });

  it('one connection under two tuples is one way', () => {
    const { flows, report } = follow('nat-synced');
    expect(report.flows[0]?.translated?.length).toBeGreaterThan(0);
    const all = waysOf(flows[0]?.journeys ?? []);
    expect(all).toContain('client:seen a.in:seen a.out:seen server:seen');
    expect(all).toContain('client:seen b.in:seen b.out:seen server:seen');
    expect(flows[0]?.journeys.some((j) => j.label.startsWith('progress again'))).toBe(true);
  });

  it('the legs of a proxied flow go only so far, each with its own numbers', () => {
    const { flows } = follow('f-tproxy');
    const journeys = flows[0]?.journeys ?? [];
    const near = journeys.filter((j) => j.leg === 0);
    const far = journeys.filter((j) => j.leg === 1);
    for (const { stops } of near) expect(stops.every((s) => s.vantage !== 5)).toBe(true);
    for (const { stops } of far) expect(stops.every((s) => s.vantage !== 0)).toBe(true);
    expect(near[0]).toMatchObject({ from: 'client', flags: 'SYN', seq: 0 });
    expect(far[0]).toMatchObject({ from: 'client', flags: 'SYN', seq: 0 });
    expect(way(far[0] as Journey)).toBe('a.out:seen server:seen');
  });

  it('with a lone capture every journey has one stop, wherever it was taken', () => {
    for (const file of ['client.pcap.gz', 'node-a.in.pcap.gz', 'node-b.out.pcap.gz', 'server.pcap.gz']) {
      const { flows } = follow('nat-synced', () => [file]);
      const journeys = flows.flatMap((f) => f.journeys);
      expect(journeys.length).toBeGreaterThan(5);
      for (const { stops } of journeys) expect(stops).toMatchObject([{ vantage: 0, seen: 'seen' }]);
    }
  });

  it('are the same whatever the order of files, but for the ids of captures', () => {
    const byFile = ({ flows, report }: Followed): unknown => {
      const names = new Map(report.captures.map((c) => [c.id, c.file]));
      return JSON.parse(
        JSON.stringify(flows, (key, value) => (key === 'capture' ? names.get(value as string) : value)),
      );
    };
    const turned = follow('nat-synced', (files) => [...files].reverse());
    expect(byFile(turned)).toEqual(byFile(follow('nat-synced')));
  });

  it('a capture of both links of a node has two stops, in and out', () => {
    const { flows } = follow('mixed-24');
    const opening = flows[0]?.journeys[0] as Journey;
    expect(opening.flags).toBe('SYN');
    expect(opening.stops.map((s) => s.vantage)).toEqual([0, 1, 1, 3]);
    expect(opening.stops.map((s) => s.seen)).toEqual(['seen', 'seen', 'seen', 'seen']);
  });

  it('come for the worst stall first, and for the failover before what is not its doing', () => {
    const { flows, report } = follow('mixed-24');
    const innocent = ['zero-window', 'application-idle', 'loss', 'capture-gap'];
    const worst = flows.map(({ flow }) => {
      const { stalls } = report.flows.find((f) => f.id === flow) as Report['flows'][number];
      return Math.max(0, ...stalls.flatMap((s) => (innocent.includes(s.cause ?? '') ? [] : s.duration)));
    });
    expect(worst.length).toBe(24);
    expect(worst[0]).toBeGreaterThan(worst[23] as number);
    expect(worst).toEqual([...worst].sort((a, b) => b - a));
  });

  it('need the option', () => {
    const analysis = createAnalysis({ tool: { name: 'test', version: '1' } });
    analysis.finish();
    expect(() => analysis.journeys()).toThrow('timeline');
  });
});
