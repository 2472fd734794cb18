/**
 * Laws of the report's contract, held against the report of every scenario's
 * client capture and of every control: what others build on, whatever is found.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CAUSE_IDS, type Flow, OUTCOMES, type Report } from '../../analyzer/index.ts';
import { diagnoseClient } from '../scenarios/client-only.ts';
import { type PcapFile, readPcap } from '../scenarios/pcap-records.ts';
import { readSegment } from '../scenarios/raw-segment.ts';
import { allScenarios, captureBytes } from '../scenarios/scenario.ts';

const MILLISECOND = 0.001;
const TIME_FIELDS =
  /^(?:start|end|time|from|to|firstTime|lastTime|coveredUntil|nextRetry|pathLost|pathRestored)$/;
const DURATION_FIELDS = /^(?:duration|outage|backoff|recovery|worstStall|offset|error)$/;

describe.each(allScenarios())('$name', (scenario) => {
  let known: Report | undefined;
  const report = (): Report => {
    known ??= diagnoseClient(scenario);
    return known;
  };

  test('every cause is either given, a candidate or ruled out, once', () => {
    for (const flow of report().flows) {
      expect(new Set(flow.candidates).size, flow.id).toBe(flow.candidates.length);
      const ruledOut = flow.ruledOut.map((r) => r.cause);
      expect(new Set(ruledOut).size, flow.id).toBe(ruledOut.length);
      if (flow.cause !== null) expect(ruledOut, flow.id).not.toContain(flow.cause);
      else if (flow.outcome !== 'unaffected') {
        expect([...flow.candidates, ...ruledOut].sort(), flow.id).toEqual([...CAUSE_IDS].sort());
        expect(flow.splitBy, `${flow.id}: nothing would decide`).not.toEqual([]);
      }
      for (const { because } of flow.ruledOut) expect(because.length).toBeGreaterThan(10);
    }
  });

  test('the parts of a stall make up its length', () => {
    for (const stall of report().flows.flatMap((f) => f.stalls)) {
      const { outage, backoff, recovery, duration } = stall;
      expect(duration).toBeGreaterThanOrEqual(1);
      const parts = [outage, backoff, recovery].filter((p) => p !== null);
      expect([0, 3]).toContain(parts.length);
      if (parts.length === 0) continue;
      for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
      expect(Math.abs(parts.reduce((a, b) => a + b, 0) - duration)).toBeLessThanOrEqual(MILLISECOND);
    }
  });

  test('times are decimal strings of ns, durations numbers of seconds, frames those of the capture', () => {
    const frames = new Map(report().captures.map((c) => [c.id, c.frames]));
    const wrong: string[] = [];
    walk(report(), '', (key, value, path) => {
      if (TIME_FIELDS.test(key) && (typeof value !== 'object' || value === null)) {
        const fine = value === null || (typeof value === 'string' && /^\d+$/.test(value));
        // `shows.from`, a failover's nodes and the end at which a timer runs are names.
        const isName = /\/shows\/from$|\/failovers\/\d+\/(?:from|to)$|\/ladder\/|\/timers\/\d+\/end$/;
        if (!fine && !isName.test(path)) wrong.push(path);
      }
      if (DURATION_FIELDS.test(key) && value !== null && !Number.isFinite(value)) wrong.push(path);
      if (key === 'capture' && !frames.has(value as string)) wrong.push(`${path}: no such capture`);
    });
    for (const { capture, frame } of citedFrames(report())) {
      if (frame < 1 || frame > (frames.get(capture) ?? 0)) wrong.push(`frame ${frame} of ${capture}`);
    }
    expect(wrong).toEqual([]);
  });

  test('flow ids are those of the contract', () => {
    const file = readPcap(captureBytes(scenario, 'client.pcap.gz'));
    for (const flow of report().flows) {
      expect(flow.id).toMatch(/^f[0-9a-f]{10}$/);
      expect(flow.id).toBe(contractId(flow, file));
    }
    expect(new Set(report().flows.map((f) => f.id)).size).toBe(report().flows.length);
  });

  test('the summary counts the flows, and what refers to a flow finds it', () => {
    const { flows, summary, causes } = report();
    const ids = flows.map((f) => f.id);
    expect(summary.flows).toBe(flows.length);
    for (const outcome of OUTCOMES) {
      expect(summary.byOutcome[outcome] ?? 0).toBe(flows.filter((f) => f.outcome === outcome).length);
    }
    for (const { id, flows: named } of causes) {
      expect(named).toEqual(flows.filter((f) => f.cause === id).map((f) => f.id));
    }
    for (const { replacedBy } of flows) if (replacedBy !== undefined) expect(ids).toContain(replacedBy);
  });

  test('a claim that was seen has its frames, an absence its coverage', () => {
    const marks = report().failovers.flatMap((f) => f.marks);
    for (const claim of [...report().flows.flatMap((f) => f.claims), ...marks]) {
      if (claim.kind === 'observed') expect(claim.frames, claim.text).not.toEqual([]);
      if (claim.kind === 'observed') expect(claim.shows, claim.text).toBeDefined();
      if (claim.kind === 'absent') expect(claim.coverage, claim.text).toBeDefined();
      expect(claim.text.trim()).not.toBe('');
    }
  });
});

/** `f` and the first 10 hex digits of SHA-256 over protocol, client tuple, server tuple, first sequence number seen. */
function contractId(flow: Flow, file: PcapFile): string {
  const { client, server } = flow;
  for (const record of file.records) {
    if (record.time.toString() !== flow.start) continue;
    const s = readSegment(record, file.linkType);
    if (s === null) continue;
    const ends = [`${s.source}:${s.sourcePort}`, `${s.destination}:${s.destinationPort}`];
    const tuples = [`${client.address}:${client.port}`, `${server.address}:${server.port}`] as const;
    if (!tuples.every((t) => ends.includes(t))) continue;
    const text = ['tcp', ...tuples, s.seq].join('|');
    return `f${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
  }
  return 'its first frame is not in the capture';
}

function citedFrames(report: Report): { capture: string; frame: number }[] {
  return report.flows.flatMap((flow) => [
    ...flow.claims.flatMap((c) => c.frames),
    ...flow.stalls.flatMap((s) => [s.frames.last, ...(s.frames.first ? [s.frames.first] : [])]),
    ...(flow.endedBy === undefined ? [] : [flow.endedBy.frame]),
  ]);
}

/** Every property of a JSON value, with its path. */
function walk(
  value: unknown,
  path: string,
  visit: (key: string, value: unknown, path: string) => void,
): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    visit(key, inner, `${path}/${key}`);
    walk(inner, `${path}/${key}`, visit);
  }
}
