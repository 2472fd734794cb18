/** Facts of made-up flows, held against plain ways to find them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Flow, OUTCOME_ORDER, OUTCOMES, type Report } from '../../analyzer/index.ts';
import { sampleFlow, sampleReport, sampleStall } from '../../cli/sample-report.ts';
import { gatherPostmortem, type Postmortem } from './gather.ts';
import { MOST_ROWS, WorstFlows } from './worst-flows.ts';

function gather(flows: Flow[], more: Partial<Report> = {}): Postmortem {
  const { flows: all, ...report } = sampleReport('Some flows.', flows, more);
  return gatherPostmortem({ incident: null, report, pins: [], lanes: null }, all);
}

const anyFlow = fc
  .record({
    outcome: fc.constantFrom(...OUTCOMES),
    cause: fc.constantFrom('rto-backoff' as const, 'no-state-drop' as const, null),
    duration: fc.integer({ min: 1000, max: 90_000 }).map((ms) => ms / 1000),
    client: fc.integer({ min: 1, max: 4 }),
    bytes: fc.nat(100_000),
  })
  .map(({ outcome, cause, duration, client, bytes }) => ({
    ...sampleFlow(client, { outcome, cause: outcome === 'unaffected' ? null : cause, bytesToClient: bytes }),
    client: { address: `10.0.0.${client}`, port: 40_000 },
    stalls: outcome === 'unaffected' ? [] : [sampleStall(duration, { cause })],
  }));
const someFlows = fc.array(anyFlow, { maxLength: 60 });

describe('facts', () => {
  test('affected flows are counted once each, in all that counts them', () => {
    fc.assert(
      fc.property(someFlows, (flows) => {
        const { impact, factors, rows, moments } = gather(flows);
        const affected = flows.filter(({ outcome }) => outcome !== 'unaffected');
        expect(impact.affected).toBe(affected.length);
        expect(factors.reduce((sum, { count }) => sum + count, 0)).toBe(affected.length);
        expect(rows).toHaveLength(affected.length);
        expect(moments.stalls?.count ?? 0).toBe(affected.length);
        expect(impact.clients).toBe(new Set(affected.map(({ client }) => client.address)).size);
        expect(impact.services.reduce((sum, one) => sum + one.flows, 0)).toBe(affected.length);
        expect(impact.bytesToClients).toBe(affected.reduce((sum, one) => sum + one.bytesToClient, 0));
        const durations = affected.map(({ stalls }) => stalls[0]?.duration ?? 0).sort((a, b) => a - b);
        expect(impact.stalls?.max ?? null).toBe(durations.at(-1) ?? null);
        if (impact.stalls !== null) {
          const share = (most: number): number =>
            durations.filter((one) => one <= most).length / durations.length;
          expect(share(impact.stalls.p50)).toBeGreaterThanOrEqual(0.5);
          expect(share(impact.stalls.p95)).toBeGreaterThanOrEqual(0.95);
          expect(durations).toContain(impact.stalls.p95);
        }
      }),
    );
  });

  test('a factor is told by the flow that stalled longest, and adds up what its flows waited', () => {
    fc.assert(
      fc.property(someFlows, (flows) => {
        for (const { outcome, cause, worst, stalled, index } of gather(flows).factors) {
          const own = flows.filter((flow) => flow.outcome === outcome && flow.cause === cause);
          const durations = own.map(({ stalls }) => stalls[0]?.duration ?? 0);
          expect(worst.stalls[0]?.duration).toBe(Math.max(...durations));
          expect(flows[index]).toBe(worst);
          expect(stalled).toBeCloseTo(
            durations.reduce((a, b) => a + b, 0),
            6,
          );
        }
      }),
    );
  });

  test('an endless list of flows keeps the worst rows, as sorting all of them would', () => {
    const all = Array.from({ length: 5 * MOST_ROWS }, (_, i) =>
      sampleFlow(1, {
        id: `f${i}`,
        outcome: OUTCOMES[1 + ((i * 7) % (OUTCOMES.length - 1))] as Flow['outcome'],
        stalls: [sampleStall(1 + ((i * 31) % 500))],
      }),
    );
    const worst = new WorstFlows();
    for (const [i, flow] of all.entries()) worst.add(flow, i);
    const sorted = all
      .map((flow, i) => ({ flow, i }))
      .sort(
        (a, b) =>
          OUTCOME_ORDER.indexOf(a.flow.outcome) - OUTCOME_ORDER.indexOf(b.flow.outcome) ||
          (b.flow.stalls[0]?.duration ?? 0) - (a.flow.stalls[0]?.duration ?? 0) ||
          a.i - b.i,
      );
    expect(worst.result().map(({ flow }) => flow.id)).toEqual(
      sorted.slice(0, MOST_ROWS).map(({ flow }) => flow.id),
    );
  });
});
