/**
 * The text that a user reads, for telling scenarios: one golden file each,
 * under `test/golden/reports/`, as `diagnose client.pcap.gz` prints it on a
 * terminal of 100 columns, and under `reports/several/` as `diagnose *.pcap.gz`
 * does. Update with `UPDATE_GOLDEN=1`, then read the diff.
 */
import { expect, test } from 'vitest';
import { detectStyle } from '../../cli/render/style.ts';
import { renderText } from '../../cli/render/text.ts';
import { diagnoseClient } from './client-only.ts';
import { expectGolden } from './golden.ts';
import { readPcap } from './pcap-records.ts';
import { allScenarios, captureBytes, diagnose, type Scenario } from './scenario.ts';
import { ALL, diagnoseView, JOURNAL, SHIFTED, SHUFFLED, type View } from './views.ts';

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

/** Scenario, the way its captures are given, and what its report shows of the tool. */
const SEVERAL: readonly (readonly [scenario: string, view: View, shows: string])[] = [
  ['b-strict-wget', ALL, 'a node that drops what it does not know'],
  ['nat-none-wget', ALL, 'other addresses behind the gateway'],
  ['f-tproxy', ALL, 'a proxy, and the two legs of a flow'],
  ['mixed-24', ALL, 'many connections, and nodes taken on all their interfaces'],
  ['u-failback-stale', ALL, 'two failovers'],
  ['never-back-download', ALL, 'a path that does not come back'],
  ['j-asym', ALL, 'directions that differ'],
  ['twt-on', JOURNAL, "the nodes' logs as evidence"],
  ['h-race-commit7', JOURNAL, 'a log that decides'],
  ['rto-60perm', SHUFFLED, 'files that nobody named'],
  ['o-split-synced', SHIFTED, 'a clock of its own in every capture'],
];

const scenarios = new Map(allScenarios().map((s) => [s.name, s]));
const style = detectStyle({ color: 'never', env: {}, isTerminal: false, columns: 100 });
const textOf = (report: Parameters<typeof renderText>[0]): string =>
  renderText(report, { style, detail: 'normal' });

function expectText(golden: string, text: string): void {
  expect(
    text.split('\n').filter((line) => line.length > style.width && !line.includes('frame.number')),
  ).toEqual([]);
  expectGolden(`reports/${golden}.txt`, text);
}

test.each(TELLING)('%s: %s', (name) => {
  expectText(name, textOf(diagnoseClient(scenarios.get(name) as Scenario)));
});

test.each(SEVERAL.map(([name, view, shows]) => [name, view.name, shows, view] as const))(
  '%s, %s: %s',
  (name, _way, _shows, view) => {
    const diagnosis = diagnoseView(scenarios.get(name) as Scenario, view);
    expectText(`several/${name}`, textOf((diagnosis as NonNullable<typeof diagnosis>).report));
  },
);

test('b-strict-wget, with --until a minute later: silence that is covered', () => {
  const scenario = scenarios.get('b-strict-wget') as Scenario;
  const last = readPcap(captureBytes(scenario, NAME)).records.at(-1)?.time ?? 0n;
  expectGolden(
    'reports/b-strict-wget-until.txt',
    textOf(diagnose(scenario, [NAME], { until: last + MINUTE })),
  );
});
