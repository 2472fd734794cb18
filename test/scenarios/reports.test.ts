/**
 * The text that a user reads, for telling scenarios: one golden file each,
 * under `test/golden/reports/`, as `diagnose client.pcap.gz` prints it on a
 * terminal of 100 columns. Update with `UPDATE_GOLDEN=1`, then read the diff.
 */
import { expect, test } from 'vitest';
import { detectStyle } from '../../cli/render/style.ts';
import { renderText } from '../../cli/render/text.ts';
import { diagnoseClient } from './client-only.ts';
import { expectGolden } from './golden.ts';
import { readPcap } from './pcap-records.ts';
import { allScenarios, captureBytes, diagnose, type Scenario } from './scenario.ts';

const NAME = 'client.pcap.gz';
const MINUTE = 60_000_000_000n;

/** Scenario, and what its report shows of the tool. */
const TELLING: readonly (readonly [scenario: string, shows: string])[] = [
  ['rto-30', 'a back-off that one capture decides'],
  ['rto-60perm', 'an answered keepalive leaves two causes'],
  ['b-strict-ka5', 'keepalives without an answer'],
  ['b-strict-wget', 'a capture that ends in mid-transfer'],
  ['c-reject', 'an RST that a node made'],
  ['f-tproxy', 'an RST in the name of the server, next door'],
  ['k-sendtimeout', 'a body that is cut short'],
  ['l-wget-retry', "a client's timeout, and its next connection"],
  ['m-nodehttp-synced', 'a keepalive that ends the connection'],
  ['mixed-24', 'many connections'],
  ['mtu-1280', 'small segments pass, full ones do not'],
  ['r-syn-12', 'a connection that was opened in the outage'],
  ['s-idle-strict', 'an idle connection that fails at its next use'],
  ['up-synced', "an upload: the client's own ladder"],
  ['control-zero-window', 'a stall that is not the failover'],
  ['control-server-think', 'a server that thinks'],
];

const scenarios = new Map(allScenarios().map((s) => [s.name, s]));
const style = detectStyle({ color: 'never', env: {}, isTerminal: false, columns: 100 });
const textOf = (report: Parameters<typeof renderText>[0]): string =>
  renderText(report, { style, detail: 'normal' });

test.each(TELLING)('%s: %s', (name) => {
  const scenario = scenarios.get(name) as Scenario;
  const text = textOf(diagnoseClient(scenario));
  expect(
    text.split('\n').filter((line) => line.length > style.width && !line.includes('frame.number')),
  ).toEqual([]);
  expectGolden(`reports/${name}.txt`, text);
});

test('b-strict-wget, with --until a minute later: silence that is covered', () => {
  const scenario = scenarios.get('b-strict-wget') as Scenario;
  const last = readPcap(captureBytes(scenario, NAME)).records.at(-1)?.time ?? 0n;
  expectGolden(
    'reports/b-strict-wget-until.txt',
    textOf(diagnose(scenario, [NAME], { until: last + MINUTE })),
  );
});
