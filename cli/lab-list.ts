/** `diagnose lab list`. */
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { allScenarios, type NamedScenario } from '../lab/scenario-files.ts';
import { longestRun } from '../lab/steps.ts';
import { describeSwept, sweep } from '../lab/sweep.ts';
import { printNote } from './messages.ts';
import { escapeText, safeJson } from './render/escape.ts';
import { table } from './render/layout.ts';

/** Removes what runs have left, where it may. */
export async function sweepFirst(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  try {
    const swept = describeSwept(await sweep());
    if (swept !== null) printNote(swept);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    printNote(
      `what an earlier run left is not gone: ${error.message}; the next diagnose lab command tries again`,
    );
  }
}

export async function listScenarios({ json }: { json?: true }): Promise<void> {
  await sweepFirst();
  const scenarios = allScenarios();
  process.stdout.write(json ? `${safeJson(scenarios.map(listed))}\n` : listText(scenarios));
}

const GROUPS = ['a router', 'a proxy', 'IPv6', 'no failover'] as const;

function groupOf({ scenario: { control, family, gateway } }: NamedScenario): (typeof GROUPS)[number] {
  if (control) return 'no failover';
  if (family === 6) return 'IPv6';
  return gateway.forwarder === 'proxy' ? 'a proxy' : 'a router';
}

/** A table a group; columns are as wide in all. */
export function listText(scenarios: readonly NamedScenario[]): string {
  const head = ['name', 'forwarder', 'outcome', 'cause', 'at most', 'what happens'];
  const sorted = GROUPS.map((group) => scenarios.filter((one) => groupOf(one) === group));
  const [first, ...lines] = table([head, ...sorted.flat().map(row)], [4]);
  let at = 0;
  const groups = sorted.flatMap((members, i) => {
    const own = lines.slice(at, at + members.length);
    at += members.length;
    return own.length === 0 ? [] : ['', `${GROUPS[i]}:`, ...own];
  });
  const notes = [
    `${scenarios.length} scenarios. Each is one command: sudo diagnose lab run ${scenarios[0]?.name ?? 'SCENARIO'}`,
    'Its captures, journals and truth.json stay in ./stallscope-lab, or in the folder that --out names.',
  ];
  return `${[first, ...groups, '', ...notes].join('\n')}\n`;
}

function row(one: NamedScenario): string[] {
  const { name, outcomes, causes, forwarder, seconds, title } = listed(one);
  const cause = causes.map((id) => id ?? '-').join(', ');
  return [name, forwarder, outcomes.join(', '), cause, `${Math.round(seconds)} s`, escapeText(title)];
}

/** Of several flows, each outcome and cause once; the first that is accepted of each. */
function listed(one: NamedScenario) {
  const { name, scenario } = one;
  const { title, gateway, family, control, expect } = scenario;
  const flows = Object.entries(expect).map(([flow, { outcome, cause, contributing }]) => ({
    name: flow,
    outcome,
    cause,
    contributing,
  }));
  return {
    name,
    title,
    group: groupOf(one),
    forwarder: gateway.forwarder,
    family,
    control,
    outcomes: [...new Set(flows.map(({ outcome }) => outcome[0]!))],
    causes: [...new Set(flows.map(({ cause }) => cause[0] ?? null))],
    flows,
    /** At most. */
    seconds: longestRun(scenario) / 1000,
  };
}
