/**
 * Bytes that are stuck as a flow still waits: as many as the server's own capture shows sent and not acknowledged, counted
 * here from its raw segments. The trap: the client's capture, by which these flows are judged, has none of them.
 */
import { expect, test } from 'vitest';
import { Flag } from './raw-segment.ts';
import { allScenarios, flowOf } from './scenario.ts';
import { flowIn } from './truth-flow.ts';
import { ALL, diagnoseView } from './views.ts';

test.each(['b-strict-wget', 'nat-none-wget', 'o-split-synced', 'i-arp'])('%s', (name) => {
  const scenario = allScenarios().find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const { serverPort } = scenario.truth.flow;
  const segments = flowIn(scenario, 'server.pcap.gz');
  const sent = segments.filter(({ sourcePort }) => sourcePort === serverPort);
  const first = sent[0]?.seq ?? 0;
  const ends = sent.map(({ seq, length }) => ((seq - first) | 0) + length);
  const acknowledged = segments
    .filter((one) => one.sourcePort !== serverPort && (one.flags & Flag.Ack) !== 0)
    .map(({ ack }) => (ack - first) | 0);
  const report = diagnoseView(scenario, ALL)?.report;
  const stuck = report && flowOf(report, scenario.truth)?.stuck;
  expect(stuck?.by).toBe('server');
  expect(stuck?.bytes).toBe(Math.max(...ends) - Math.max(...acknowledged));
});
