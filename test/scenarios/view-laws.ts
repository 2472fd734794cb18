/**
 * What must hold of the reports of all views, beside the right verdict. Each
 * law returns what breaks it, a line each.
 */
import { clocksOff } from './clocks-recovered.ts';
import { failoversOff } from './failover-times.ts';
import type { Scenario } from './scenario.ts';
import { undecidedBySeeingMore, uselessSplits } from './seeing-more.ts';
import { findFlows } from './truth-flow.ts';
import { type Diagnosis, diagnoseView, hasTrueClocks, isWhole, type View } from './views.ts';

type ReportLaw = (scenario: Scenario, diagnosis: Diagnosis) => string[];

/** Laws of one report. */
export const REPORT_LAWS: Readonly<Record<string, ReportLaw>> = {
  'the parts of a stall add up': partsOff,
  'the flow is one flow': notJoined,
  'the failovers are where they were': failoversOff,
  'the clocks are recovered': clocksOff,
};

/** Laws that diagnose the scenario in more views than the table does. */
export const CHAIN_LAWS: Readonly<Record<string, (scenario: Scenario) => string[]>> = {
  'seeing more leaves nothing decided undecided': undecidedBySeeingMore,
  'what splitBy names does split': uselessSplits,
};

/** What breaks laws of one report, each line with its place. */
export function brokenLaws(
  scenario: Scenario,
  view: View,
  laws: readonly ReportLaw[] = Object.values(REPORT_LAWS),
): string[] {
  const diagnosis = diagnoseView(scenario, view);
  if (diagnosis === null) return [];
  return laws
    .flatMap((law) => law(scenario, diagnosis))
    .map((text) => `${scenario.name} [${view.name}]: ${text}`);
}

/** What breaks the laws of several reports. */
export const brokenChainLaws = (scenario: Scenario): string[] =>
  Object.values(CHAIN_LAWS).flatMap((law) => law(scenario).map((text) => `${scenario.name} ${text}`));

/** Seconds by which the parts of a stall may miss its duration. */
const PARTS_WITHIN = 0.001;

/** outage + backoff + recovery = duration, wherever all three are given. */
function partsOff(_scenario: Scenario, { report }: Diagnosis): string[] {
  return report.flows.flatMap((flow) =>
    flow.stalls.flatMap(({ outage, backoff, recovery, duration }) => {
      if (outage === null || backoff === null || recovery === null) return [];
      const sum = outage + backoff + recovery;
      // A hair more for what binary fractions lose.
      if (Math.abs(sum - duration) <= PARTS_WITHIN + 1e-9) return [];
      return [`a stall of ${flow.id}: ${outage} + ${backoff} + ${recovery} is not ${duration}`];
    }),
  );
}

/** Where all captures are given: a proxy's legs are one flow, and a translated address makes no other. */
function notJoined(scenario: Scenario, { report, given }: Diagnosis): string[] {
  const flows = findFlows(report, scenario);
  // Legs share no packet: nothing ties their captures where the clocks are hours apart.
  if (!isWhole(scenario, given) || !hasTrueClocks(given) || flows.length <= 1) return [];
  return [`the flow stands ${flows.length} times in the report: ${flows.map((f) => f.id).join(', ')}`];
}
