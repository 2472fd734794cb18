/** `diagnose lab list`. */
import { allScenarios } from '../lab/scenario-files.ts';
import { describeSwept, sweep } from '../lab/sweep.ts';
import { printNote } from './messages.ts';
import { escapeText, safeJson } from './render/escape.ts';
import { table } from './render/layout.ts';

/** Removes what runs have left, where it may. */
export async function sweepFirst(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  const swept = describeSwept(await sweep());
  if (swept !== null) printNote(swept);
}

export async function listScenarios({ json }: { json?: true }): Promise<void> {
  await sweepFirst();
  const scenarios = allScenarios();
  if (json) {
    process.stdout.write(`${safeJson(scenarios.map(({ name, scenario }) => ({ name, ...scenario })))}\n`);
    return;
  }
  const rows = scenarios.map(({ name, scenario: { title, gateway, expect } }) => {
    const expected = Object.values(expect).map(
      ({ outcome, cause }) => `${outcome[0]}${cause[0] === null ? '' : ` ${cause[0]}`}`,
    );
    return [name, gateway.forwarder, [...new Set(expected)].join('; '), escapeText(title)];
  });
  process.stdout.write(`${table([['name', 'gateway', 'expected', 'what happens'], ...rows]).join('\n')}\n`);
}
