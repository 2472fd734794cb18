/**
 * Time grows with the flows and not with their square, also where all of them
 * fail at once. A quadratic step takes minutes here, which is more than a test
 * may; a busy machine needs half a minute.
 */
import { expect, test } from 'vitest';
import { createAnalysis, type Report } from '../../analyzer/index.ts';
import { FATES, type Fate, manyFlows, onePort } from './many-flows.ts';

const FLOWS = 40_000;
const LONGEST_MS = 120_000;
const OUTCOMES: Record<Fate, string> = {
  scanned: 'not-connected',
  refused: 'unaffected',
  hung: 'hung',
  reset: 'reset',
  'gave up': 'gave-up',
};

function diagnose(bytes: Uint8Array): Report {
  const analysis = createAnalysis({
    tool: { name: 'test', version: '0' },
    until: 1_790_000_060n * 1_000_000_000n,
  });
  const feed = analysis.addCapture({ file: 'client.pcap', vantage: { host: 'client' } });
  feed.push(bytes);
  feed.end();
  return analysis.finish();
}

test.each(FATES)(`${FLOWS} flows, all of them %s`, { timeout: LONGEST_MS }, (fate) => {
  const { summary } = diagnose(manyFlows(fate, FLOWS));
  expect(summary.flows).toBe(FLOWS);
  expect(summary.byOutcome).toEqual({ [OUTCOMES[fate]]: FLOWS });
});

test('a scan of 140,000 ports: more than a call takes arguments', { timeout: LONGEST_MS }, () => {
  expect(diagnose(manyFlows('scanned', 140_000)).summary.flows).toBe(140_000);
});

test('one port that is used 40,000 times', { timeout: LONGEST_MS }, () => {
  expect(diagnose(onePort(FLOWS)).summary.flows).toBe(FLOWS);
});
